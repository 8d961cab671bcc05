import Kubernetes
import Manifest

/// Rolls a Deployment's ReplicaSets from the old template to the new one.
struct DeploymentController {
    private static let revision = "deployment.kubernetes.io/revision"

    let cluster: ClusterAPI

    func reconcile(_ key: ObjectKey) throws(KubernetesError) -> Duration? {
        guard let deployment = cluster.store.get("deployments.apps", key)?.json, !deployment.isBeingDeleted else {
            return nil
        }
        let hash = Self.hash(of: deployment.at("spec", "template") ?? .emptyObject)
        var sets = cluster.owned(deployment.uid, in: "replicasets.apps")
        if !sets.contains(where: { $0.labels["pod-template-hash"] == hash }), deployment.at("spec", "paused") != true {
            try createSet(of: deployment, hash, sets)
            sets = cluster.owned(deployment.uid, in: "replicasets.apps")
        }
        let new = sets.first { $0.labels["pod-template-hash"] == hash }
        try raiseRevision(deployment, new, sets)
        try scale(deployment, new: new, old: sets.filter { $0.uid != new?.uid })
        sets = cluster.owned(deployment.uid, in: "replicasets.apps")
        try dropHistory(deployment, sets, hash)
        return try writeStatus(key, deployment, sets, hash)
    }

    /// A name for a template: equal templates give equal names.
    static func hash(of template: JSON) -> String {
        var hash = FNV1a()
        hash.combine(template.serialized())
        return hash.safeEncoded
    }

    private func createSet(of deployment: JSON, _ hash: String, _ sets: [JSON]) throws(KubernetesError) {
        let name = deployment.objectKey.name
        var template = deployment.at("spec", "template") ?? .emptyObject
        template.set(.string(hash), at: "metadata", "labels", "pod-template-hash")
        var selector = deployment.at("spec", "selector") ?? .emptyObject
        selector.set(.string(hash), at: "matchLabels", "pod-template-hash")
        let revision = (sets.compactMap { $0.annotations[Self.revision].flatMap { Int($0) } }.max() ?? 0) + 1
        var spec: JSON = ["replicas": 0, "selector": selector, "template": template]
        spec["minReadySeconds"] = deployment.at("spec", "minReadySeconds")
        try cluster.create(
            "replicasets.apps", namespace: deployment.objectKey.namespace,
            [
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec,
                "metadata": [
                    "name": .string("\(name)-\(hash)"), "labels": template.at("metadata", "labels") ?? .emptyObject,
                    "annotations": [Self.revision: .string("\(revision)")],
                    "ownerReferences": [
                        [
                            "apiVersion": "apps/v1", "kind": "Deployment", "name": .string(name),
                            "uid": .string(deployment.uid),
                            "controller": true, "blockOwnerDeletion": true,
                        ]
                    ],
                ],
            ])
    }

    /// A template that comes back becomes the newest revision, and the Deployment shows it.
    private func raiseRevision(_ deployment: JSON, _ new: JSON?, _ sets: [JSON]) throws(KubernetesError) {
        guard var new else { return }
        let newest =
            sets.filter { $0.uid != new.uid }.compactMap { $0.annotations[Self.revision].flatMap { Int($0) } }.max()
            ?? 0
        var mine = new.annotations[Self.revision].flatMap { Int($0) } ?? 0
        if mine <= newest {
            mine = newest + 1
            new.set(.string("\(mine)"), at: "metadata", "annotations", Self.revision)
            try cluster.rewrite("replicasets.apps", new)
        }
        if deployment.annotations[Self.revision] != "\(mine)" {
            _ = try cluster.patch(
                cluster.kind("deployments.apps"), deployment.objectKey, .merge,
                ["metadata": ["annotations": [Self.revision: .string("\(mine)")]]], subresource: nil,
                WriteOptions(fieldManager: "kube-controller-manager"))
        }
    }

    private func scale(_ deployment: JSON, new: JSON?, old: [JSON]) throws(KubernetesError) {
        let wanted = deployment.at("spec", "replicas")?.intValue ?? 1
        let active = old.filter { count($0, "spec", "replicas") > 0 }
        guard deployment.at("spec", "paused") != true, let new else {
            if let only = active.first, active.count == 1, new.map({ count($0, "spec", "replicas") == 0 }) ?? true {
                try setReplicas(only, wanted)
            } else if let new, active.isEmpty {
                try setReplicas(new, wanted)
            }
            return
        }
        if deployment.at("spec", "strategy", "type") == "Recreate" {
            for set in active { try setReplicas(set, 0) }
            let isEmpty = old.allSatisfy { cluster.ownedPods($0.uid).isEmpty }
            if active.isEmpty, isEmpty { try setReplicas(new, wanted) }
            return
        }
        let rolling = deployment.at("spec", "strategy", "rollingUpdate")
        let surge = rolling?["maxSurge"].flatMap { IntOrString($0) }?.resolve(total: wanted, roundingUp: true) ?? 1
        var missing =
            rolling?["maxUnavailable"].flatMap { IntOrString($0) }?.resolve(total: wanted, roundingUp: false) ?? 0
        if surge == 0, missing == 0 { missing = 1 }
        let total = active.reduce(count(new, "spec", "replicas")) { $0 + count($1, "spec", "replicas") }
        let present = count(new, "spec", "replicas")
        if present > wanted {
            try setReplicas(new, wanted)
        } else if present < wanted {
            let room = wanted + surge - total
            if active.isEmpty {
                try setReplicas(new, wanted)
            } else if room > 0 {
                try setReplicas(new, min(present + room, wanted))
            }
        }
        // Pods of the old template that are not available serve nobody: they go first, and for free.
        let newUnavailable = max(0, count(new, "spec", "replicas") - count(new, "status", "availableReplicas"))
        var budget = total - (wanted - missing) - newUnavailable
        for set in active where budget > 0 {
            let drop = min(budget, count(set, "spec", "replicas"))
            try setReplicas(set, count(set, "spec", "replicas") - drop)
            budget -= drop
        }
    }

