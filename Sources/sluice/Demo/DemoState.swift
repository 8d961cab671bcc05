import Kubernetes
import Manifest

/// What the demo has seen so far, built from watch events alone.
struct DemoState: Sendable {
    /// What an event changed, in words that the acts wait for.
    struct Change: Sendable {
        var object: String
        var phase: String
        var verdict: String
        var note: String
    }

    var rollout: JSON = .null
    var releases: [String: JSON] = [:]
    var runs: [String: JSON] = [:]
    var virtualService: JSON = .null
    var application: JSON = .null
    var pods: [String: JSON] = [:]
    /// Canary weights in the order in which the status showed them, since the act began.
    var weights: [Int64] = []
    /// When the first AnalysisRun of the act was seen to have failed.
    var failedAt: ContinuousClock.Instant?
    /// When the VirtualService was first seen with no weight on the canary after that.
    var drainedAt: ContinuousClock.Instant?

    /// Forgets what belongs to the act before.
    mutating func beginAct() {
        weights = []
        failedAt = nil
        drainedAt = nil
    }

    var weight: Int64 { rollout.at("status", "canary", "weights", "canary", "weight")?.intValue ?? 0 }

    /// `Aborted` where an abort is why it is degraded; else the Rollout's own phase.
    var rolloutPhase: String {
        if rollout.at("status", "abort")?.boolValue == true { return "Aborted" }
        return rollout.at("status", "phase")?.stringValue ?? "Pending"
    }

    /// The canary destination's weight in the live VirtualService.
    var routedWeight: Int64 {
        let routes = virtualService.at("spec", "http")?[0]?["route"]?.arrayValue ?? []
        let canary = routes.first { $0.at("destination", "host")?.stringValue == "shop-canary" }
        return canary?["weight"]?.intValue ?? 0
    }

    func release(of commit: String) -> JSON? {
        releases.values.filter { $0.at("spec", "revision")?.stringValue == commit }
            .max { $0.objectKey.name < $1.objectKey.name }
    }

    /// Takes in one watch event; `nil` when nothing that people follow has changed.
    mutating func apply(_ kind: String, _ event: WatchEvent.Kind, _ object: JSON) -> Change? {
        let name = object.objectKey.name
        switch kind {
        case "Rollout":
            let before = (rolloutPhase, weight, rollout.at("status", "currentStepIndex"))
            rollout = event == .deleted ? .null : object
            if weights.last != weight { weights.append(weight) }
            guard before != (rolloutPhase, weight, rollout.at("status", "currentStepIndex")) else { return nil }
            return Change(
                object: "rollout/\(name)", phase: rolloutPhase, verdict: "",
                note: rollout.at("status", "message")?.stringValue ?? "")
        case "Release":
            let before = releases[name]?.at("status", "phase")?.stringValue
            releases[name] = event == .deleted ? nil : object
            let phase = object.at("status", "phase")?.stringValue ?? ""
            guard event != .deleted, phase != before, !phase.isEmpty else { return nil }
            let verdict = phase == "Released" || phase == "Rejected" ? phase.lowercased() : ""
            return Change(
                object: "release/\(name)", phase: phase, verdict: verdict,
                note: object.at("status", "message")?.stringValue ?? "")
        case "AnalysisRun":
            let before = runs[name]?.at("status", "phase")?.stringValue
            runs[name] = event == .deleted ? nil : object
            let phase = object.at("status", "phase")?.stringValue ?? ""
            if phase == "Failed", failedAt == nil, event != .deleted { failedAt = .now }
            guard event != .deleted, phase != before, !phase.isEmpty else { return nil }
            return Change(
                object: "analysisrun/\(name)", phase: phase, verdict: "",
                note: object.at("status", "message")?.stringValue ?? "")
        case "VirtualService":
            virtualService = object
            if failedAt != nil, drainedAt == nil, routedWeight == 0 { drainedAt = .now }
            return nil
        case "Application":
            application = object
            return nil
        case "Pod":
            pods[name] = event == .deleted ? nil : object
            return nil
        default: return nil
        }
    }
}
