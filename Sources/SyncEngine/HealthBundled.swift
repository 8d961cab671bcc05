import Manifest

extension Health {
    /// Rules for kinds that are not Kubernetes' own.
    static func bundled(_ kind: GroupKind, _ object: JSON) -> Health? {
        switch (kind.group, kind.kind) {
        case ("argoproj.io", "Rollout"): return rollout(object)
        case ("argoproj.io", "AnalysisRun"), ("argoproj.io", "Experiment"): return analysis(object)
        case ("argoproj.io", "Workflow"): return workflow(object)
        case ("batch", "CronJob"): return cronJob(object)
        case ("policy", "PodDisruptionBudget"): return disruptionBudget(object)
        case ("apiextensions.k8s.io", "CustomResourceDefinition"): return definition(object)
        case ("cert-manager.io", "Certificate"), ("cert-manager.io", "Issuer"), ("cert-manager.io", "ClusterIssuer"):
            let issuing = object.condition("Issuing")
            if issuing?["status"] == "True", issuing?["reason"] != "Failed" {
                return Health(.progressing, issuing?["message"]?.stringValue ?? "")
            }
            return byCondition("Ready", object)
        case ("bitnami.com", "SealedSecret"): return byCondition("Synced", object)
        case ("external-secrets.io", "ExternalSecret"): return byCondition("Ready", object)
        case ("gateway.networking.k8s.io", "HTTPRoute"): return httpRoute(object)
        case ("gateway.networking.k8s.io", "Gateway"): return gateway(object)
        case ("flagger.app", "Canary"): return canary(object)
        case ("keda.sh", "ScaledObject"), ("serving.knative.dev", "Service"): return byCondition("Ready", object)
        default:
            return kind.group.hasSuffix(".toolkit.fluxcd.io") ? flux(object) : nil
        }
    }

    private static func rollout(_ object: JSON) -> Health {
        if object.at("spec", "workloadRef") != nil {
            let wanted = object.annotations["rollout.argoproj.io/workload-generation"] ?? ""
            if wanted != object.at("status", "workloadObservedGeneration")?.generationText ?? "" {
                return Health(.progressing, "waiting for the referenced workload's latest spec to be observed")
            }
        }
        // The status keeps the generation as text.
        if object.at("status", "observedGeneration")?.generationText
            != object.at("metadata", "generation")?.generationText
        {
            return Health(.progressing, "waiting for the rollout's latest spec to be observed")
        }
        let message = object.at("status", "message")?.stringValue ?? ""
        switch object.at("status", "phase")?.stringValue {
        case "Healthy": return .healthy
        case "Paused": return Health(.suspended, message)
        case "Degraded": return Health(.degraded, message)
        case "Progressing": return Health(.progressing, message)
        default: return Health(.progressing, "waiting for the rollout's first status")
        }
    }

    private static func analysis(_ object: JSON) -> Health {
        let message = object.at("status", "message")?.stringValue ?? ""
        switch object.at("status", "phase")?.stringValue ?? "" {
        case "", "Pending", "Running": return Health(.progressing, message)
        case "Successful": return Health(.healthy, message)
        case "Inconclusive": return Health(.unknown, message)
        default: return Health(.degraded, message)
        }
    }

    private static func workflow(_ object: JSON) -> Health {
        let message = object.at("status", "message")?.stringValue ?? ""
        switch object.at("status", "phase")?.stringValue ?? "" {
        case "", "Pending", "Running": return Health(.progressing, message)
        case "Succeeded": return Health(.healthy, message)
        default: return Health(.degraded, message)
        }
    }

    private static func cronJob(_ object: JSON) -> Health {
        if object.at("spec", "suspend")?.boolValue == true { return Health(.healthy, "suspended") }
        if object.at("status", "active")?.arrayValue?.isEmpty == false { return .healthy }
        guard let scheduled = object.at("status", "lastScheduleTime")?.stringValue.flatMap(Timestamp.init(rfc3339:))
        else { return .healthy }
        let succeeded = object.at("status", "lastSuccessfulTime")?.stringValue.flatMap(Timestamp.init(rfc3339:))
        if let succeeded, succeeded >= scheduled { return .healthy }
        return Health(.degraded, "the last scheduled job has not succeeded")
    }

