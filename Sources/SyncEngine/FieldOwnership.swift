package import Manifest

/// One row of the table of who writes which field; see ``FieldOwnership/table``.
///
/// The syncer writes what Git says. Where another engine writes into the same object, and server-side apply cannot keep
/// the two apart because the list or map is one atom, the syncer copies that engine's live values into what it applies.
package struct FieldOwnership: Hashable, Sendable {
    /// Who writes a field that Git does not decide.
    package enum Writer: String, Hashable, Sendable {
        case traffic = "sluice-traffic"
        case rollout = "sluice-rollout"
        /// The API server's name for what an autoscaler writes through the scale subresource varies with its version.
        case autoscaler = "horizontal-pod-autoscaler"

        /// The field manager of its writes.
        package var manager: String { rawValue }
    }

    /// How the live values get into the desired object.
    package enum Rule: Hashable, Sendable {
        case virtualServiceWeights
        case managedRoutes
        case subsetHashes
        case selectorHash
        case managedByAnnotation
        case scaledReplicas
        /// Actions, conditions and header paths of a load balancer's Ingress.
        case balancedIngress
        /// Weights of the entries of a list that name one of a Rollout's Services or virtual nodes.
        case listedWeights
        case podSelectorHash
        /// Another engine's object as a whole: the syncer neither changes nor prunes it.
        case wholeObject
    }

    package var kind: GroupKind
    /// The field as people write it.
    package var field: String
    package var writer: Writer
    package var rule: Rule

    package static let hashLabel = "rollouts-pod-template-hash"
    package static let managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts"
    package static let canaryIngress = "nginx.ingress.kubernetes.io/canary"

    private static let rollout = GroupKind(group: "argoproj.io", kind: "Rollout")
    private static let virtualService = GroupKind(group: "networking.istio.io", kind: "VirtualService")
    private static let destinationRule = GroupKind(group: "networking.istio.io", kind: "DestinationRule")
    private static let service = GroupKind(group: "", kind: "Service")
    private static let apisixRoute = GroupKind(group: "apisix.apache.org", kind: "ApisixRoute")
    private static let virtualNode = GroupKind(group: "appmesh.k8s.aws", kind: "VirtualNode")

    /// Who writes what: the one place that says so.
    ///
    /// Diff, apply, prune and lint read it.
    package static let table: [FieldOwnership] = [
        .init(
            kind: virtualService, field: "spec.{http,tls,tcp}[*].route[*].weight of a Rollout's routes",
            writer: .traffic, rule: .virtualServiceWeights),
        .init(
            kind: virtualService, field: "spec.http[name in managedRoutes]", writer: .traffic, rule: .managedRoutes),
        .init(
            kind: destinationRule, field: "spec.subsets[canary, stable].labels[\(hashLabel)]", writer: .rollout,
            rule: .subsetHashes),
        .init(
            kind: destinationRule, field: "metadata.annotations[\(managedBy)]", writer: .rollout,
            rule: .managedByAnnotation),
        .init(kind: service, field: "spec.selector[\(hashLabel)]", writer: .rollout, rule: .selectorHash),
        .init(
            kind: service, field: "metadata.annotations[\(managedBy)]", writer: .rollout, rule: .managedByAnnotation),
        .init(
            kind: GroupKind(group: "networking.k8s.io", kind: "Ingress"), field: "(a canary Ingress)",
            writer: .traffic, rule: .wholeObject),
        .init(
            kind: GroupKind(group: "networking.k8s.io", kind: "Ingress"),
            field: "metadata.annotations[actions, conditions] and header paths of a Rollout behind a load balancer",
            writer: .traffic, rule: .balancedIngress),
        .init(
            kind: GroupKind(group: "split.smi-spec.io", kind: "TrafficSplit"), field: "(a Rollout's TrafficSplit)",
            writer: .traffic, rule: .wholeObject),
        .init(
            kind: GroupKind(group: "getambassador.io", kind: "Mapping"), field: "(a canary Mapping)",
            writer: .traffic, rule: .wholeObject),
        .init(
            kind: GroupKind(group: "x.getambassador.io", kind: "AmbassadorMapping"), field: "(a canary Mapping)",
            writer: .traffic, rule: .wholeObject),
        .init(
            kind: apisixRoute, field: "(the ApisixRoute of a header route)", writer: .traffic, rule: .wholeObject),
        .init(
            kind: apisixRoute, field: "spec.http[*].backends[*].weight of a Rollout's rules", writer: .traffic,
            rule: .listedWeights),
        .init(
            kind: GroupKind(group: "traefik.io", kind: "TraefikService"),
            field: "spec.weighted.services[*].weight of a Rollout's Services", writer: .traffic, rule: .listedWeights),
        .init(
            kind: GroupKind(group: "traefik.containo.us", kind: "TraefikService"),
            field: "spec.weighted.services[*].weight of a Rollout's Services", writer: .traffic, rule: .listedWeights),
        .init(
            kind: GroupKind(group: "appmesh.k8s.aws", kind: "VirtualRouter"),
            field: "spec.routes[*].*.action.weightedTargets[*].weight of a Rollout's nodes", writer: .traffic,
            rule: .listedWeights),
        .init(
            kind: virtualNode, field: "spec.podSelector.matchLabels[\(hashLabel)]", writer: .rollout,
            rule: .podSelectorHash),
        .init(
            kind: virtualNode, field: "metadata.annotations[\(managedBy)]", writer: .rollout,
            rule: .managedByAnnotation),
        .init(
            kind: GroupKind(group: "apps", kind: "ReplicaSet"), field: "(ReplicaSets of Rollouts and Deployments)",
            writer: .rollout, rule: .wholeObject),
        .init(kind: rollout, field: "spec.replicas when scaled", writer: .autoscaler, rule: .scaledReplicas),
        .init(
            kind: GroupKind(group: "apps", kind: "Deployment"), field: "spec.replicas when scaled",
            writer: .autoscaler, rule: .scaledReplicas),
        .init(
            kind: GroupKind(group: "apps", kind: "StatefulSet"), field: "spec.replicas when scaled",
            writer: .autoscaler, rule: .scaledReplicas),
    ]

    /// The rows for one kind.
    package static func rows(for kind: GroupKind) -> [FieldOwnership] { table.filter { $0.kind == kind } }

    /// Whether a live object is another engine's as a whole, so that the syncer never prunes it.
    package static func isForeignObject(_ live: JSON) -> Bool {
        guard let kind = live.groupVersionKind?.groupKind,
            rows(for: kind).contains(where: { $0.rule == .wholeObject })
        else { return false }
        let owners = live.at("metadata", "ownerReferences")?.arrayValue ?? []
        return owners.contains { $0["controller"]?.boolValue == true }
            || kind.kind == "Ingress" && live.annotations[canaryIngress] == "true" && !owners.isEmpty
    }
}

