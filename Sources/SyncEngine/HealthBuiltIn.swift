import Manifest

extension Health {
    /// Rules for the kinds of Kubernetes itself.
    static func builtIn(_ kind: GroupKind, _ object: JSON) -> Health? {
        switch (kind.group, kind.kind) {
        case ("apps", "Deployment"), ("extensions", "Deployment"): deployment(object)
        case ("apps", "ReplicaSet"), ("extensions", "ReplicaSet"): replicaSet(object)
        case ("apps", "StatefulSet"): statefulSet(object)
        case ("apps", "DaemonSet"), ("extensions", "DaemonSet"): daemonSet(object)
        case ("batch", "Job"): job(object)
        case ("", "Pod"): pod(object)
        case ("", "Service"): service(object)
        case ("networking.k8s.io", "Ingress"), ("extensions", "Ingress"):
            hasLoadBalancer(object) ? .healthy : Health(.progressing, "waiting for a load balancer address")
        case ("", "PersistentVolumeClaim"): claim(object)
        case ("autoscaling", "HorizontalPodAutoscaler"): autoscaler(object)
        case ("apiregistration.k8s.io", "APIService"):
            object.conditionStatus("Available") == "True"
                ? .healthy : Health(.progressing, object.condition("Available")?["message"]?.stringValue ?? "")
        default: nil
        }
    }

    private static let stale = Health(.progressing, "waiting for the controller to observe the latest spec")

    private static func deployment(_ object: JSON) -> Health {
        if object.at("spec", "paused")?.boolValue == true { return Health(.suspended, "paused") }
        if object.isStale { return stale }
        if object.condition("Progressing")?["reason"] == "ProgressDeadlineExceeded" {
            return Health(.degraded, "exceeded its progress deadline")
        }
        let updated = object.number("status", "updatedReplicas") ?? 0
        if let replicas = object.number("spec", "replicas"), updated < replicas {
            return Health(.progressing, "\(updated) of \(replicas) replicas are updated")
        }
        if (object.number("status", "replicas") ?? 0) > updated {
            return Health(.progressing, "old replicas are terminating")
        }
        let available = object.number("status", "availableReplicas") ?? 0
        if available < updated {
            return Health(.progressing, "\(available) of \(updated) updated replicas are available")
        }
        return .healthy
    }

    private static func replicaSet(_ object: JSON) -> Health {
        if object.isStale { return stale }
        if let failure = object.condition("ReplicaFailure"), failure["status"] == "True" {
            return Health(.degraded, failure["message"]?.stringValue ?? "")
        }
        let (available, wanted) = (
            object.number("status", "availableReplicas") ?? 0, object.number("spec", "replicas") ?? 0
        )
        return available < wanted ? Health(.progressing, "\(available) of \(wanted) replicas are available") : .healthy
    }

    private static func statefulSet(_ object: JSON) -> Health {
        if object.number("status", "observedGeneration") ?? 0 == 0 || object.isStale { return stale }
        let replicas = object.number("spec", "replicas") ?? 1
        let ready = object.number("status", "readyReplicas") ?? 0
        if ready < replicas { return Health(.progressing, "\(ready) of \(replicas) pods are ready") }
        if object.at("spec", "updateStrategy", "type") == "OnDelete" { return .healthy }
        if let partition = object.number("spec", "updateStrategy", "rollingUpdate", "partition") {
            let updated = object.number("status", "updatedReplicas") ?? 0
            return updated < replicas &- partition
                ? Health(.progressing, "\(updated) of \(replicas &- partition) pods are updated") : .healthy
        }
        return object.at("status", "updateRevision") != object.at("status", "currentRevision")
            ? Health(.progressing, "pods of the old revision are left") : .healthy
    }

    private static func daemonSet(_ object: JSON) -> Health {
        if object.isStale { return stale }
        if object.at("spec", "updateStrategy", "type") == "OnDelete" { return .healthy }
        let wanted = object.number("status", "desiredNumberScheduled") ?? 0
        let updated = object.number("status", "updatedNumberScheduled") ?? 0
        if updated < wanted { return Health(.progressing, "\(updated) of \(wanted) pods are updated") }
        let available = object.number("status", "numberAvailable") ?? 0
        return available < wanted ? Health(.progressing, "\(available) of \(wanted) pods are available") : .healthy
    }

