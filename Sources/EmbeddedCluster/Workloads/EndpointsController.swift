import Kubernetes
import Manifest

/// Writes a Service's Endpoints and EndpointSlice from the pods that it selects.
struct EndpointsController {
    let cluster: ClusterAPI

    func reconcile(_ key: ObjectKey) throws(KubernetesError) {
        guard let service = cluster.store.get("services", key)?.json, !service.isBeingDeleted else {
            for name in ["endpoints", "endpointslices.discovery.k8s.io"] {
                _ = try? cluster.delete(cluster.kind(name), key, DeleteOptions())
            }
            return
        }
        guard let selector = service.at("spec", "selector")?.stringMap, !selector.isEmpty else { return }
        let pods = cluster.selectedPods(namespace: key.namespace, selector).filter { $0.at("status", "podIP") != nil }
        try writeEndpoints(service, pods)
        try writeSlice(service, pods)
    }

    private func port(_ port: JSON, _ pods: [JSON]) -> JSON {
        var number = port["targetPort"] ?? port["port"] ?? 80
        if let name = number.stringValue {
            let named = pods.lazy.flatMap { $0.at("spec", "containers")?.arrayValue ?? [] }
                .flatMap { $0["ports"]?.arrayValue ?? [] }.first { $0["name"]?.stringValue == name }
            number = named?["containerPort"] ?? 0
        }
        var result: JSON = ["port": number, "protocol": port["protocol"] ?? "TCP"]
        result["name"] = port["name"]
        return result
    }

    private func target(_ pod: JSON) -> JSON {
        [
            "kind": "Pod", "namespace": .string(pod.objectKey.namespace), "name": .string(pod.objectKey.name),
            "uid": .string(pod.uid),
        ]
    }

    private func writeEndpoints(_ service: JSON, _ pods: [JSON]) throws(KubernetesError) {
        func addresses(_ isReady: Bool) -> [JSON] {
            pods.filter { ($0.isReadyPod && !$0.isBeingDeleted) == isReady && $0.isActivePod }.map { pod in
                ["ip": pod.at("status", "podIP") ?? "", "targetRef": target(pod), "nodeName": "embedded"]
            }
        }
        var subset = JSON.emptyObject
        if !addresses(true).isEmpty { subset["addresses"] = .array(addresses(true)) }
        if !addresses(false).isEmpty { subset["notReadyAddresses"] = .array(addresses(false)) }
        var object: JSON = [
            "apiVersion": "v1", "kind": "Endpoints", "metadata": ["name": .string(service.objectKey.name)],
        ]
        if let labels = service.at("metadata", "labels") { object.set(labels, at: "metadata", "labels") }
        if subset != .emptyObject {
            subset["ports"] = .array((service.at("spec", "ports")?.arrayValue ?? []).map { port($0, pods) })
            object["subsets"] = [subset]
        }
        try write("endpoints", object, service)
    }

    private func writeSlice(_ service: JSON, _ pods: [JSON]) throws(KubernetesError) {
        let endpoints = pods.filter { $0.at("status", "phase")?.stringValue == "Running" }.map { pod -> JSON in
            let isReady = pod.isReadyPod && !pod.isBeingDeleted
            return [
                "addresses": [pod.at("status", "podIP") ?? ""], "targetRef": target(pod), "nodeName": "embedded",
                "conditions": [
                    "ready": .bool(isReady), "serving": .bool(pod.isReadyPod), "terminating": .bool(pod.isBeingDeleted),
                ],
            ]
        }
        let object: JSON = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": [
                "name": .string(service.objectKey.name),
                "labels": [
                    "kubernetes.io/service-name": .string(service.objectKey.name),
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                ],
                "ownerReferences": [
                    [
                        "apiVersion": "v1", "kind": "Service", "name": .string(service.objectKey.name),
                        "uid": .string(service.uid),
                        "controller": true, "blockOwnerDeletion": true,
                    ]
                ],
            ],
            "endpoints": .array(endpoints),
            "ports": .array((service.at("spec", "ports")?.arrayValue ?? []).map { port($0, pods) }),
        ]
        try write("endpointslices.discovery.k8s.io", object, service)
    }

    private func write(_ name: String, _ object: JSON, _ service: JSON) throws(KubernetesError) {
        let kind = try cluster.kind(name)
        let key = ObjectKey(namespace: service.objectKey.namespace, name: object.objectKey.name)
        guard let live = cluster.store.get(kind.definition.collection, key)?.json else {
            try cluster.create(name, namespace: key.namespace, object)
            return
        }
        var next = live
        for field in ["subsets", "endpoints", "ports"] { next[field] = object[field] }
        if next != live { try cluster.rewrite(name, next) }
    }
}

extension ClusterAPI {
    /// Pods of a namespace with these labels, by name.
    func selectedPods(namespace: String, _ labels: [String: String]) -> [JSON] {
        let selector = LabelSelector(matchLabels: labels)
        return store.list("pods", namespace: namespace).objects.filter { selector.matches($0.json.labels) }
            .sorted { $0.key < $1.key }.map(\.json)
    }
}
