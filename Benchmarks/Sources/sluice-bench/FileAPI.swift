import Glibc
import Kubernetes
import Manifest

/// A Kubernetes API whose lists are files, in pieces as they come from the network.
struct FileAPI: KubernetesAPI {
    var paths: [String: String]
    /// Bytes that were read before, so that only decoding is measured.
    var loaded: [String: [UInt8]] = [:]

    func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String { throw refused }

    func readList(
        _ resource: Resource, _ options: ListOptions, item: @Sendable (inout JSONReader) throws -> Void
    ) async throws(KubernetesError) -> String {
        if let bytes = loaded[resource.plural] { return try feed(bytes, item) }
        guard let path = paths[resource.plural], case let file = open(path, O_RDONLY), file >= 0 else { throw refused }
        defer { close(file) }
        var splitter = ListSplitter()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        do {
            while case let count = read(file, &buffer, buffer.count), count > 0 {
                try splitter.feed(buffer.span.extracting(0..<count), reading: item)
            }
            try splitter.finish()
        } catch {
            throw KubernetesError(code: 0, reason: "Malformed", message: "\(error)")
        }
        return "900000000"
    }

    private func feed(
        _ bytes: [UInt8], _ item: @Sendable (inout JSONReader) throws -> Void
    ) throws(KubernetesError) -> String {
        var splitter = ListSplitter()
        do {
            var start = 0
            while start < bytes.count {
                let end = min(start + 65_536, bytes.count)
                try splitter.feed(bytes.span.extracting(start..<end), reading: item)
                start = end
            }
            try splitter.finish()
        } catch {
            throw KubernetesError(code: 0, reason: "Malformed", message: "\(error)")
        }
        return "900000000"
    }

    func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        // A list is what is measured.
        if options.sendsInitialEvents { throw KubernetesError(code: 422, reason: "Invalid", message: "lists only") }
        _ = await Latch().wait()
    }

    private var refused: KubernetesError {
        KubernetesError(code: 405, reason: "MethodNotAllowed", message: "read only")
    }

    func get(_ resource: Resource, _ key: ObjectKey, subresource: String?) async throws(KubernetesError) -> JSON? {
        throw refused
    }
    func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON { throw refused }
    func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON { throw refused }
    func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON { throw refused }
    func delete(_ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions) async throws(KubernetesError) -> Bool
    {
        throw refused
    }
}
