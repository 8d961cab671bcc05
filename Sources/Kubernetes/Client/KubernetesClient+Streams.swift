package import Manifest
import Transport

extension KubernetesClient {
    private static let pageSize = 500

    /// Lists a collection while it streams.
    ///
    /// The most recent state is read in pages of 500; with a resourceVersion, which the server answers from memory, in one
    /// piece. Nothing is repeated once an item was handed out, for an object may have vanished between two tries.
    package func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String {
        try await readList(
            resource, options,
            item: { reader in
                let range = try reader.skipValue()
                try item(Array(reader.bytes[range]))
            })
    }

    package func readList(
        _ resource: Resource, _ options: ListOptions, item: @Sendable (inout JSONReader) throws -> Void
    ) async throws(KubernetesError) -> String {
        try await escaping(reading: item) { (item) async throws(KubernetesError) -> String in
            var token: String?
            while true {
                let page = try await self.page(resource, options, token, item)
                guard let next = page.next, !next.isEmpty else { return page.version }
                token = next
            }
        }
    }

    private func page(
        _ resource: Resource, _ options: ListOptions, _ token: String?,
        _ item: @escaping @Sendable (inout JSONReader) throws -> Void
    ) async throws(KubernetesError) -> (version: String, next: String?) {
        var query = Self.query(options)
        if let version = options.resourceVersion, !version.isEmpty {
            query.append(("resourceVersion", version))
        } else {
            query.append(("limit", String(Self.pageSize)))
            if let token { query.append(("continue", token)) }
        }
        var call = Call(path: try Paths.path(resource, namespace: options.namespace), query: query)
        call.lane = .bulk
        call.timeout = .seconds(600)
        call.maxBody = .max
        let progress = ClientThreadValue(ListSplitter())
        let failure = FirstFailure()
        do {
            try await stream(
                call, mayRetry: { progress.value.items == 0 },
                onAccepted: { progress.value = ListSplitter() },
                onChunk: { chunk in
                    try failure.keeping {
                        try progress.value.feed(chunk, reading: item)
                    }
                })
            try failure.keeping { try progress.value.finish() }
        } catch {
            throw failure.kubernetesError("the list of \(resource)", otherwise: error)
        }
        let metadata = progress.value.member("metadata")
        return (metadata?["resourceVersion"]?.stringValue ?? "", metadata?["continue"]?.stringValue)
    }

    /// Streams changes; the first event is a bookmark of the start version, as soon as the server has accepted the watch.
    ///
    /// With `sendsInitialEvents` what exists comes first. That a group's server does not offer this is remembered for some time.
    package func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        if options.sendsInitialEvents {
            return try await streamList(resource, options, from: resourceVersion, event: event)
        }
        try await escaping(event) { (event) async throws(KubernetesError) in
            try await self.streamEvents(
                resource, options, [("resourceVersion", resourceVersion)],
                onAccepted: {
                    let bookmark: JSON = [
                        "kind": .string(resource.kind), "metadata": ["resourceVersion": .string(resourceVersion)],
                    ]
                    try event(WatchEvent(kind: .bookmark, object: bookmark.serialized()))
                }, event: event)
        }
    }

    private func streamList(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        if let refusal = streamingLists.refusal(of: resource.group) { throw refusal }
        var query = [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
        if !resourceVersion.isEmpty { query.append(("resourceVersion", resourceVersion)) }
        let initial = InitialEvents(
            resource, acceptance: streamingLists.acceptance, patience: streamingLists.patience)
        do {
            try await escaping(event) { [query] (event) async throws(KubernetesError) in
                try await initial.supervising { () async throws(KubernetesError) in
                    try await self.streamEvents(
                        resource, options, query, onAccepted: { initial.wereAccepted() }
                    ) { next in
                        try event(initial.marked(next))
                    }
                }
            }
        } catch {
            // Once the server has kept its word, an error means something else.
            if !initial.hasBegun, error.code == 400 || error.code == 422 {
                streamingLists.refused(error, by: resource.group)
            }
            throw error
        }
    }

    private func streamEvents(
        _ resource: Resource, _ options: ListOptions, _ start: [(String, String)],
        onAccepted: @escaping @Sendable () throws -> Void, event: @escaping @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        // The server's end spreads the load of many watches; ours is for a server that forgets to.
        let seconds = Int.random(in: 300..<600)
        let query =
            Self.query(options) + [("watch", "1"), ("allowWatchBookmarks", "true")] + start
            + [("timeoutSeconds", String(seconds))]
        let call = Call(path: try Paths.path(resource, namespace: options.namespace), query: query)
        let lines = ClientThreadValue(LineSplitter())
        let failure = FirstFailure()
        do {
            try await stream(
                call, isWatch: .seconds(seconds + 30), mayRetry: { false },
                onAccepted: { try failure.keeping(onAccepted) },
                onChunk: { chunk in
                    try failure.keeping {
                        try lines.value.feed(chunk) { line in
                            switch try WatchLine(line) {
                            case .event(let next): try event(next)
                            case .error(let error): throw error
                            }
                        }
                    }
                })
        } catch {
            throw failure.kubernetesError("the watch of \(resource)", otherwise: error)
        }
    }

    private static func query(_ options: ListOptions) -> [(String, String)] {
        var query: [(String, String)] = []
        if let selector = options.labelSelector, !selector.isEmpty { query.append(("labelSelector", selector)) }
        if let selector = options.fieldSelector, !selector.isEmpty { query.append(("fieldSelector", selector)) }
        return query
    }

    /// Lets a closure be called from the client's thread until `body` returns, which waits for that thread's end.
    private func escaping<Value, Result: Sendable>(
        _ closure: @Sendable (Value) throws -> Void,
        _ body: @Sendable (@escaping @Sendable (Value) throws -> Void) async throws(KubernetesError) -> Result
    ) async throws(KubernetesError) -> Result {
        do {
            return try await withoutActuallyEscaping(closure) { closure in try await body(closure) }
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw KubernetesError(code: 0, reason: "Malformed", message: "\(error)")
        }
    }

    private func escaping<Result: Sendable>(
        reading closure: @Sendable (inout JSONReader) throws -> Void,
        _ body:
            @Sendable (@escaping @Sendable (inout JSONReader) throws -> Void) async throws(KubernetesError) -> Result
    ) async throws(KubernetesError) -> Result {
        do {
            return try await withoutActuallyEscaping(closure) { closure in try await body(closure) }
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw KubernetesError(code: 0, reason: "Malformed", message: "\(error)")
        }
    }
}

/// A value that the client's thread works with while a transfer runs, and its caller before and after.
private final class ClientThreadValue<Value: Sendable>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
}

/// Keeps what a receiver threw on the client's thread, for the caller.
private final class FirstFailure: Sendable {
    private let failure = Lock<(any Error)?>(nil)

    func keeping(_ body: () throws -> Void) throws {
        do { try body() } catch {
            failure.withLock { kept in if kept == nil { kept = error } }
            throw error
        }
    }

    func kubernetesError(_ what: String, otherwise other: any Error) -> KubernetesError {
        let error = failure.withLock { $0 } ?? other
        if let error = error as? KubernetesError { return error }
        return KubernetesError(
            code: 0, reason: "Malformed", message: "\(what) cannot be read: \(withoutCredentials("\(error)"))")
    }
}
