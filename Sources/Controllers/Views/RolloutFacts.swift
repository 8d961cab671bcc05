package import Manifest
import RolloutEngine

/// What the views read from a Rollout's JSON.
package struct RolloutFacts: Sendable {
    package let rollout: JSON
    /// Phase and message as a client shows them.
    package let phase: (phase: String, message: String)

    package init(_ rollout: JSON) {
        self.rollout = rollout
        phase = Self.shownPhase(rollout)
    }

    /// What a client shows: the written phase, unless the controller has not seen the latest change yet.
    private static func shownPhase(_ rollout: JSON) -> (phase: String, message: String) {
        let status = rollout["status"]
        let generation = rollout.at("metadata", "generation")?.intValue ?? 0
        if let observed = Int64(status?["observedGeneration"]?.stringValue ?? ""), observed < generation {
            return ("Progressing", "waiting for rollout spec update to be observed")
        }
        if status?["controllerPause"] == true, status?["pauseConditions"]?.arrayValue?.isEmpty ?? true {
            return ("Progressing", "waiting for rollout to unpause")
        }
        if rollout.at("spec", "workloadRef")?.isObject == true,
            let wanted = rollout.annotations["rollout.argoproj.io/workload-generation"],
            wanted != status?["workloadObservedGeneration"]?.stringValue ?? ""
        {
            return (
                "Progressing", "waiting for rollout spec update to be observed for the reference workload"
            )
        }
        if let written = status?["phase"]?.stringValue, !written.isEmpty {
            return (written, status?["message"]?.stringValue ?? "")
        }
        guard let typed = try? Rollout(rollout) else { return ("Unknown", "") }
        return PhaseRule.phase(of: typed.status, spec: typed.spec, replicas: typed.spec.desiredReplicas)
    }

    package var isCanary: Bool { rollout.at("spec", "strategy", "blueGreen") == nil }
    package var steps: [JSON] { rollout.at("spec", "strategy", "canary", "steps")?.arrayValue ?? [] }
    package var desired: Int64 { rollout.at("spec", "replicas")?.intValue ?? 1 }
    package var isRouted: Bool { rollout.at("spec", "strategy", "canary", "trafficRouting")?.isObject == true }
    package var isAborted: Bool { rollout.at("status", "abort") == true }
    package var isPaused: Bool { rollout.at("spec", "paused") == true }
    package var currentHash: String { rollout.at("status", "currentPodHash")?.stringValue ?? "" }
    package var stableHash: String { rollout.at("status", "stableRS")?.stringValue ?? "" }
    package var hasPauseConditions: Bool { rollout.at("status", "pauseConditions")?.arrayValue?.isEmpty == false }
    package var hasControllerPause: Bool { rollout.at("status", "controllerPause") == true }

    package func count(_ field: String) -> Int64 { rollout["status"]?[field]?.intValue ?? 0 }

    package var maxWeight: Int64 {
        let weight = rollout.at("spec", "strategy", "canary", "trafficRouting", "maxTrafficWeight")?.intValue ?? 100
        return max(1, min(weight, 1_000_000))
    }

    /// The step that is next or under way, within the steps.
    package var stepIndex: Int64 {
        max(0, min(rollout.at("status", "currentStepIndex")?.intValue ?? 0, Int64(steps.count)))
    }

    package var hasCurrentStep: Bool { !steps.isEmpty && stepIndex < Int64(steps.count) }

    /// The weight that the steps up to the current one ask for.
    package var setWeight: Int64 {
        if isAborted { return 0 }
        guard hasCurrentStep else { return maxWeight }
        for step in steps.prefix(Int(stepIndex) + 1).reversed() {
            if let weight = step["setWeight"]?.intValue { return weight }
        }
        return 0
    }

    /// The canary's weight as the status records it.
    package var recordedWeight: Int64? { rollout.at("status", "canary", "weights", "canary", "weight")?.intValue }

    package var isStepInconclusive: Bool {
        rollout.at("status", "canary", "currentStepAnalysisRunStatus", "status") == "Inconclusive"
    }

    /// What the ReplicaSet of a hash is to the Rollout.
    package func roles(hash: String) -> [String] {
        if hash.isEmpty { return [] }
        var roles: [String] = []
        if isCanary {
            if hash == stableHash { roles.append("stable") } else if hash == currentHash { roles.append("canary") }
            for role in ["ping", "pong"] where pingPongHash(role) == hash { roles.append(role) }
        } else {
            let state = rollout.at("status", "blueGreen")
            if hash == stableHash { roles.append("stable") }
            if state?["activeSelector"]?.stringValue == hash {
                roles.append("active")
            } else if state?["previewSelector"]?.stringValue == hash {
                roles.append("preview")
            }
        }
        return roles
    }

    private func pingPongHash(_ role: String) -> String? {
        guard let pingPong = rollout.at("spec", "strategy", "canary", "pingPong") else { return nil }
        let stable = rollout.at("status", "canary", "stablePingPong")?.stringValue
        guard pingPong.isObject, let stable else { return nil }
        return stable == role ? stableHash : currentHash
    }
}
