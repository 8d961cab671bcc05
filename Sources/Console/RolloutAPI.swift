import Controllers
import HTTPTypes
import Hummingbird
package import Kubernetes
package import Manifest
import NIOCore

/// The HTTP API that Argo Rollouts' dashboard has, over the Kubernetes API.
package struct RolloutAPI: Sendable {
    private let api: any KubernetesAPI
    private let changes: ObjectChanges
    private let listen: @Sendable () -> AsyncStream<ObjectKey>
    private let namespace: String
    private let version: String
    private let wallClock: any WallClock

    /// - Parameters:
    ///   - listen: Keys of Rollouts whose picture has changed, from now on.
    ///   - namespace: Where viewers begin.
    ///   - version: Of this program.
    package init(
        _ api: any KubernetesAPI, namespace: String, version: String,
        wallClock: any WallClock = SystemClock(), listen: @escaping @Sendable () -> AsyncStream<ObjectKey>
    ) {
        self.api = api
        changes = ObjectChanges(api, fieldManager: "sluice-dashboard")
        self.listen = listen
        self.namespace = namespace
        self.version = version
        self.wallClock = wallClock
    }

    func addRoutes(to router: RouterGroup<BasicRequestContext>) {
        router.get("version") { _, _ in Response.json(["rolloutsVersion": .string("v\(version)")]) }
        router.get("namespace") { _, _ in Response.json(try await namespaces()) }
        router.get("rollouts/:namespace/info") { _, context -> Response in
            Response.json(["rollouts": .array(try await infos(context.parameters.require("namespace")))])
        }
        router.get("rollouts/:namespace/info/watch") { _, context -> Response in
            watchAll(try context.parameters.require("namespace"))
        }
        router.get("rollouts/:namespace/:name/info") { _, context -> Response in
            guard let info = try await info(try context.rolloutKey) else { throw HTTPError(.notFound) }
            return Response.json(info)
        }
        router.get("rollouts/:namespace/:name/info/watch") { _, context -> Response in
            watch(try context.rolloutKey)
        }
        router.put("rollouts/:namespace/:name/:action") { request, context -> Response in
            try await act(request, try context.rolloutKey, try context.parameters.require("action"))
        }
        router.put("rollouts/:namespace/:name/undo/:revision") { request, context -> Response in
            try request.refuseOtherSites()
            let key = try context.rolloutKey
            guard let revision = Int64(try context.parameters.require("revision")), revision >= 0 else {
                throw HTTPError(.badRequest, message: "the revision is no number; use 0 or more")
            }
            return try await answering(key) { _ = try await changes.undo(key, to: revision) }
        }
        router.put("rollouts/:namespace/:name/set/:container/:image/:tag") { request, context -> Response in
            try request.refuseOtherSites()
            let key = try context.rolloutKey
            func part(_ name: String) throws -> String {
                let text = try context.parameters.require(name)
                return text.removingURLPercentEncoding() ?? text
            }
            let (container, image) = (try part("container"), try "\(part("image")):\(part("tag"))")
            return try await answering(key) {
                _ = try await changes.setImage(key, container: container, image: image)
            }
        }
    }

    private func act(_ request: Request, _ key: ObjectKey, _ action: String) async throws -> Response {
        try request.refuseOtherSites()
        var request = request
        let buffer = try await request.collectBody(upTo: 65_536)
        let body = (try? JSON(parsing: Array(buffer.readableBytesView))) ?? .null
        return try await answering(key) {
            switch action {
            case "promote": try await changes.promote(key, body["full"] == true ? .full : .next)
            case "promoteFull": try await changes.promote(key, .full)
            case "abort": try await changes.send(.abort, to: .rollouts, key)
            case "retry": try await changes.send(.retry, to: .rollouts, key)
            case "restart": try await changes.send(.restart(at: wallClock.now()), to: .rollouts, key)
            default:
                throw HTTPError(
                    .notFound, message: "there is no action \(action); use promote, abort, retry or restart")
            }
        }
    }

    /// Does what was asked for, and answers with the Rollout as it is then.
    private func answering(_ key: ObjectKey, _ work: () async throws -> Void) async throws -> Response {
        do {
            try await work()
        } catch let error as PromotionError {
            throw HTTPError(.conflict, message: error.description)
        } catch let error as KubernetesError {
            throw HTTPError(.init(code: error.code == 0 ? 502 : error.code), message: "\(error)")
        }
        guard let rollout = try await api.get(.rollouts, key, subresource: nil) else { throw HTTPError(.notFound) }
        return Response.json(rollout)
    }

    // MARK: Reading

    private func namespaces() async throws -> JSON {
        let kind = Resource(group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
        // Who may not list namespaces can still look into one.
        let known = (try? await items(kind, nil).map(\.objectKey.name)) ?? [namespace]
        return ["namespace": .string(namespace), "availableNamespaces": JSON(known.sorted())]
    }

    private func items(_ resource: Resource, _ namespace: String?) async throws -> [JSON] {
        let items = Lock<[JSON]>([])
        do throws(KubernetesError) {
            _ = try await api.list(resource, ListOptions(namespace: namespace)) { bytes in
                var object = try JSON(parsing: bytes)
                object["apiVersion"] = .string(resource.apiVersion)
                object["kind"] = .string(resource.kind)
                items.withLock { $0.append(object) }
            }
        } catch {
            // Where the kind is not installed there is nothing to show of it.
            guard error.isNotFound else { throw error }
        }
        return items.withLock { $0 }.sorted { $0.objectKey < $1.objectKey }
    }

    private func infos(_ namespace: String, only name: String? = nil) async throws -> [JSON] {
        let rollouts = try await items(.rollouts, namespace).filter { name == nil || $0.objectKey.name == name }
        if rollouts.isEmpty { return [] }
        let sets = try await items(.replicaSets, namespace)
        let pods = try await items(.pods, namespace)
        let runs = try await items(.analysisRuns, namespace)
        let experiments = try await items(
            Resource(group: "argoproj.io", version: "v1alpha1", plural: "experiments", kind: "Experiment"), namespace)
        let now = wallClock.now()
        return rollouts.map {
            RolloutInfo.json(
                rollout: $0, replicaSets: sets, pods: pods, analysisRuns: runs, experiments: experiments, now: now)
        }
    }

    private func info(_ key: ObjectKey) async throws -> JSON? {
        try await infos(key.namespace, only: key.name).first
    }

    private func watch(_ key: ObjectKey) -> Response {
        .events { writer in
            let changes = listen()
            guard let first = try await info(key) else { return }
            try await writer.write(Self.event(first))
            for await changed in changes where changed == key {
                guard let info = try await info(key) else { return }
                try await writer.write(Self.event(info))
            }
        }
    }

    private func watchAll(_ namespace: String) -> Response {
        .events { writer in
            let changes = listen()
            for info in try await infos(namespace) {
                try await writer.write(Self.event(["type": "Added", "rolloutInfo": info]))
            }
            for await key in changes where key.namespace == namespace {
                if let info = try await info(key) {
                    try await writer.write(Self.event(["type": "Updated", "rolloutInfo": info]))
                } else {
                    let meta: JSON = ["name": .string(key.name), "namespace": .string(key.namespace)]
                    try await writer.write(Self.event(["type": "Deleted", "rolloutInfo": ["objectMeta": meta]]))
                }
            }
        }
    }

    private static func event(_ result: JSON) -> ByteBuffer {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(JSON.object(["result": result]).serialized())
        buffer.writeString("\n\n")
        return buffer
    }
}

extension BasicRequestContext {
    /// The Rollout that a path names.
    var rolloutKey: ObjectKey {
        get throws {
            ObjectKey(namespace: try parameters.require("namespace"), name: try parameters.require("name"))
        }
    }
}

extension Request {
    /// Refuses what a page of another site sends: nobody else may press our buttons.
    func refuseOtherSites() throws {
        // A browser sends this header with every request.
        if let site = headers[.secFetchSite], site != "same-origin", site != "none" {
            throw HTTPError(.forbidden, message: "requests from other sites are refused")
        }
    }
}

extension Response {
    static func json(_ value: JSON) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: value.serialized())))
    }

    /// Server-sent events, until `body` returns or the reader is gone.
    static func events(
        _ body: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: .init { writer in
                try await body(&writer)
                try await writer.finish(nil)
            })
    }
}

extension String {
    /// The text that percent signs stand for; `nil` where they stand for nothing.
    func removingURLPercentEncoding() -> String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