/// Which objects the Rollouts and autoscalers of a cluster refer to: what makes a row of the table hold for an object.
package struct OwnershipContext: Hashable, Sendable {
    /// What one Rollout does with one VirtualService.
    package struct Routing: Hashable, Sendable {
        package var rollout: ObjectKey
        package var canaryService: String
        package var stableService: String
        package var canarySubset: String
        package var stableSubset: String
        /// Names of the http routes whose weights it sets; empty is the only one there is.
        package var routes: [String]
        package var managedRoutes: [String]
    }

    package private(set) var virtualServices: [ObjectKey: [Routing]] = [:]
    /// Subset names whose hash a Rollout writes, by DestinationRule.
    package private(set) var destinationRules: [ObjectKey: Set<String>] = [:]
    package private(set) var services: Set<ObjectKey> = []
    /// What the other routers write.
    package private(set) var routed = RoutedObjects()
    package private(set) var scaled: Set<ObjectReference> = []

    /// - Parameters:
    ///   - rollouts: Rollouts, live or as Git has them; both where both exist.
    ///   - autoscalers: HorizontalPodAutoscalers, live or as Git has them.
    package init(rollouts: [JSON] = [], autoscalers: [JSON] = []) {
        for rollout in rollouts { add(rollout: rollout) }
        for autoscaler in autoscalers {
            guard let target = autoscaler.at("spec", "scaleTargetRef"), let kind = target["kind"]?.stringValue,
                let name = target["name"]?.stringValue
            else { continue }
            let group = GroupVersionKind(apiVersion: target["apiVersion"]?.stringValue ?? "", kind: kind).group
            scaled.insert(
                ObjectReference(group: group, kind: kind, namespace: autoscaler.objectKey.namespace, name: name))
        }
    }

    private mutating func add(rollout: JSON) {
        let key = rollout.objectKey
        for name in ["activeService", "previewService"] {
            if let service = rollout.at("spec", "strategy", "blueGreen", name)?.stringValue {
                services.insert(ObjectKey(namespace: key.namespace, name: service))
            }
        }
        guard let canary = rollout.at("spec", "strategy", "canary") else { return }
        var canaryService = canary["canaryService"]?.stringValue ?? ""
        var stableService = canary["stableService"]?.stringValue ?? ""
        let ping = canary.at("pingPong", "pingService")?.stringValue ?? ""
        let pong = canary.at("pingPong", "pongService")?.stringValue ?? ""
        for name in [canaryService, stableService, ping, pong] where !name.isEmpty {
            services.insert(ObjectKey(namespace: key.namespace, name: name))
        }
        // Which of them is the canary's changes with each promotion; the weights of both are the router's.
        if canaryService.isEmpty, stableService.isEmpty { (canaryService, stableService) = (ping, pong) }
        routed.add(key, canary: canary)
        guard let routing = canary["trafficRouting"], let istio = routing["istio"] else { return }
        let rule = istio["destinationRule"]
        let canarySubset = rule?["canarySubsetName"]?.stringValue ?? ""
        let stableSubset = rule?["stableSubsetName"]?.stringValue ?? ""
        if let name = rule?["name"]?.stringValue {
            destinationRules[ObjectKey(namespace: key.namespace, name: name), default: []]
                .formUnion([canarySubset, stableSubset])
        }
        let managed = routing["managedRoutes"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        let targets = (istio["virtualService"].map { [$0] } ?? []) + (istio["virtualServices"]?.arrayValue ?? [])
        for target in targets {
            guard let name = target["name"]?.stringValue, !name.isEmpty else { continue }
            // `name`, or `name.namespace` with whatever domain behind it.
            let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
            let place = ObjectKey(
                namespace: parts.count > 1 ? parts[1] : key.namespace, name: parts.first ?? name)
            let entry = Routing(
                rollout: key, canaryService: canaryService, stableService: stableService, canarySubset: canarySubset,
                stableSubset: stableSubset, routes: target["routes"]?.arrayValue?.compactMap(\.stringValue) ?? [],
                managedRoutes: managed)
            if virtualServices[place]?.contains(entry) != true { virtualServices[place, default: []].append(entry) }
        }
    }

    /// Whether some other engine writes into this object, so that an apply must not race with it.
    package func isShared(_ reference: ObjectReference) -> Bool {
        switch (reference.group, reference.kind) {
        case ("networking.istio.io", "VirtualService"): virtualServices[reference.key] != nil
        case ("networking.istio.io", "DestinationRule"): destinationRules[reference.key] != nil
        case ("", "Service"): services.contains(reference.key)
        default: scaled.contains(reference) || reference.group != "networking.istio.io" && routed.contains(reference)
        }
    }
}
