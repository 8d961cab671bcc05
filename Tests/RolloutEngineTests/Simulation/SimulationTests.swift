import Glibc
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("Rollout simulation") struct SimulationTests {
    /// `SLUICE_SEED` replays one seed, `SLUICE_SIM_SEEDS` chooses how many are tried.
    static var seeds: [UInt64] {
        if let text = getenv("SLUICE_SEED").map({ String(cString: $0) }), let seed = UInt64(text) { return [seed] }
        let count = getenv("SLUICE_SIM_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 500
        return Array(0..<count)
    }

    @Test("bad luck never sends traffic to missing pods, never strands an abort, and never stands still without a name")
    func simulate() throws {
        var failures = 0
        for seed in Self.seeds where failures < 8 {
            var simulation = try Simulation(seed: seed)
            try simulation.run()
            if let failure = simulation.failure {
                Issue.record("seed \(seed): \(failure); replay with SLUICE_SEED=\(seed)")
                failures += 1
            }
        }
    }
}

/// One life of one Rollout under a seed: slow pods, conflicts, crashes, stale caches, and people who change their minds.
struct Simulation {
    private enum Kind: CaseIterable { case basic, routed, blueGreen }

    private var random: SeededGenerator
    /// Draws header and mirror routes, apart, so that the same seed without them stays the same life.
    private var routeRandom: SeededGenerator
    private var world: World
    private let kind: Kind
    private var isRouted: Bool { kind == .routed }
    private let isTraced: Bool
    private var stale: RolloutSnapshot?
    private var image = 1
    private(set) var failure: String?
    /// What was stable when someone aborted; it stays so until someone asks for something else.
    private var abortedStable: String?
    /// Sizes fit the desired one since the last change of it; availability is only promised from then on.
    private var quietSince = 0

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        routeRandom = SeededGenerator(seed: seed ^ 0x726F_7574_6573)
        kind = Kind.allCases.randomElement(using: &random) ?? .basic
        isTraced = getenv("SLUICE_SEED") != nil
        world = try World(spec: World.spec(replicas: 1, canary: [:]))
        world = try World(spec: makeSpec())
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func makeSpec() -> JSON {
        let strategy: JSON = kind == .blueGreen ? ["blueGreen": makeBlueGreen()] : ["canary": makeCanary()]
        var spec = World.spec(replicas: Int.random(in: 1...10, using: &random), strategy: strategy)
        spec["progressDeadlineSeconds"] = 300
        spec["progressDeadlineAbort"] = .bool(chance(3))
        if chance(4) { spec["rollbackWindow"] = ["revisions": JSON(Int.random(in: 1...3, using: &random))] }
        return spec
    }

    private mutating func makeBlueGreen() -> JSON {
        var blueGreen: JSON = ["activeService": "web-active"]
        if chance(2) { blueGreen["previewService"] = "web-preview" }
        if chance(3) { blueGreen["previewReplicaCount"] = JSON(Int.random(in: 0...4, using: &random)) }
        if chance(3) { blueGreen["autoPromotionEnabled"] = false }
        if chance(3) { blueGreen["autoPromotionSeconds"] = JSON(Int.random(in: 1...90, using: &random)) }
        if chance(2) { blueGreen["prePromotionAnalysis"] = ["templates": [["templateName": "pre"]]] }
        if chance(2) { blueGreen["postPromotionAnalysis"] = ["templates": [["templateName": "post"]]] }
        if chance(2) { blueGreen["scaleDownDelaySeconds"] = JSON(Int.random(in: 0...300, using: &random)) }
        if chance(3) { blueGreen["scaleDownDelayRevisionLimit"] = JSON(Int.random(in: 0...2, using: &random)) }
        if chance(2) { blueGreen["abortScaleDownDelaySeconds"] = JSON(Int.random(in: 0...60, using: &random)) }
        if chance(4) {
            blueGreen["previewMetadata"] = ["labels": ["role": "preview"]]
            blueGreen["activeMetadata"] = ["labels": ["role": "active"]]
        }
        return blueGreen
    }

    private mutating func makeCanary() -> JSON {
        var steps: [JSON] = []
        var weight = 0
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: steps.append(["pause": [:]])
            case 1: steps.append(["pause": ["duration": JSON(Int.random(in: 0...120, using: &random))]])
            case 2: steps.append(["analysis": ["templates": [["templateName": "check"]]]])
            case 3 where isRouted:
                steps.append(["setCanaryScale": ["weight": JSON(Int.random(in: 1...100, using: &random))]])
                steps.append(["setCanaryScale": ["matchTrafficWeight": true]])
            default:
                weight = min(100, weight + Int.random(in: 1...50, using: &random))
                steps.append(["setWeight": JSON(weight)])
            }
        }
        var canary: JSON = ["steps": .array(steps)]
        if isRouted {
            canary["trafficRouting"] = ["nginx": ["stableIngress": "web"]]
            canary["stableService"] = "web-stable"
            canary["canaryService"] = "web-canary"
            if chance(2) { canary["abortScaleDownDelaySeconds"] = JSON(Int.random(in: 0...60, using: &random)) }
            if chance(3) {
                canary["dynamicStableScale"] = true
            } else if chance(2) {
                canary["scaleDownDelaySeconds"] = JSON(Int.random(in: 0...60, using: &random))
            }
            if chance(4) { canary["minPodsPerReplicaSet"] = JSON(Int.random(in: 1...3, using: &random)) }
            if chance(4) {
                canary["trafficRouting"] = ["istio": ["virtualService": ["name": "web"]]]
                canary["pingPong"] = ["pingService": "web-ping", "pongService": "web-pong"]
                canary["stableService"] = nil
                canary["canaryService"] = nil
            }
        } else {
            canary["maxSurge"] = JSON(Int.random(in: 0...3, using: &random))
            canary["maxUnavailable"] = JSON(Int.random(in: 1...3, using: &random))
        }
        if chance(3) { canary["analysis"] = ["templates": [["templateName": "always"]]] }
        if chance(4) {
            canary["canaryMetadata"] = ["labels": ["role": "canary"]]
            canary["stableMetadata"] = ["labels": ["role": "stable"]]
        }
        if isRouted { drawRoutes(&canary) }
        return canary
    }

    /// A third of the routed canaries set and remove header and mirror routes between their other steps.
    private mutating func drawRoutes(_ canary: inout JSON) {
        guard Int.random(in: 0..<3, using: &routeRandom) == 0 else { return }
        var steps = canary["steps"]?.arrayValue ?? []
        for _ in 0..<Int.random(in: 1...4, using: &routeRandom) {
            let isHeader = Bool.random(using: &routeRandom)
            var route: JSON = ["name": .string(["a", "b"].randomElement(using: &routeRandom) ?? "")]
            if Int.random(in: 0..<4, using: &routeRandom) > 0 {
                route["match"] =
                    isHeader
                    ? [["headerName": "x", "headerValue": ["exact": "1"]]] : [["path": ["prefix": "/"]]]
            }
            steps.insert(
                [isHeader ? "setHeaderRoute" : "setMirrorRoute": route],
                at: Int.random(in: 0...steps.count, using: &routeRandom))
        }
        canary["steps"] = .array(steps)
        canary["trafficRouting"] = [
            "istio": ["virtualService": ["name": "web"]], "managedRoutes": [["name": "b"], ["name": "a"]],
        ]
    }

    // MARK: Life

    mutating func run() throws {
        for step in 0..<120 where failure == nil {
            try act(step)
            movePods()
            finishRuns()
            try reconcile(withBadLuck: true)
            world.now = world.now + .milliseconds(Int64.random(in: 1...20_000, using: &random))
        }
        try calmDown()
    }

    /// Stable pods go and come with traffic, or Services change their roles.
    private var isDelicate: Bool {
        world.typed.spec.canary.map { $0.dynamicStableScale || $0.pingPong != nil || $0.hasManagedRoutes } ?? false
    }

    /// People: they deploy, abort, promote, retry, scale and pause at the worst moments.
    private mutating func act(_ step: Int) throws {
        guard step > 5, chance(8) else { return }
        let status = world.status
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1:
            image = Int.random(in: 1...4, using: &random)
            trace("deploys web:\(image)")
            try world.setImage("web:\(image)")
            abortedStable = nil
            if chance(5) {
                world.brokenImages.insert("web:\(image)")
            } else {
                world.brokenImages.remove("web:\(image)")
            }
        case 2:
            trace("aborts")
            // Repeating an abort that is in effect changes nothing, so a full promotion asked for meanwhile stands.
            // One that comes before the controller has seen a new template counts for the old one and goes with it.
            let isRepeated =
                status.abort && status.promoteFull
                || status.observedGeneration != String(world.typed.generation) || isQueued
            if status.currentPodHash != status.stableRS, !status.stableRS.isEmpty, !isRepeated {
                abortedStable = status.stableRS
            }
            try world.edit(["status": ["abort": true]])
        case 3:
            trace("retries")
            abortedStable = nil
            try world.edit(["status": ["abort": false]])
        case 4:
            trace("promotes")
            try world.edit(["status": ["pauseConditions": .null]])
        case 5 where status.currentPodHash != status.stableRS:
            trace("promotes fully")
            abortedStable = nil
            try world.edit(["status": ["promoteFull": true]])
        case 6:
            let replicas = Int.random(in: 1...10, using: &random)
            trace("scales to \(replicas)")
            try world.edit(["spec": ["replicas": JSON(replicas)]])
        case 7:
            trace("pauses or resumes")
            try world.edit(["spec": ["paused": .bool(chance(2))]])
        case 8:
            trace("restarts")
            try world.edit(["spec": ["restartAt": .string(world.now.rfc3339)]])
        case 9:
            let rule = ["supersede", "queue", "hotfix"].randomElement(using: &random) ?? ""
            trace("wants newer revisions to \(rule)")
            try world.edit(["metadata": ["annotations": ["sluice.dev/on-new-revision": .string(rule)]]])
        case 10 where kind == .blueGreen:
            trace("takes the hash off the active Service")
            world.services["web-active"]?.selector["rollouts-pod-template-hash"] = nil
        default: break
        }
    }

    /// A newer template waits for the end of the update: an abort is such an end.
    private var isQueued: Bool {
        world.typed.annotations["sluice.dev/on-new-revision"] == "queue"
            && world.set(hash: world.status.currentPodHash)?.templateDigest != world.typed.spec.template?.digest
    }

    private mutating func movePods() {
        var random = random
        world.stepPods { Int.random(in: 0..<3, using: &random) > 0 }
        self.random = random
    }

    private mutating func finishRuns() {
        for name in world.runs.keys.sorted() where world.runs[name]?.isFinished == false && chance(6) {
            world.runs[name]?.phase =
                ["Successful", "Successful", "Failed", "Inconclusive"].randomElement(using: &random) ?? ""
            trace("\(name) is \(world.runs[name]?.phase ?? "")")
        }
    }

    /// One reconcile; bad luck shows it an old world, kills it between effects, or changes objects under its feet.
    private mutating func reconcile(withBadLuck: Bool) throws {
        var seen = world.snapshot()
        if withBadLuck, chance(4), let stale { seen = stale }
        if chance(2) { stale = world.snapshot() }
        var decision = decide(seen, now: world.now)
        if decision.needsPods {
            seen.pods = world.pods
            decision = decide(seen, now: world.now)
        }
        checkNamed(decision, seen)
        var version = seen.rollout.resourceVersion
        for effect in decision.effects {
            if withBadLuck, chance(12) {
                trace("dies before \(effect)")
                return
            }
            if withBadLuck, chance(25) { movePods() }
            check(effect, seen)
            do {
                try world.perform(effect, seenVersion: &version)
                trace("\(effect)")
                // The controller never looks at a cache that lacks its own writes. Most promises hold even if it did; where
                // stable shrinks or Services swap roles, nothing but that keeps traffic off pods that are gone.
                if isDelicate { stale = nil }
            } catch {
                trace("conflict at \(effect)")
                return
            }
            if let abortedStable, world.status.stableRS != abortedStable {
                fail("was aborted, and then promoted \(world.status.stableRS)")
            }
        }
    }

    // MARK: Promises

    private mutating func fail(_ text: String) {
        if failure == nil { failure = "\(text) at \(world.now)" }
        trace("FAILURE \(text)")
    }

    /// Traffic may only move to pods that are there, and pods may only go that carry no traffic.
    private mutating func check(_ effect: RolloutEffect, _ seen: RolloutSnapshot) {
        if kind == .blueGreen { return checkBlueGreen(effect, seen) }
        guard isRouted else { return checkBasic(effect, seen) }
        // A size that was changed a moment ago cannot be known from an old view.
        let replicas = seen.rollout.spec.desiredReplicas
        switch effect {
        case .setTraffic(let request):
            let before = world.traffic.map { $0.canaryHash == request.canaryHash ? $0.canaryWeight : 0 } ?? 0
            let canary = world.set(hash: request.canaryHash)
            let stable = world.set(hash: request.stableHash)
            if request.canaryWeight > before, (canary?.availableReplicas ?? 0) == 0 {
                fail("weight \(request.canaryWeight) goes to a canary without pods")
            }
            let told = world.traffic.map { $0.canaryHash == request.canaryHash ? $0.routes : [] } ?? []
            if !request.routes.allSatisfy(told.contains), (canary?.availableReplicas ?? 0) == 0 {
                fail("routes \(request.routes.map(\.name)) lead to a canary without pods")
            }
            if let old = world.traffic, request.stableWeight > old.stableWeight, request.stableHash == old.stableHash,
                (stable?.availableReplicas ?? 0) == 0, replicas > 0
            {
                fail("weight \(request.stableWeight) goes to stable without pods")
            }
        case .switchService(let name, let hash, _):
            // A Service without a hash has nothing to lose.
            if world.services[name]?.hash.isEmpty ?? true, world.traffic == nil { return }
            if (world.traffic != nil || name == "web-stable"), world.set(hash: hash)?.availableReplicas ?? 0 == 0,
                carriesTraffic(name)
            {
                fail("Service \(name) is switched to \(hash), which has no pods")
            }
        case .updateReplicaSet(let update):
            guard let size = update.replicas, let set = world.sets[update.name],
                set.resourceVersion == update.resourceVersion,
                size < set.replicas
            else { return }
            let needed = (world.weight(of: set.hash) * replicas + 99) / 100
            let status = world.status
            if set.hash == status.stableRS, size < min(needed, replicas) {
                fail("stable \(set.name) is scaled to \(size) while its traffic needs \(needed)")
            }
            if size == 0, world.weight(of: set.hash) > 0 { fail("\(set.name) is scaled to 0 with weight on it") }
            if size == 0, routedHash == set.hash { fail("\(set.name) is scaled to 0 with routes that lead to it") }
        default: break
        }
    }

    /// The active Service may only move to pods that can serve, and what it selects is never made smaller.
    private mutating func checkBlueGreen(_ effect: RolloutEffect, _ seen: RolloutSnapshot) {
        let replicas = seen.rollout.spec.desiredReplicas
        switch effect {
        case .switchService("web-active", let hash, _):
            let before = world.services["web-active"]?.hash ?? ""
            let served = world.set(hash: before)?.availableReplicas ?? 0
            let present = world.set(hash: hash)?.availableReplicas ?? 0
            let known = seen.replicaSets.first { $0.hash == hash }?.availableReplicas ?? 0
            if hash != seen.rollout.status.stableRS, known < replicas {
                fail("the active Service goes to \(hash), of which \(known) of \(replicas) pods were seen")
            }
            if present == 0, served > 0, known == 0 { fail("the active Service goes to \(hash), which has no pods") }
        case .updateReplicaSet(let update):
            guard let size = update.replicas, let set = world.sets[update.name],
                set.resourceVersion == update.resourceVersion, size < set.replicas
            else { return }
            // An old view may lack the switch that made it active; what it sees as active is what it must protect.
            let isActive = seen.services["web-active"]?.hash == set.hash
            if isActive, size < replicas { fail("\(set.name) is active and is scaled to \(size)") }
            if set.hash == world.status.stableRS, seen.rollout.status.stableRS == set.hash, size < replicas {
                fail("stable \(set.name) is scaled to \(size) of \(replicas)")
            }
        default: break
        }
    }

    private func carriesTraffic(_ service: String) -> Bool {
        guard let traffic = world.traffic else { return service == "web-stable" }
        return service == traffic.stableService
            ? traffic.stableWeight > 0 : traffic.canaryWeight > 0 || !traffic.routes.isEmpty
    }

    /// The pods that header and mirror routes lead to.
    private var routedHash: String? {
        guard let traffic = world.traffic, !traffic.routes.isEmpty else { return nil }
        return world.services[traffic.canaryService].flatMap { $0.hash.isEmpty ? nil : $0.hash } ?? traffic.canaryHash
    }

    /// Without a router pods are the traffic: a scale-down may not take the sum of healthy pods below the minimum.
    private mutating func checkBasic(_ effect: RolloutEffect, _ seen: RolloutSnapshot) {
        guard case .updateReplicaSet(let update) = effect, let size = update.replicas,
            let set = world.sets[update.name],
            set.resourceVersion == update.resourceVersion, size < min(set.replicas, set.availableReplicas),
            case let spec = seen.rollout.spec, let canary = spec.canary
        else { return }
        let limits = SurgeLimits(
            replicas: spec.desiredReplicas, maxSurge: canary.maxSurge, maxUnavailable: canary.maxUnavailable)
        let left =
            world.sets.values.reduce(0) { $0 + min($1.availableReplicas, $1.replicas) }
            - min(set.availableReplicas, set.replicas) + size
        // A canary that is being given up counts by its wanted size, for its pods may be broken.
        let total = world.sets.values.reduce(0) { $0 + $1.replicas } - set.replicas + size
        if left < spec.desiredReplicas - limits.unavailable, total < spec.desiredReplicas - limits.unavailable {
            fail("\(set.name) is scaled from \(set.replicas) to \(size), which leaves \(left) available pods")
        }
    }

    /// A decision without effects names what it waits for, unless everything is done.
    private mutating func checkNamed(_ decision: RolloutDecision, _ seen: RolloutSnapshot) {
        guard decision.effects.isEmpty, decision.waiting == nil else { return }
        if seen.rollout.status.phase != "Healthy" {
            fail("stands still in phase \(seen.rollout.status.phase) (\(seen.rollout.status.message)) without a reason")
        }
    }

    /// When the bad luck ends, an abort must have all traffic back on stable, and everything else must finish.
    private mutating func calmDown() throws {
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

    private mutating func checkEnd() throws {
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
            let stops: Set<Waiting.Reason> = [.pauseStep, .pausedByUser, .inconclusiveAnalysis, .promotion]
            if let waiting = decision.waiting, stops.contains(waiting.reason) { return }
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

    /// In the end the pods of every ReplicaSet carry the metadata of its role.
    private mutating func checkRoles() {
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

    private func trace(_ text: String) {
        if isTraced { print("\(world.now) \(text)") }
    }
}
