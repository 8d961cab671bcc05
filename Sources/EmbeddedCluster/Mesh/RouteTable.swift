import Kubernetes
import Manifest

/// Where requests go now, read from the routing objects of the cluster.
struct RouteTable: Sendable {
    /// One weighted destination: a Service, narrowed to a subset's pods.
    struct Destination: Sendable {
        var service: ObjectKey
        var pods: [JSON]
        var weight: Int64
    }

    struct Rule: Sendable {
        /// Any of them must fit; empty fits everything.
        var matches: [RequestMatch] = []
        var destinations: [Destination]
    }

    struct Route: Sendable {
        var id: String
        var rules: [Rule]
    }

    /// By host name, without the port.
    private var routes: [String: Route] = [:]

    func route(host: String) -> Route? { routes[host] ?? routes["*"] }

    init(_ cluster: ClusterAPI) {
        let reader = RouteReader(cluster)
        for ingress in reader.ingressRoutes() { routes[ingress.host] = ingress.route }
        for (host, route) in reader.serviceRoutes() where routes[host] == nil { routes[host] = route }
        // A VirtualService decides for its hosts, whatever else names them.
        for (host, route) in reader.meshRoutes() { routes[host] = route }
    }
}

/// Reads routes from VirtualServices, canary Ingresses and Services.
private struct RouteReader {
    let cluster: ClusterAPI
    private let rules: [JSON]

    init(_ cluster: ClusterAPI) {
        self.cluster = cluster
        rules = cluster.store.list("destinationrules.networking.istio.io", namespace: nil).objects.map(\.json)
    }

    private func objects(_ collection: String) -> [JSON] {
        cluster.store.list(collection, namespace: nil).objects.sorted { $0.key < $1.key }.map(\.json)
    }

    /// `web`, `web.shop`, `web.shop.svc` or `web.shop.svc.cluster.local` as a key.
    private func service(_ host: String, in namespace: String) -> ObjectKey {
        let parts = host.split(separator: ".").map(String.init)
        return ObjectKey(namespace: parts.count > 1 ? parts[1] : namespace, name: parts.first ?? host)
    }

    private func names(_ key: ObjectKey) -> [String] {
        let short = "\(key.name).\(key.namespace)"
        return [key.name, short, "\(short).svc", "\(short).svc.cluster.local"]
    }

    private func destination(_ key: ObjectKey, subset: String?, host: String, weight: Int64) -> RouteTable.Destination {
        var labels = cluster.store.get("services", key)?.json.at("spec", "selector")?.stringMap ?? [:]
        guard !labels.isEmpty else { return .init(service: key, pods: [], weight: weight) }
        if let subset {
            let rule = rules.first { rule in
                service(rule.at("spec", "host")?.stringValue ?? "", in: rule.objectKey.namespace) == key
            }
            let found = rule?.at("spec", "subsets")?.arrayValue?.first { $0["name"]?.stringValue == subset }
            guard let found else { return .init(service: key, pods: [], weight: weight) }
            labels.merge(found["labels"]?.stringMap ?? [:]) { $1 }
        }
        let pods = cluster.selectedPods(namespace: key.namespace, labels).filter { $0.isReadyPod && $0.isActivePod }
        return .init(service: key, pods: pods, weight: weight)
    }

    func serviceRoutes() -> [(String, RouteTable.Route)] {
        objects("services").flatMap { service -> [(String, RouteTable.Route)] in
            let key = service.objectKey
            let rule = RouteTable.Rule(destinations: [destination(key, subset: nil, host: key.name, weight: 100)])
            return names(key).map { ($0, RouteTable.Route(id: "service/\(key)", rules: [rule])) }
        }
    }

    func meshRoutes() -> [(String, RouteTable.Route)] {
        objects("virtualservices.networking.istio.io").flatMap { object -> [(String, RouteTable.Route)] in
            let namespace = object.objectKey.namespace
            let rules = (object.at("spec", "http")?.arrayValue ?? []).map { http -> RouteTable.Rule in
                let targets = http["route"]?.arrayValue ?? []
                let destinations = targets.map { target -> RouteTable.Destination in
                    let host = target.at("destination", "host")?.stringValue ?? ""
                    return destination(
                        service(host, in: namespace), subset: target.at("destination", "subset")?.stringValue,
                        host: host,
                        weight: target["weight"]?.intValue ?? (targets.count == 1 ? 100 : 0))
                }
                let matches = (http["match"]?.arrayValue ?? []).map(RequestMatch.init(istio:))
                return RouteTable.Rule(matches: matches, destinations: destinations)
            }
            let route = RouteTable.Route(id: "virtualservice/\(object.objectKey)", rules: rules)
            let hosts = (object.at("spec", "hosts")?.arrayValue ?? []).compactMap(\.stringValue)
            return hosts.flatMap { host in
                // A short name stands for the Service in the same namespace, under all of its names.
                [host]
                    + (host.contains(".") && !host.hasSuffix(".cluster.local")
                        ? [] : names(service(host, in: namespace)))
            }.map { ($0, route) }
        }
    }

    func ingressRoutes() -> [(host: String, route: RouteTable.Route)] {
        let all = objects("ingresses.networking.k8s.io")
        let isCanary: (JSON) -> Bool = { $0.annotations["nginx.ingress.kubernetes.io/canary"] == "true" }
        return all.filter { !isCanary($0) }.flatMap { ingress -> [(host: String, route: RouteTable.Route)] in
            let namespace = ingress.objectKey.namespace
            return (ingress.at("spec", "rules")?.arrayValue ?? []).map { rule in
                let host = rule["host"]?.stringValue ?? "*"
                let rules = (rule.at("http", "paths")?.arrayValue ?? []).map { path -> RouteTable.Rule in
                    let stable = path.at("backend", "service", "name")?.stringValue ?? ""
                    var destinations: [RouteTable.Destination] = []
                    var taken: Int64 = 0
                    for canary in all where isCanary(canary) && canary.objectKey.namespace == namespace {
                        guard let name = backend(of: canary, host: host, path: path["path"]) else { continue }
                        let total =
                            canary.annotations["nginx.ingress.kubernetes.io/canary-weight-total"].flatMap { Int64($0) }
                            ?? 100
                        let weight =
                            canary.annotations["nginx.ingress.kubernetes.io/canary-weight"].flatMap { Int64($0) } ?? 0
                        let percent = max(0, min(100, weight * 100 / max(total, 1)))
                        taken += percent
                        destinations.append(
                            destination(
                                ObjectKey(namespace: namespace, name: name), subset: nil, host: name, weight: percent))
                    }
                    destinations.insert(
                        destination(
                            ObjectKey(namespace: namespace, name: stable), subset: nil, host: stable,
                            weight: max(0, 100 - taken)),
                        at: 0)
                    let match = RequestMatch(prefix: path["path"]?.stringValue ?? "/")
                    return RouteTable.Rule(matches: [match], destinations: destinations)
                }
                return (host, RouteTable.Route(id: "ingress/\(ingress.objectKey)", rules: rules))
            }
        }
    }

    private func backend(of canary: JSON, host: String, path: JSON?) -> String? {
        for rule in canary.at("spec", "rules")?.arrayValue ?? [] where (rule["host"]?.stringValue ?? "*") == host {
            for entry in rule.at("http", "paths")?.arrayValue ?? [] where entry["path"] == path {
                return entry.at("backend", "service", "name")?.stringValue
            }
        }
        return nil
    }
}
