package import Manifest

/// Annotations of an Ingress whose Rollout is gone.
package enum ALBOrphans {
    /// The Rollouts that wrote annotations of an Ingress, by its own record; those of its namespace.
    package static func rollouts(recordedIn ingress: JSON) -> [String] {
        ((try? ALBRecord(of: ingress))?.keys.keys).map { $0.sorted(by: utf8Order) } ?? []
    }

    /// The write that takes a Rollout out of an Ingress that nobody knows its spec for: each of its actions is left with
    /// its last target group alone, which is the stable one.
    package static func release(_ rollout: String, from ingress: JSON) -> TrafficWrite? {
        guard var record = try? ALBRecord(of: ingress), let keys = record.keys[rollout] else { return nil }
        var ingress = ingress
        let live = ingress
        // Header routes are known by their conditions.
        for key in keys {
            guard let place = key.firstRange(of: "/conditions.") else { continue }
            let routes = ALBHeaderRoutes(
                prefix: String(key[..<place.lowerBound]), names: [String(key[place.upperBound...])])
            routes.place([], in: &ingress, &record, for: rollout)
        }
        record.removeAll(for: rollout)
        var annotations = ingress.annotations
        for key in keys {
            guard var action = ALBAction(annotations[key]), let last = action.groups.last else { continue }
            action.groups = [.init(service: last.service, port: last.port, weight: 100)]
            annotations[key] = action.text(keeping: annotations[key])
        }
        annotations[ALBRecord.annotation] = record.text
        var desired = ingress
        desired.set(JSON(annotations), at: "metadata", "annotations")
        let reference = ObjectReference(
            group: "networking.k8s.io", kind: "Ingress", namespace: ingress.objectKey.namespace,
            name: ingress.objectKey.name)
        return .patch(
            reference, from: live, to: desired, event: "PatchingALBIngress",
            "Ingress \(reference.key) is no longer managed by Rollout \(rollout)")
    }
}