    private func count(_ object: JSON, _ path: String...) -> Int64 { object.at(path: path)?.intValue ?? 0 }

    private func setReplicas(_ set: JSON, _ replicas: Int64) throws(KubernetesError) {
        guard let live = cluster.store.get("replicasets.apps", set.objectKey)?.json, live.uid == set.uid,
            count(live, "spec", "replicas") != replicas
        else { return }
        var object = live
        object.set(.int(replicas), at: "spec", "replicas")
        try cluster.rewrite("replicasets.apps", object)
    }

    private func dropHistory(_ deployment: JSON, _ sets: [JSON], _ hash: String) throws(KubernetesError) {
        let limit = Int(clamping: deployment.at("spec", "revisionHistoryLimit")?.intValue ?? 10)
        let old = sets.filter {
            $0.labels["pod-template-hash"] != hash && count($0, "spec", "replicas") == 0
                && count($0, "status", "replicas") == 0
        }
        .sorted {
            ($0.annotations[Self.revision].flatMap { Int($0) } ?? 0)
                < ($1.annotations[Self.revision].flatMap { Int($0) } ?? 0)
        }
        guard old.count > limit else { return }
        for set in old.prefix(old.count - limit) {
            _ = try cluster.delete(cluster.kind("replicasets.apps"), set.objectKey, DeleteOptions(uid: set.uid))
        }
    }

    private func writeStatus(
        _ key: ObjectKey, _ deployment: JSON, _ sets: [JSON], _ hash: String
    ) throws(KubernetesError) -> Duration? {
        guard let live = cluster.store.get("deployments.apps", key)?.json else { return nil }
        let wanted = live.at("spec", "replicas")?.intValue ?? 1
        func sum(_ name: String, _ sets: [JSON]) -> Int64 { sets.reduce(0) { $0 + count($1, "status", name) } }
        let new = sets.filter { $0.labels["pod-template-hash"] == hash }
        let available = sum("availableReplicas", sets)
        let updated = sum("replicas", new)
        var next = live
        var status: JSON = ["observedGeneration": deployment.at("metadata", "generation") ?? 1]
        let counts = [
            ("replicas", sum("replicas", sets)), ("updatedReplicas", updated),
            ("readyReplicas", sum("readyReplicas", sets)),
            ("availableReplicas", available),
            ("unavailableReplicas", max(0, max(sum("replicas", sets), wanted) - available)),
        ]
        for (name, count) in counts where count > 0 { status[name] = .int(count) }
        status["conditions"] = live.at("status", "conditions")
        next["status"] = status
        let now = cluster.clock.now()
        let rolling = live.at("spec", "strategy", "rollingUpdate", "maxUnavailable")
        let missing = rolling.flatMap { IntOrString($0) }?.resolve(total: wanted, roundingUp: false) ?? 0
        let isAvailable = available >= wanted - missing
        next.setCondition(
            "Available", isAvailable ? "True" : "False",
            isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", now
        )
        let name = new.first?.objectKey.name ?? ""
        let isDone = updated == wanted && sum("availableReplicas", new) == wanted && sum("replicas", sets) == wanted
        var wait: Duration?
        if isDone {
            next.setCondition(
                "Progressing", "True", "NewReplicaSetAvailable", "ReplicaSet \"\(name)\" has successfully progressed.",
                now)
        } else {
            let moved = status.withoutConditions != (live["status"] ?? .emptyObject).withoutConditions
            let since =
                live.condition("Progressing")?["lastUpdateTime"]?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? now
            let limit = Duration.seconds(live.at("spec", "progressDeadlineSeconds")?.intValue ?? 600)
            let isLate =
                !moved && now - since >= limit && live.condition("Progressing")?["reason"] != "NewReplicaSetAvailable"
            if isLate {
                next.setCondition(
                    "Progressing", "False", "ProgressDeadlineExceeded",
                    "ReplicaSet \"\(name)\" has timed out progressing.", now)
            } else if live.condition("Progressing")?["status"] != "False" || moved {
                next.setCondition(
                    "Progressing", "True", "ReplicaSetUpdated", "ReplicaSet \"\(name)\" is progressing.", now)
                if moved { next.touch("Progressing", now) }
                wait = max(.milliseconds(100), limit - (now - since))
            }
        }
        try cluster.writeStatus("deployments.apps", key, uid: live.uid, next["status"] ?? .emptyObject)
        return wait
    }
}

extension JSON {
    fileprivate var withoutConditions: JSON {
        var status = self
        status["conditions"] = nil
        return status
    }

    /// Moves a condition's update time.
    fileprivate mutating func touch(_ type: String, _ now: Timestamp) {
        editList(at: ["status", "conditions"]) { condition in
            if condition["type"]?.stringValue == type { condition["lastUpdateTime"] = .string(now.rfc3339) }
        }
    }
}
