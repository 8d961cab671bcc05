import CGit2
import Glibc
import SyncEngine

extension GitRepositoryHandle {
    /// Joins the mirror's packs into one when there are more than `limit`: each fetch leaves one, and libgit2 has no gc.
    ///
    /// Keeps every object, also those that no branch reaches any more, for Releases still name their commits. Readers that
    /// are open meanwhile find the new pack when an old one is gone. A failure leaves the old packs as they are.
    borrowing func compact(at path: String, ifMoreThan limit: Int, after fetch: GitOperation, timeout: Duration) {
        let folder = path + "/objects/pack"
        let old = packNames(in: folder)
        guard old.count > limit else { return }
        // A deadline of its own: a large repository must not fail its fetches over this, nor try for ever.
        let operation = GitOperation(what: "join packs", place: fetch.place, timeout: timeout)
        var (builder, odb): (OpaquePointer?, OpaquePointer?)
        guard git_packbuilder_new(&builder, raw) == 0 else { return }
        defer { git_packbuilder_free(builder) }
        guard git_repository_odb(&odb, raw) == 0 else { return }
        defer { git_odb_free(odb) }
        let insertion = PackInsertion(builder, operation, fetch)
        let inserted = git_odb_foreach(
            odb,
            { id, payload in
                guard let id, let payload else { return -1 }
                return Unmanaged<PackInsertion>.fromOpaque(payload).takeUnretainedValue().insert(id)
            }, Unmanaged.passUnretained(insertion).toOpaque())
        let written =
            inserted == 0
            && git_packbuilder_write(
                builder, nil, 0,
                { _, payload in
                    guard let payload else { return -1 }
                    return Unmanaged<PackInsertion>.fromOpaque(payload).takeUnretainedValue().isStopped ? -1 : 0
                }, Unmanaged.passUnretained(insertion).toOpaque()) == 0
        withExtendedLifetime(insertion) {}
        guard written, let name = git_packbuilder_name(builder) else { return }
        let new = "pack-" + String(cString: name)
        guard access("\(folder)/\(new).pack", R_OK) == 0, access("\(folder)/\(new).idx", R_OK) == 0 else { return }
        for pack in old where pack != new {
            // The index first: without it nobody looks for the pack.
            unlink("\(folder)/\(pack).idx")
            unlink("\(folder)/\(pack).pack")
        }
    }
}

/// What the callbacks of packing need.
private final class PackInsertion {
    private let builder: OpaquePointer?
    private let operation: GitOperation
    private let fetch: GitOperation

    init(_ builder: OpaquePointer?, _ operation: GitOperation, _ fetch: GitOperation) {
        self.builder = builder
        self.operation = operation
        self.fetch = fetch
    }

    var isStopped: Bool { operation.interruption != nil || fetch.isCancelled }

    func insert(_ id: UnsafePointer<git_oid>) -> Int32 { isStopped ? -1 : git_packbuilder_insert(builder, id, nil) }
}

/// Names of packs without their endings.
private func packNames(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name.hasSuffix(".pack") { names.append(String(name.dropLast(5))) }
    }
    return names
}
