package import Manifest
import RolloutEngine

/// What the views read from a Rollout's JSON.
package struct RolloutFacts: Sendable {
    package let rollout: JSON
    /// Phase and message as a client shows them.
    package let phase: (phase: String, message: String)

    package init(_ rollout: JSON) {
        self.rollout = rollout
        if let typed = try? Rollout(rollout) {
            phase = PhaseRule.shown(typed)
        } else {
            phase = (
                rollout.at("status", "phase")?.stringValue ?? "Unknown",
                rollout.at("status", "message")?.stringValue ?? ""
            )
        }
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