    private static func job(_ object: JSON) -> Health {
        if object.conditionStatus("Failed") == "True" {
            return Health(.degraded, object.condition("Failed")?["message"]?.stringValue ?? "")
        }
        if object.conditionStatus("Complete") == "True" { return .healthy }
        return object.conditionStatus("Suspended") == "True" ? Health(.suspended) : Health(.progressing)
    }

    private static func pod(_ object: JSON) -> Health {
        let statuses = object.at("status", "containerStatuses")?.arrayValue ?? []
        let policy = object.at("spec", "restartPolicy")?.stringValue ?? "Always"
        let isService = policy == "Always" || object.annotations[Names.ignoreRestartPolicy] == "true"
        if isService {
            for status in statuses {
                let reason = status.at("state", "waiting", "reason")?.stringValue ?? ""
                if reason.hasPrefix("Err") || reason.hasSuffix("Error") || reason.hasSuffix("BackOff") {
                    return Health(.degraded, status.at("state", "waiting", "message")?.stringValue ?? reason)
                }
            }
        }
        switch object.at("status", "phase")?.stringValue {
        case "Pending": return Health(.progressing)
        case "Succeeded": return .healthy
        case "Failed": return Health(.degraded, failure(of: object, statuses))
        case "Running" where isService:
            if statuses.allSatisfy({ $0["ready"]?.boolValue == true }) { return .healthy }
            let hasDied = statuses.contains { $0.at("lastState", "terminated") != nil }
            return hasDied ? Health(.degraded, "a container has terminated") : Health(.progressing)
        case "Running": return Health(.progressing)
        default: return Health(.unknown)
        }
    }

    private static func failure(of pod: JSON, _ statuses: [JSON]) -> String {
        if let message = pod.at("status", "message")?.stringValue, !message.isEmpty { return message }
        for status in statuses {
            guard let ended = status.at("state", "terminated") else { continue }
            if let message = ended["message"]?.stringValue, !message.isEmpty { return message }
            if ended["reason"] == "OOMKilled" { return "OOMKilled" }
            if let code = ended["exitCode"]?.intValue, code != 0 {
                return "container \(status["name"]?.stringValue ?? "") ended with exit code \(code)"
            }
        }
        return ""
    }

    private static func service(_ object: JSON) -> Health {
        guard object.at("spec", "type") == "LoadBalancer", !hasLoadBalancer(object) else { return .healthy }
        return Health(.progressing, "waiting for a load balancer address")
    }

    private static func hasLoadBalancer(_ object: JSON) -> Bool {
        object.at("status", "loadBalancer", "ingress")?.arrayValue?.isEmpty == false
    }

    private static func claim(_ object: JSON) -> Health {
        switch object.at("status", "phase")?.stringValue {
        case "Lost": Health(.degraded)
        case "Pending": Health(.progressing)
        case "Bound": .healthy
        default: Health(.unknown)
        }
    }

    private static func autoscaler(_ object: JSON) -> Health {
        var conditions = object.at("status", "conditions")?.arrayValue ?? []
        if conditions.isEmpty, let text = object.annotations["autoscaling.alpha.kubernetes.io/conditions"] {
            conditions = (try? JSON(parsing: text))?.arrayValue ?? []
        }
        let failures: [String: Set<String>] = [
            "AbleToScale": ["FailedGetScale", "FailedUpdateScale"],
            "ScalingActive": [
                "FailedGetResourceMetric", "FailedGetObjectMetric", "FailedGetPodsMetric", "FailedGetExternalMetric",
                "FailedComputeMetricsReplicas", "InvalidSelector",
            ],
        ]
        for condition in conditions {
            let reason = condition["reason"]?.stringValue ?? ""
            if failures[condition["type"]?.stringValue ?? ""]?.contains(reason) == true {
                return Health(.degraded, condition["message"]?.stringValue ?? reason)
            }
        }
        let works = conditions.contains {
            ["AbleToScale", "ScalingLimited"].contains($0["type"]?.stringValue) && $0["status"] == "True"
        }
        return works ? .healthy : Health(.progressing, "waiting to autoscale")
    }
}
