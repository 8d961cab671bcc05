import Kubernetes
import Manifest

/// A Kubernetes API of one collection in memory, whose lists and watches do what a test tells them.
final class ScriptedAPI: KubernetesAPI {
    /// What a watch does: deliver events, then end as told.
    struct Watch: Sendable {
        var events: [WatchEvent] = []
        var error: KubernetesError?
        /// Stays open until it is cancelled.
        var staysOpen = false
    }

    struct State {
        var objects: [ObjectKey: JSON] = [:]
        var version = 100
        var lists: [Result<[String], KubernetesError>] = []
        var watches: [Watch] = []
        /// Streaming lists; once there are none left, they are refused.
        var streams: [Watch] = []
        /// Streaming lists that are refused before those.
        var refusedStreams = 0
        var calls: [String] = []
        var failures: [KubernetesError] = []
        /// Namespaces that somebody must create before anything can be created in them.
        var missingNamespaces: Set<String> = []
        /// Whether creating a Namespace is forbidden.
        var forbidsNamespaces = false
    }

    let state: Lock<State>

    init(_ state: State = State()) { self.state = Lock(state) }

    var calls: [String] { state.withLock { $0.calls } }

    private func note(_ call: String) throws(KubernetesError) {
        let failure = state.withLock { state -> KubernetesError? in
            state.calls.append(call)
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
    }

    func get(_ resource: Resource, _ key: ObjectKey, subresource: String?) async throws(KubernetesError) -> JSON? {
        try note("get \(key)")
        return state.withLock { $0.objects[key] }
    }

    func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String {
        let answer = state.withLock { state in
            state.calls.append("list \(options.resourceVersion ?? "latest")")
            return state.lists.isEmpty ? .success([]) : state.lists.removeFirst()
        }
        for text in try answer.get() { try? item(Array(text.utf8)) }
        return "100"
    }

    func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        let watch = state.withLock { state -> Watch in
            if options.sendsInitialEvents {
                state.refusedStreams -= 1
                guard state.refusedStreams < 0, !state.streams.isEmpty else {
                    return Watch(error: KubernetesError(code: 422, reason: "Invalid", message: "no streaming lists"))
                }
                state.calls.append("stream \(resourceVersion)")
                return state.streams.removeFirst()
            }
            state.calls.append("watch \(resourceVersion)")
            return state.watches.isEmpty ? Watch(staysOpen: true) : state.watches.removeFirst()
        }
        for next in watch.events {
            do { try event(next) } catch {
                throw (error as? KubernetesError) ?? KubernetesError(code: 0, reason: "", message: "")
            }
        }
        if let error = watch.error { throw error }
        if watch.staysOpen {
            let latch = Latch()
            _ = await latch.wait()
        }
    }

    func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        try note("create \(object.objectKey.name)")
        if let refusal = state.withLock({ $0.refusal(of: resource, namespace, object) }) { throw refusal }
        let exists = state.withLock { $0.objects[object.objectKey] != nil }
        if exists { throw KubernetesError(code: 409, reason: "AlreadyExists", message: "") }
        return store(object)
    }

    func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        try note("update \(key)")
        let live = state.withLock { $0.objects[key]?.resourceVersion }
        guard live == object.resourceVersion else { throw KubernetesError(code: 409, reason: "Conflict", message: "") }
        return store(object)
    }

    func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        try note("patch \(key)")
        guard var object = state.withLock({ $0.objects[key] }) else {
            throw KubernetesError(code: 404, reason: "NotFound", message: "")
        }
        for (name, value) in body.objectValue ?? [:] { object[name] = value }
        return store(object)
    }

    func delete(_ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions) async throws(KubernetesError) -> Bool
    {
        try note("delete \(key)")
        return state.withLock { $0.objects.removeValue(forKey: key) != nil }
    }

    private func store(_ object: JSON) -> JSON {
        state.withLock { state in
            state.version += 1
            var object = object
            object.set(.string(String(state.version)), at: "metadata", "resourceVersion")
            state.objects[object.objectKey] = object
            return object
        }
    }
}

extension ScriptedAPI.State {
    fileprivate mutating func refusal(of resource: Resource, _ namespace: String, _ object: JSON) -> KubernetesError? {
        if resource == .namespaces {
            if forbidsNamespaces { return KubernetesError(code: 403, reason: "Forbidden", message: "not you") }
            missingNamespaces.remove(object.objectKey.name)
        }
        return missingNamespaces.contains(namespace)
            ? KubernetesError(code: 404, reason: "NotFound", message: "namespaces \"\(namespace)\" not found") : nil
    }
}
