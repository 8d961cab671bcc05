import Hummingbird
package import Kubernetes
import Logging
import Manifest

/// Plays the data plane where no pods run: shares imaginary requests out by the live VirtualServices' weights to ready
/// pods, and serves the request counters that Istio's proxies would.
///
/// A pod's annotation `mesh.sluice.dev/error-percent` says how many of its answers are errors. A destination without a
/// ready pod answers 503.
package final class SimulatedMesh: Sendable {
    private struct Series: Hashable, Sendable {
        var service: String
        var namespace: String
        var hash: String
        var code: Int
    }

    private struct State: Sendable {
        var counters: [Series: Double] = [:]
        /// Requests that went to a destination without a ready pod, by namespace.
        var lost: [String: Double] = [:]
    }

    package let port: Int
    private let services: Informer<UntypedObject>
    private let pods: Informer<UntypedObject>
    private let virtualServices: Informer<UntypedObject>
    private let rules: Informer<UntypedObject>
    private let requestsPerTick: Double
    private let state = Lock(State())

    /// - Parameter requestsPerTick: For each VirtualService, every 250 ms.
    package init(_ api: any KubernetesAPI, requestsPerTick: Double = 50) throws {
        guard let port = freeLoopbackPort() else { throw FileError(what: "find a free port", code: 0) }
        self.port = port
        services = Informer(api, MeshResources.services)
        pods = Informer(api, MeshResources.pods)
        virtualServices = Informer(api, MeshResources.virtualServices)
        rules = Informer(api, MeshResources.destinationRules)
        self.requestsPerTick = requestsPerTick
    }

    /// Requests that found no ready pod, by namespace: traffic that a rollout lost.
    package var lost: [String: Double] { state.withLock { $0.lost } }

    /// Serves and shares out until cancelled.
    package func run() async throws {
        let router = Router()
        router.get("metrics") { [self] _, _ in metrics() }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "stage") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await application.run() }
            for cache in [services, pods, virtualServices, rules] { group.addTask { await cache.run() } }
            group.addTask { [self] in
                while !Task.isCancelled {
                    tick()
                    try await Task.sleep(for: .milliseconds(250))
                }
            }
        }
    }

    private func metrics() -> String {
        var text = "# TYPE istio_requests_total counter\n"
        for (series, count) in state.withLock({ $0.counters }).sorted(by: { order($0.key) < order($1.key) }) {
            text += """
                istio_requests_total{destination_service_name="\(series.service)",\
                destination_service_namespace="\(series.namespace)",\
                rollouts_pod_template_hash="\(series.hash)",response_code="\(series.code)"} \(count)

                """
        }
        return text
    }

    private func order(_ series: Series) -> String {
        "\(series.namespace)/\(series.service)/\(series.hash)/\(series.code)"
    }

    private func tick() {
        for virtualService in virtualServices.store.all {
            let namespace = virtualService.key.namespace
            // These requests have nothing special that a match could look for.
            let plain = virtualService.json.at("spec", "http")?.arrayValue?.first {
                let matches = $0["match"]?.arrayValue ?? []
                return matches.isEmpty || matches.contains { RequestMatch(istio: $0).fits(RoutedRequest(host: "")) }
            }
            for route in plain?["route"]?.arrayValue ?? [] {
                let weight = route["weight"]?.doubleValue ?? 100
                guard weight > 0, let host = route.at("destination", "host")?.stringValue else { continue }
                let service = String(host.prefix { $0 != "." })
                var selector = services.store.get(ObjectKey(namespace: namespace, name: service))?
                    .json.at("spec", "selector")?.stringMap
                if let subset = route.at("destination", "subset")?.stringValue {
                    let rule = rules.store.inNamespace(namespace).first {
                        $0.json.at("spec", "host")?.stringValue == host
                    }
                    let labels = rule?.json.at("spec", "subsets")?.arrayValue?
                        .first { $0["name"]?.stringValue == subset }?["labels"]?.stringMap
                    selector = (selector ?? [:]).merging(labels ?? [:]) { $1 }
                }
                let wanted = LabelSelector(matchLabels: selector ?? [:])
                let targets = pods.store.inNamespace(namespace).map(\.json).filter { pod in
                    selector?.isEmpty == false && wanted.matches(pod.labels) && isReady(pod)
                }
                share(requestsPerTick * weight / 100, service, namespace, targets)
            }
        }
    }

    private func share(_ requests: Double, _ service: String, _ namespace: String, _ targets: [JSON]) {
        state.withLock { state in
            guard !targets.isEmpty else {
                state.lost[namespace, default: 0] += requests
                state.counters[Series(service: service, namespace: namespace, hash: "", code: 503), default: 0] +=
                    requests
                return
            }
            for pod in targets {
                let each = requests / Double(targets.count)
                let percent = pod.annotations["mesh.sluice.dev/error-percent"].flatMap(Double.init) ?? 0
                let hash = pod.labels["rollouts-pod-template-hash"] ?? ""
                let errors = each * min(100, max(0, percent)) / 100
                let bad = Series(service: service, namespace: namespace, hash: hash, code: 500)
                let good = Series(service: service, namespace: namespace, hash: hash, code: 200)
                if errors > 0 { state.counters[bad, default: 0] += errors }
                state.counters[good, default: 0] += each - errors
            }
        }
    }

    private func isReady(_ pod: JSON) -> Bool {
        pod.at("metadata", "deletionTimestamp") == nil
            && (pod.at("status", "conditions")?.arrayValue ?? []).contains {
                $0["type"]?.stringValue == "Ready" && $0["status"]?.stringValue == "True"
            }
    }
}

private enum MeshResources {
    static let services = Resource(group: "", version: "v1", plural: "services", kind: "Service")
    static let pods = Resource(group: "", version: "v1", plural: "pods", kind: "Pod")
    static let virtualServices = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "virtualservices", kind: "VirtualService")
    static let destinationRules = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "destinationrules", kind: "DestinationRule")
}
