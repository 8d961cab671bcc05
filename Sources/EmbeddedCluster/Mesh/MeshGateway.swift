import Manifest

/// Sends requests to ready pods by the weights of the live VirtualService or canary Ingress, and counts them.
///
/// Requests are told apart by their `Host`. `/metrics` is the gateway's own, unless `Host` names a route.
package final class MeshGateway: Sendable {
    fileprivate struct State: Sendable {
        var table: RouteTable?
        var revision: UInt64 = 0
        /// Requests so far, by route: weights are spread evenly, not at random.
        var credits: [String: [Double]] = [:]
        var turns: [String: Int] = [:]
    }

    private let cluster: ClusterAPI
    private let pods: PodRuntime
    private let metrics = RequestMetrics()
    private let state = Lock(State())
    private let port: Int
    private let server = Lock<LoopbackServer?>(nil)

    /// - Parameter port: 0 takes a free one.
    package init(_ cluster: ClusterAPI, pods: WorkloadRuntime, port: Int = 0) {
        self.cluster = cluster
        self.pods = pods.pods
        self.port = port
    }

    /// Serves until cancelled.
    package func run(onReady: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        try await makeServer().run(onReady: onReady)
    }

    /// Serves in the background until `stop()`; gives the port.
    package func start() async throws -> Int { try await makeServer().start() }

    package func stop() async { await server.withLock { $0 }?.stop() }

    /// The request metrics in Prometheus' text format.
    package var metricsText: String { metrics.text }

    private func makeServer() -> LoopbackServer {
        let made = LoopbackServer(name: "mesh-gateway", port: port) { [self] call in await respond(call) }
        server.withLock { $0 = made }
        return made
    }

    private func respond(_ call: APICall) async -> APIAnswer {
        let host = String((call.headers["host"] ?? "").prefix { $0 != ":" })
        let path = "/" + call.path.joined(separator: "/")
        if path == "/metrics", host == "127.0.0.1" || host == "localhost" {
            return .text(metrics.text, contentType: "text/plain; version=0.0.4; charset=utf-8")
        }
        let answer = await send(host: host, path: path, method: call.method, headers: call.headers)
        return .bytes(
            code: answer.code, Array(answer.body.utf8), contentType: "application/json",
            headers: [("x-version", answer.version), ("x-pod", answer.pod), ("Access-Control-Allow-Origin", "*")])
    }

    /// Sends one request; what the HTTP face does, without HTTP.
    /// - Parameter headers: By lower-case name.
    package func send(
        host: String, path: String = "/", method: String = "GET", headers: [String: String] = [:]
    ) async -> PodAnswer {
        let start = ContinuousClock.now
        let request = RoutedRequest(host: host, path: path, method: method, headers: headers)
        guard let (destination, pod) = choose(request) else {
            return PodAnswer(code: 404, version: "", pod: "", delay: .zero, body: "no route for host \(host)\n")
        }
        guard let pod else {
            record(destination, nil, "", 503, .zero)
            return PodAnswer(code: 503, version: "", pod: "", delay: .zero, body: "no healthy upstream\n")
        }
        let answer = pods.answer(pod, path: path)
        if answer.delay > .zero { try? await Task.sleep(for: answer.delay) }
        record(destination, pod, answer.version, answer.code, ContinuousClock.now - start)
        return answer
    }

    private func choose(_ request: RoutedRequest) -> (RouteTable.Destination, JSON?)? {
        let revision = cluster.store.revision
        let known = state.withLock { $0.revision == revision ? $0.table : nil }
        let table = known ?? RouteTable(cluster)
        return state.withLock { state in
            state.table = table
            state.revision = revision
            guard let route = table.route(host: request.host),
                let index = route.rules.firstIndex(where: { rule in
                    rule.matches.isEmpty || rule.matches.contains { $0.fits(request) }
                })
            else { return nil }
            let destinations = route.rules[index].destinations
            guard let place = state.next("\(route.id)#\(index)", destinations.map(\.weight)) else { return nil }
            let destination = destinations[place]
            guard !destination.pods.isEmpty else { return (destination, nil) }
            let turn = state.turns["\(destination.service)", default: 0]
            state.turns["\(destination.service)"] = turn &+ 1
            return (destination, destination.pods[Int(turn.magnitude % UInt(destination.pods.count))])
        }
    }

    private func record(
        _ destination: RouteTable.Destination, _ pod: JSON?, _ version: String, _ code: Int, _ time: Duration
    ) {
        let service = destination.service
        let hash = pod?.labels["rollouts-pod-template-hash"] ?? ""
        metrics.record(
            RequestMetrics.Series(labels: [
                pod?.labels["service.istio.io/canonical-revision"] ?? version,
                "\(service.name).\(service.namespace).svc.cluster.local", service.name, service.namespace, version,
                pod?.controllerReference?["name"]?.stringValue ?? "unknown",
                pod?.objectKey.namespace ?? service.namespace,
                "destination", "http", "\(code)", hash,
            ]), milliseconds: time.inSeconds * 1_000)
    }
}

extension MeshGateway.State {
    /// The destination whose turn it is: each gathers its weight, the richest pays the total.
    fileprivate mutating func next(_ route: String, _ weights: [Int64]) -> Int? {
        let total = weights.reduce(0, +)
        guard total > 0 else { return weights.isEmpty ? nil : 0 }
        var credit = credits[route] ?? []
        if credit.count != weights.count { credit = [Double](repeating: 0, count: weights.count) }
        for index in weights.indices { credit[index] = weights[index] > 0 ? credit[index] + Double(weights[index]) : 0 }
        guard let richest = credit.indices.filter({ weights[$0] > 0 }).max(by: { credit[$0] < credit[$1] }) else {
            return nil
        }
        credit[richest] -= Double(total)
        credits[route] = credit
        return richest
    }
}