    private static func disruptionBudget(_ object: JSON) -> Health {
        let conditions = object.at("status", "conditions")?.arrayValue ?? []
        let bad = conditions.first { $0["status"] == "False" && $0["reason"] != "InsufficientPods" }
        if let bad { return Health(.degraded, bad["message"]?.stringValue ?? "") }
        return conditions.isEmpty ? Health(.progressing) : .healthy
    }

    private static func definition(_ object: JSON) -> Health {
        if object.conditionStatus("Terminating") == "True" { return Health(.progressing, "terminating") }
        for type in ["Established", "NamesAccepted"] where object.conditionStatus(type) == "False" {
            return Health(.degraded, object.condition(type)?["message"]?.stringValue ?? "")
        }
        if object.conditionStatus("NonStructuralSchema") == "True" {
            return Health(.degraded, object.condition("NonStructuralSchema")?["message"]?.stringValue ?? "")
        }
        return object.conditionStatus("Established") == "True"
            ? .healthy : Health(.progressing, "waiting to be established")
    }

    private static func byCondition(_ type: String, _ object: JSON) -> Health {
        let message = object.condition(type)?["message"]?.stringValue ?? ""
        switch object.conditionStatus(type) {
        case "True": return .healthy
        case "False": return Health(.degraded, message)
        default: return Health(.progressing, message)
        }
    }

    /// Conditions that speak of the latest generation; older ones say nothing.
    private static func current(_ conditions: JSON?, _ object: JSON) -> [JSON] {
        let generation = object.number("metadata", "generation") ?? 0
        return (conditions?.arrayValue ?? []).filter {
            ($0["observedGeneration"]?.intValue ?? generation) == generation
        }
    }

    private static func judge(_ conditions: [JSON], deciding types: Set<String>) -> Health {
        let relevant = conditions.filter { types.contains($0["type"]?.stringValue ?? "") }
        if let bad = relevant.first(where: { $0["status"] == "False" }) {
            return Health(.degraded, bad["message"]?.stringValue ?? "")
        }
        if relevant.isEmpty || relevant.contains(where: { $0["status"] != "True" }) { return Health(.progressing) }
        return .healthy
    }

    private static func httpRoute(_ object: JSON) -> Health {
        let parents = object.at("status", "parents")?.arrayValue ?? []
        let conditions = parents.flatMap { current($0["conditions"], object) }
        return judge(conditions, deciding: ["Accepted", "ResolvedRefs"])
    }

    private static func gateway(_ object: JSON) -> Health {
        judge(current(object.at("status", "conditions"), object), deciding: ["Accepted", "Programmed"])
    }

    private static func canary(_ object: JSON) -> Health {
        switch object.at("status", "phase")?.stringValue {
        case "Initialized", "Succeeded": .healthy
        case "WaitingPromotion": Health(.suspended)
        case "Failed": Health(.degraded)
        default: Health(.progressing)
        }
    }

    private static func flux(_ object: JSON) -> Health {
        if object.at("spec", "suspend")?.boolValue == true { return Health(.suspended) }
        let ready = object.condition("Ready")
        let message = ready?["message"]?.stringValue ?? ""
        if object.conditionStatus("Reconciling") == "True" || object.isStale { return Health(.progressing, message) }
        switch ready?["status"]?.stringValue {
        case "True": return .healthy
        case "False": return Health(.degraded, message)
        default: return Health(.progressing, message)
        }
    }
}

extension JSON {
    /// A generation, which Rollouts keep as text in their status.
    var generationText: String? {
        switch self {
        case .string(let text): text
        case .int(let number): String(number)
        default: nil
        }
    }
}
