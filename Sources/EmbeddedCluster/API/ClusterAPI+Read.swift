import Kubernetes
import Manifest

/// One page of a collection.
struct ListPage: Sendable {
    var objects: [StoredObject]
    var revision: UInt64
    var continuation: String?
    var remaining: Int?
}

/// How a list is read, beyond its selectors.
struct PageOptions: Sendable {
    var limit: Int?
    var continuation: String?
    var resourceVersion: String?
    var isExact = false
}

extension ClusterAPI {
    func get(
        _ kind: ServedKind, _ key: ObjectKey, subresource: String? = nil
    ) throws(KubernetesError) -> JSON {
        guard let stored = store.get(kind.definition.collection, key) else {
            throw .notFound(kind.definition, key.name)
        }
        switch subresource {
        case nil: return shown(stored, as: kind)
        case "status" where kind.version.hasStatus: return shown(stored, as: kind)
        case "scale":
            guard let paths = kind.version.scale else { throw .noSuchResource }
            return Scale.read(stored.json, paths)
        default: throw .noSuchResource
        }
    }

    func list(
        _ kind: ServedKind, _ options: ListOptions, _ page: PageOptions = PageOptions()
    ) throws(KubernetesError) -> ListPage {
        let filter = try ObjectFilter(options, of: kind.definition)
        var (objects, revision) = store.list(kind.definition.collection, namespace: filter.namespaceName)
        var start: ObjectKey?
        if let text = page.continuation, !text.isEmpty {
            guard let token = ContinueToken(text) else { throw .badRequest("continue key is not valid") }
            start = token.start
            (objects, revision) = (try snapshot(kind, filter, at: token.revision), token.revision)
        } else if let text = page.resourceVersion, !text.isEmpty, text != "0" {
            guard let wanted = UInt64(text) else {
                throw .badRequest("invalid resource version \"\(text.prefix(40))\"")
            }
            guard wanted <= revision else { throw .tooLargeVersion(wanted, revision) }
            if page.isExact { (objects, revision) = (try snapshot(kind, filter, at: wanted), wanted) }
        }
        objects = objects.filter { filter.matches($0) }
        objects.sort { $0.key < $1.key }
        if let start { objects.removeAll { $0.key <= start } }
        guard let limit = page.limit, limit > 0, objects.count > limit else {
            return ListPage(objects: objects, revision: revision)
        }
        let shown = Array(objects.prefix(limit))
        let token = ContinueToken(revision: revision, start: shown.last?.key ?? ObjectKey(name: ""))
        return ListPage(
            objects: shown, revision: revision, continuation: token.text,
            remaining: filter.hasSelectors ? nil : objects.count - limit)
    }

    private func snapshot(
        _ kind: ServedKind, _ filter: ObjectFilter, at revision: UInt64
    ) throws(KubernetesError) -> [StoredObject] {
        do {
            return try store.list(kind.definition.collection, namespace: filter.namespaceName, at: revision)
        } catch {
            throw .expired("The provided continue parameter is too old to display a consistent list result.")
        }
    }

    /// A stored object in the version of a request.
    func shown(_ stored: StoredObject, as kind: ServedKind) -> JSON { shown(stored.json, as: kind) }

    func shown(_ json: JSON, as kind: ServedKind) -> JSON {
        if let convert = kind.definition.fromStorage { return convert(json) }
        guard json["apiVersion"]?.stringValue != kind.apiVersion else { return json }
        var json = json
        json["apiVersion"] = .string(kind.apiVersion)
        return json
    }

    /// The text of `shown`, from the store's copy where it is the same.
    func shownBytes(_ stored: StoredObject, as kind: ServedKind) -> [UInt8] {
        if kind.definition.fromStorage == nil, kind.definition.storageVersion == kind.version.name {
            return stored.bytes
        }
        return shown(stored, as: kind).serialized()
    }
}

/// Where a paged list goes on: a snapshot's revision and the last key shown.
struct ContinueToken: Hashable {
    var revision: UInt64
    var start: ObjectKey

    init(revision: UInt64, start: ObjectKey) {
        self.revision = revision
        self.start = start
    }

    /// Hexadecimal, so that nobody reads meaning into it.
    var text: String {
        "\(revision)/\(start.namespace)/\(start.name)".utf8.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2), digits.count < 4_000 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let revision = UInt64(parts[0]) else { return nil }
        self.init(revision: revision, start: ObjectKey(namespace: String(parts[1]), name: String(parts[2])))
    }
}
