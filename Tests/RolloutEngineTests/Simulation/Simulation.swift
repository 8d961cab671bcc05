import Glibc
import Manifest
import RolloutEngine
import SluiceTestKit

/// One life of one Rollout under a seed: slow pods, conflicts, crashes, stale caches, and people who change their minds.
struct Simulation {
    enum Kind: CaseIterable { case basic, routed, blueGreen }

    var random: SeededGenerator
    /// Draws header and mirror routes, apart, so that a life without them is the one that its seed had before there were any.
    var routeRandom: SeededGenerator
    /// Draws whose status lags behind its spec, apart for the same reason.
    var statusRandom: SeededGenerator
    var world: World
    let kind: Kind
    var isRouted: Bool { kind == .routed }
    let isTraced: Bool
    /// The world as the controller's caches hold it.
    ///
    /// They may lag, each for itself, but never go back, nor behind what the controller wrote itself.
    var cache: World
    /// ReplicaSets of which pods were evicted, as long as the cache does not show it.
    ///
    /// Their own controller writes their counts, so no waiting for own writes helps, no more than against a pod that fails
    /// by itself. What was seen must still suffice.
    var unseen: Set<String> = []
    var image = 1
    var failure: String?
    /// What was stable when someone aborted; it stays so until someone asks for something else.
    var abortedStable: String?
    /// What a person promoted in full, until someone asks for something else.
    var promotedFully: String?

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        routeRandom = SeededGenerator(seed: seed ^ 0x726F_7574_6573)
        statusRandom = SeededGenerator(seed: seed ^ 0x0073_7461_7475_73)
        kind = Kind.allCases.randomElement(using: &random) ?? .basic
        isTraced = getenv("SLUICE_SEED") != nil
        world = try World(spec: World.spec(replicas: 1, canary: [:]))
        cache = world
        world = try World(spec: makeSpec())
        cache = world
        trace("begins with \(world.rollout["spec"]?["strategy"] ?? .null)")
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

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

    /// People: they deploy, abort, promote, retry, scale and pause at the worst moments.
    private mutating func act(_ step: Int) throws {
        guard step > 5, chance(8) else { return }
        let status = world.status
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1:
            image = Int.random(in: 1...4, using: &random)
            trace("deploys web:\(image)")
            try world.setImage("web:\(image)")
            (abortedStable, promotedFully) = (nil, nil)
            if chance(5) {
                world.brokenImages.insert("web:\(image)")
            } else {
                world.brokenImages.remove("web:\(image)")
            }
        case 2:
            trace("aborts")
            // Repeating an abort that is in effect changes nothing, so a full promotion asked for meanwhile stands.
            // One that comes before the controller has written down a new template counts for the old one and goes with it.
            let isRepeated = status.abort && status.promoteFull || !isTemplateRecorded
            if status.currentPodHash != status.stableRS, !status.stableRS.isEmpty, !isRepeated {
                abortedStable = status.stableRS
            }
            promotedFully = nil
            try world.edit(["status": ["abort": true]])
        case 3:
            trace("retries")
            (abortedStable, promotedFully) = (nil, nil)
            try world.edit(["status": ["abort": false]])
        case 4:
            trace("promotes")
            try world.edit(["status": ["pauseConditions": .null]])
        case 5 where status.currentPodHash != status.stableRS:
            trace("promotes fully")
            abortedStable = nil
            if isTemplateRecorded { promotedFully = status.currentPodHash }
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

    /// The status tells of the present template: it neither waits in line nor has been decided on without a record.
    private var isTemplateRecorded: Bool {
        world.set(hash: world.status.currentPodHash)?.templateDigest == world.typed.spec.template?.digest
    }

    private mutating func movePods() {
        var random = random
        world.stepPods { Int.random(in: 0..<3, using: &random) > 0 }
        self.random = random
    }

    private mutating func finishRuns() {
        for name in world.runs.keys.sorted() where world.runs[name]?.isFinished == false && chance(6) {
            world.runs[name]?.phase =
                ["Successful", "Successful", "Failed", "Error", "Inconclusive"].randomElement(using: &random) ?? ""
            trace("\(name) is \(world.runs[name]?.phase ?? "")")
        }
    }

    /// The watches deliver what has changed, or some of them do, or none.
    private mutating func lookAround(_ withBadLuck: Bool) {
        if withBadLuck, chance(3) {
            for watch in World.Watch.allCases where chance(2) { catchUp(watch, withBadLuck) }
            trace("sees old objects")
        } else {
            for watch in World.Watch.allCases { catchUp(watch, withBadLuck) }
            cache.workload = world.workload
        }
    }

    /// A ReplicaSet's controller writes the status when it gets round to it, which may be long after the spec has changed.
    private mutating func catchUp(_ watch: World.Watch, _ withBadLuck: Bool) {
        guard watch == .replicaSets else { return cache.catchUp(with: world, watch) }
        let lagging =
            withBadLuck
            ? Set(world.sets.keys.sorted().filter { _ in Int.random(in: 0..<4, using: &statusRandom) == 0 }) : []
        cache.catchUp(with: world, watch, laggingStatus: lagging)
        unseen.formIntersection(lagging)
    }

    /// One reconcile; bad luck shows it an old world, kills it between effects, or changes objects under its feet.
    mutating func reconcile(withBadLuck: Bool) throws {
        lookAround(withBadLuck)
        var seen = cache.snapshot()
        defer { traceWorld() }
        var decision = decide(seen, now: world.now)
        if decision.needsPods {
            seen.pods = world.pods
            decision = decide(seen, now: world.now)
        }
        checkNamed(decision, seen)
        checkEvictions(decision, seen)
        var version = seen.rollout.resourceVersion
        for effect in decision.effects {
            if withBadLuck, chance(12) {
                trace("dies before it \(words(effect))")
                return
            }
            if withBadLuck, chance(25) { movePods() }
            check(effect, seen)
            do {
                trace(words(effect))
                try world.perform(effect, seenVersion: &version)
            } catch {
                trace("meets a conflict there")
                return
            }
            cache.catchUp(with: world, on: effect)
            if case .evictPod(_, let uid) = effect {
                unseen.formUnion(uid.split(separator: "#").prefix(1).map(String.init))
            }
            if let abortedStable, world.status.stableRS != abortedStable {
                fail("was aborted, and then promoted \(world.status.stableRS)")
            }
        }
    }
}
