import Manifest
import RolloutEngine

/// What a seed that is replayed alone prints.
extension Simulation {
    func trace(_ text: @autoclosure () -> String) {
        if isTraced { print("\(world.now) \(text())") }
    }

    /// ReplicaSets with their available, present and wanted pods, and what reaches them; then the status in short.
    func traceWorld() {
        guard isTraced else { return }
        let status = world.status
        let sets = world.sets.values.sorted { ($0.revision ?? 0) < ($1.revision ?? 0) }.map { set in
            let roles = [
                status.stableRS == set.hash ? "stable" : "", status.currentPodHash == set.hash ? "current" : "",
            ]
            let deadline = set.scaleDownDeadline.map { " until \($0)" } ?? ""
            return "    \(set.hash) \(set.availableReplicas)/\(set.currentReplicas)/\(set.replicas)"
                + " weight \(world.weight(of: set.hash)) \(roles.joined(separator: " "))\(deadline)"
        }
        let services = world.services.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.hash)" }
        let weights = status.weights.map {
            "\($0.canary.weight) to \($0.canary.podTemplateHash), \($0.stable.weight) to \($0.stable.podTemplateHash)"
        }
        let flags = [
            status.abort ? "abort" : "", status.promoteFull ? "promoteFull" : "",
            status.pauseConditions.map(\.reason).joined(separator: "+"), world.typed.spec.paused ? "paused" : "",
        ]
        print(sets.joined(separator: "\n"))
        print(
            "    of \(world.typed.spec.desiredReplicas), step \(status.currentStepIndex ?? -1), \(status.phase),"
                + " recorded \(weights ?? "nothing"), \(services.joined(separator: " ")) "
                + flags.filter { !$0.isEmpty }.joined(separator: " "))
    }

    /// An effect in a few words.
    func words(_ effect: RolloutEffect) -> String {
        switch effect {
        case .createReplicaSet(let json, _):
            return "creates \(json.at("metadata", "name")?.stringValue ?? "") at"
                + " \(json.at("spec", "replicas")?.intValue ?? 0)"
        case .updateReplicaSet(let update):
            let size = update.replicas.map { " to \($0) from \(world.sets[update.name]?.replicas ?? 0)" } ?? ""
            return "updates \(update.name)\(size) \(update.annotations.keys.sorted())"
        case .setTraffic(let request):
            return "sends \(request.canaryWeight) to \(request.canaryHash) by \(request.canaryService),"
                + " \(request.stableWeight) to \(request.stableHash) by \(request.stableService)"
        case .patchStatus(let patch):
            return "writes status \(patch["status"]?.objectValue?.keys.sorted() ?? [])"
        case .createAnalysisRun(let request): return "creates AnalysisRun \(request.name)"
        default: return "\(effect)"
        }
    }
}
