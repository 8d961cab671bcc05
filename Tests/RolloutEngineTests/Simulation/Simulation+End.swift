import Manifest
import RolloutEngine

extension Simulation {
    /// When the bad luck ends, an abort must have all traffic back on stable, and everything else must finish.
    mutating func calmDown() throws {
        guard failure == nil else { return }
        world.brokenImages = []
        trace("calms down")
        for round in 0..<400 where failure == nil {
            for name in world.runs.keys.sorted() where world.runs[name]?.isFinished == false {
                world.runs[name]?.phase = "Successful"
            }
            let version = world.version
            try reconcile(withBadLuck: false)
            world.stepPods()
            if version != world.version { continue }
            let decision = world.look().decision
            guard decision.effects.isEmpty else { continue }
            if let after = decision.requeueAfter, round < 390,
                decision.waiting?.reason != .aborted || after < .seconds(120)
            {
                world.now = world.now + after + .milliseconds(1)
                if decision.waiting == nil || decision.waiting?.reason != .pausedByUser { continue }
            }
            break
        }
        try checkEnd()
    }

    mutating func checkEnd() throws {
        guard failure == nil else { return }
        let status = world.status
        let decision = world.look().decision
        let replicas = world.typed.spec.desiredReplicas
        if status.abort, kind == .blueGreen, world.services["web-active"]?.hash != status.stableRS {
            fail("aborted, but the active Service selects \(world.services["web-active"]?.hash ?? "")")
        }
        if status.abort {
            let stable = world.set(hash: status.stableRS)
            if (stable?.availableReplicas ?? 0) < replicas {
                fail("aborted, but stable has \(stable?.availableReplicas ?? 0) of \(replicas) pods")
            }
            if isRouted, world.traffic?.canaryWeight != 0 || world.weight(of: status.stableRS) != 100 {
                fail("aborted, but stable gets weight \(world.weight(of: status.stableRS))")
            }
            if isRouted, let routes = world.traffic?.routes, !routes.isEmpty {
                fail("aborted, but with the routes \(routes.map(\.name))")
            }
            if kind == .basic, status.currentPodHash != status.stableRS,
                (world.set(hash: status.currentPodHash)?.replicas ?? 0) > 0
            {
                fail("aborted, but the canary has pods")
            }
        } else if status.phase != "Healthy" {
            if let waiting = decision.waiting, needsPerson(waiting.reason) { return }
            fail(
                "ends in phase \(status.phase) (\(status.message)), waiting for \(decision.waiting.map { "\($0)" } ?? "nothing")"
            )
        } else if isRouted, let routes = world.traffic?.routes, !routes.isEmpty {
            fail("healthy, but with the routes \(routes.map(\.name))")
        } else if isRouted, world.weight(of: status.stableRS) != 100 {
            fail("healthy, but stable gets weight \(world.weight(of: status.stableRS))")
        } else if kind == .blueGreen, world.services["web-active"]?.hash != status.stableRS {
            fail("healthy, but the active Service selects \(world.services["web-active"]?.hash ?? "")")
        }
        checkRoles()
    }

    /// Only people end this wait; what time, pods or analyses end must be over.
    private func needsPerson(_ reason: Waiting.Reason) -> Bool {
        let (spec, status) = (world.typed.spec, world.status)
        switch reason {
        case .pausedByUser: return true
        case _ where promotedFully == status.currentPodHash: return false
        case .inconclusiveAnalysis: return true
        case .pauseStep:
            let index = status.currentStepIndex ?? 0
            guard let steps = spec.canary?.steps, steps.indices.contains(index) else { return false }
            return steps[index].pause.map { $0.duration == nil } ?? false
        case .promotion: return spec.blueGreen?.autoPromotionEnabled == false
        default: return false
        }
    }

    /// In the end the pods of every ReplicaSet carry the metadata of its role.
    mutating func checkRoles() {
        guard let rollout = Optional(world.typed), rollout.annotations["sluice.dev/on-new-revision"] != "queue" else {
            return
        }
        let settled = rollout.spec.canary?.stableMetadata ?? rollout.spec.blueGreen?.activeMetadata
        guard let wanted = settled?.labels["role"], let set = world.set(hash: world.status.stableRS) else { return }
        if world.templates[set.name]?.labels["role"] != wanted {
            fail("stable \(set.name) has role \(world.templates[set.name]?.labels["role"] ?? "none")")
        }
        if set.annotations["sluice.dev/pods-metadata"] != nil { fail("pods of \(set.name) wait for their metadata") }
    }
}
