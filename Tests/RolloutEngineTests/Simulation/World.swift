import Manifest
import RolloutEngine
import SluiceTestKit

/// A small cluster in memory: one Rollout, its ReplicaSets with pods, AnalysisRuns, Services and a router.
///
/// Time is a value; nothing here waits. Effects are performed with their preconditions, so a stale decision fails as it
/// would on an API server.
struct World {
    struct Conflict: Error {}

    var now = Timestamp(seconds: 1_800_000_000, nanoseconds: 500_000_000)
    var version = 1
    /// The Rollout's manifest, status included.
    var rollout: JSON
    var sets: [String: ReplicaSet] = [:]
    var runs: [String: AnalysisRunFact] = [:]
    var services: [String: ServiceFact] = [:]
    /// What the router was told.
    var traffic: TrafficRequest?
    var requests = 0
    var events: [RolloutEvent] = []
    /// Labels and annotations of the ReplicaSets' pod templates.
    var templates: [String: EphemeralMetadata] = [:]
    /// Affinities of the ReplicaSets' pod templates.
    var affinities: [String: JSON] = [:]
    /// Pods that were asked to go, by name.
    var evicted: [String] = []
    /// When the pods of each ReplicaSet were created, oldest first.
    var births: [String: [Timestamp]] = [:]
    var podMetadata: [PodMetadataRequest] = []
    /// Every decision that was made, with what it was made from.
    var decisions: [RecordedDecision] = []
    var workload: WorkloadFact?
    var isStrict = false
    var restoresWorkload = false
    /// Revision numbers of templates that never become available.
    var brokenImages: Set<String> = []

    init(spec: JSON) throws {
        rollout = [
            "metadata": [
                "name": "web", "namespace": "shop", "uid": "rollout-uid", "generation": 1, "resourceVersion": "1",
            ],
            "spec": spec,
        ]
        typed = try Rollout(rollout)
        for service in typed.serviceNames { services[service] = ServiceFact(selector: ["app": "web"]) }
    }

    static func spec(replicas: Int, image: String = "web:1", canary: JSON) -> JSON {
        spec(replicas: replicas, image: image, strategy: ["canary": canary])
    }

    static func spec(replicas: Int, image: String = "web:1", blueGreen: JSON) -> JSON {
        spec(replicas: replicas, image: image, strategy: ["blueGreen": blueGreen])
    }

    static func spec(replicas: Int, image: String = "web:1", strategy: JSON) -> JSON {
        [
            "replicas": JSON(replicas), "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": ["labels": ["app": "web"]],
                "spec": ["containers": [["name": "web", "image": .string(image)]]],
            ],
            "strategy": strategy,
        ]
    }

    // MARK: Looking

    /// The Rollout as the cache would hold it.
    private(set) var typed: Rollout
    var status: RolloutStatus { typed.status }

    func snapshot() -> RolloutSnapshot {
        let rollout = typed.resolved(with: workload)
        var seen = RolloutSnapshot(
            rollout: rollout, replicaSets: sets.values.sorted { $0.name < $1.name },
            analysisRuns: runs.values.sorted { $0.name < $1.name }, services: services, traffic: fact(of: rollout),
            workload: workload, isStrict: isStrict)
        seen.restoresWorkload = restoresWorkload
        seen.takeLastValidStrategy(services: { _ in services }, traffic: fact)
        return seen
    }

    private func fact(of rollout: Rollout) -> TrafficFact? {
        guard rollout.spec.canary?.trafficRouting != nil else { return nil }
        let weights = rollout.status.weights
        let areWeightsInSync =
            traffic != nil && traffic?.canaryWeight == weights?.canary.weight
            && traffic?.canaryHash == weights?.canary.podTemplateHash
            && traffic?.stableHash == weights?.stable.podTemplateHash
        return TrafficFact(
            isInSync: areWeightsInSync && traffic?.routes == rollout.recordedRoutes,
            isInSyncWithoutRoutes: areWeightsInSync && traffic?.routes.isEmpty ?? true,
            areWeightsInSync: areWeightsInSync)
    }

    func set(hash: String) -> ReplicaSet? { sets.values.first { $0.hash == hash } }

    /// Share of traffic that reaches pods of a hash, in percent of the weights.
    func weight(of hash: String) -> Int {
        guard let traffic else { return 0 }
        let reached = { (service: String, fallback: String) in
            services[service].map { $0.hash.isEmpty ? fallback : $0.hash } ?? fallback
        }
        var weight = 0
        if reached(traffic.canaryService, traffic.canaryHash) == hash { weight += traffic.canaryWeight }
        if reached(traffic.stableService, traffic.stableHash) == hash { weight += traffic.stableWeight }
        return weight
    }

    /// The pods of all ReplicaSets; the first ones of each are those that are available.
    ///
    /// A test that needs others sets them.
    var pods: [PodFact] {
        get {
            scriptedPods
                ?? sets.values.sorted { $0.name < $1.name }.flatMap { set in
                    (births[set.name] ?? []).enumerated().map { index, birth in
                        PodFact(
                            name: "\(set.name)-\(index)", uid: "\(set.name)#\(index)", ownerUID: set.uid,
                            creationTimestamp: birth, readySince: index < set.availableReplicas ? birth : nil)
                    }
                }
        }
        set { scriptedPods = newValue }
    }

    private var scriptedPods: [PodFact]?

    // MARK: Acting

    mutating func bump() -> String {
        version += 1
        return String(version)
    }

    mutating func perform(_ effect: RolloutEffect, seenVersion: inout String) throws {
        requests += 1
        switch effect {
        case .createReplicaSet(let json, _):
            let set = try ReplicaSet(json)
            if sets[set.name] != nil { throw Conflict() }
            var created = set
            created.uid = "uid-\(set.name)"
            created.generation = 1
            created.creationTimestamp = now.wholeSeconds
            created.resourceVersion = bump()
            sets[set.name] = created
            templates[set.name] = EphemeralMetadata(
                labels: json.at("spec", "template", "metadata", "labels")?.stringMap ?? [:],
                annotations: json.at("spec", "template", "metadata", "annotations")?.stringMap ?? [:])
            affinities[set.name] = json.at("spec", "template", "spec", "affinity")
        case .updateReplicaSet(let update):
            guard var set = sets[update.name], set.resourceVersion == update.resourceVersion else { throw Conflict() }
            if let replicas = update.replicas {
                set.replicas = replicas
                set.generation += 1
            }
            if let seconds = update.minReadySeconds { set.minReadySeconds = seconds }
            for (key, value) in update.annotations { set.annotations[key] = value }
            for (key, value) in update.templateLabels { templates[update.name]?.labels[key] = value }
            for (key, value) in update.templateAnnotations { templates[update.name]?.annotations[key] = value }
            if !update.templateLabels.isEmpty || !update.templateAnnotations.isEmpty { set.generation += 1 }
            if let affinity = update.affinity { affinities[update.name] = affinity }
            set.resourceVersion = bump()
            sets[update.name] = set
        case .deleteReplicaSet(let name, _, let resourceVersion):
            guard sets[name]?.resourceVersion == resourceVersion else { throw Conflict() }
            sets[name] = nil
        case .switchService(let name, let hash, let adopting):
            services[name]?.selector["rollouts-pod-template-hash"] = hash
            if adopting { services[name]?.managedBy = "web" }
        case .setTraffic(let request): traffic = request
        case .createAnalysisRun(let request):
            if runs[request.name] != nil { throw Conflict() }
            runs[request.name] = AnalysisRunFact(
                name: request.name, uid: request.name, phase: "Running", labels: request.labels, creationTimestamp: now)
        case .terminateAnalysisRun(let name):
            runs[name]?.isTerminating = true
            runs[name]?.phase = "Successful"
        case .deleteAnalysisRun(let name, _): runs[name] = nil
        case .patchRollout(let patch), .patchStatus(let patch):
            guard rollout.resourceVersion == seenVersion else { throw Conflict() }
            try edit(patch)
            seenVersion = rollout.resourceVersion
        case .removeFromRollout(let pointers):
            guard rollout.resourceVersion == seenVersion else { throw Conflict() }
            for pointer in pointers { rollout.remove(pointer.split(separator: "/")) }
            try edit(["spec": [:]])
            seenVersion = rollout.resourceVersion
        case .evictPod(let name, let uid):
            evicted.append(name)
            scriptedPods?.removeAll { $0.name == name }
            // The uid tells the ReplicaSet and the pod's place in it.
            let parts = uid.split(separator: "#")
            guard parts.count == 2, let index = Int(parts[1]), var set = sets[String(parts[0])],
                births[set.name]?.indices.contains(index) ?? false
            else { return }
            births[set.name]?.remove(at: index)
            set.currentReplicas = max(0, set.currentReplicas - 1)
            set.availableReplicas = max(0, set.availableReplicas - 1)
            set.readyReplicas = set.availableReplicas
            set.resourceVersion = bump()
            sets[set.name] = set
        case .syncPodMetadata(let request): podMetadata.append(request)
        case .scaleWorkload(_, let replicas): workload?.replicas = replicas
        case .adoptReplicaSet, .releaseReplicaSet: throw Conflict()
        }
    }

    /// A merge patch as a person or the controller sends it; the generation follows the spec.
    mutating func edit(_ patch: JSON) throws {
        let before = rollout["spec"]
        rollout = MergePatch.apply(patch, to: rollout)
        if rollout["spec"] != before {
            rollout.set(.int((rollout.at("metadata", "generation")?.intValue ?? 0) + 1), at: "metadata", "generation")
        }
        rollout.set(.string(bump()), at: "metadata", "resourceVersion")
        if patch["spec"] != nil || patch["metadata"] != nil {
            typed = try Rollout(rollout)
        } else {
            // Most edits are of the status, and the template is the costly part.
            typed.status = try Rollout(["status": rollout["status"] ?? .emptyObject]).status
            typed.resourceVersion = rollout.resourceVersion
        }
    }

    mutating func setImage(_ image: String) throws {
        try edit(["spec": ["template": ["spec": ["containers": [["name": "web", "image": .string(image)]]]]]])
    }

    /// What the watch of one kind has delivered.
    enum Watch: CaseIterable { case rollouts, replicaSets, services, analysisRuns, routes }

    /// Takes over all objects of a kind from the real world, but of the named ReplicaSets only what is not status.
    mutating func catchUp(with world: World, _ watch: Watch, laggingStatus: Set<String> = []) {
        switch watch {
        case .rollouts: (rollout, typed) = (world.rollout, world.typed)
        case .replicaSets:
            let old = sets
            sets = world.sets
            for name in laggingStatus { sets[name]?.takeStatus(of: old[name]) }
        case .services: services = world.services
        case .analysisRuns: runs = world.runs
        case .routes: traffic = world.traffic
        }
    }

    /// Takes over from the real world what an effect wrote: a cache is never looked at before it holds our own writes.
    mutating func catchUp(with world: World, on effect: RolloutEffect) {
        switch effect {
        case .createReplicaSet(let json, _): sets[json.objectName] = world.sets[json.objectName]
        case .updateReplicaSet(let update):
            // The answer comes before the ReplicaSet's own controller has counted again.
            let old = sets[update.name]
            sets[update.name] = world.sets[update.name]
            sets[update.name]?.takeStatus(of: old)
        case .deleteReplicaSet(let name, _, _): sets[name] = world.sets[name]
        case .switchService(let name, _, _): services[name] = world.services[name]
        case .setTraffic: traffic = world.traffic
        case .createAnalysisRun(let request): runs[request.name] = world.runs[request.name]
        case .terminateAnalysisRun(let name), .deleteAnalysisRun(let name, _): runs[name] = world.runs[name]
        case .patchRollout, .removeFromRollout, .patchStatus: (rollout, typed) = (world.rollout, world.typed)
        case .scaleWorkload: workload = world.workload
        // Pods are not cached, and what an eviction does to a ReplicaSet is for its own controller to write.
        case .evictPod, .syncPodMetadata, .adoptReplicaSet, .releaseReplicaSet: break
        }
    }

    // MARK: The cluster's other half

    /// The ReplicaSet controller and the pods take one step; `chance` says whether a single pod does.
    mutating func stepPods(_ chance: () -> Bool = { true }) {
        for name in sets.keys.sorted() {
            guard var set = sets[name] else { continue }
            let before = set
            if chance() { set.observedGeneration = set.generation }
            if set.currentReplicas != set.replicas, chance() { set.currentReplicas = set.replicas }
            set.readyReplicas = min(set.readyReplicas, set.currentReplicas)
            set.availableReplicas = min(set.availableReplicas, set.currentReplicas)
            let isBroken = set.images.contains { brokenImages.contains($0) }
            while set.availableReplicas < set.currentReplicas, !isBroken, chance() { set.availableReplicas += 1 }
            set.readyReplicas = set.availableReplicas
            let known = births[name] ?? []
            births[name] =
                Array(known.prefix(set.currentReplicas))
                + Array(repeating: now.wholeSeconds, count: max(0, set.currentReplicas - known.count))
            if set != before {
                set.resourceVersion = bump()
                sets[name] = set
            }
        }
    }

    /// What would be decided now, and on what.
    func look() -> (seen: RolloutSnapshot, decision: RolloutDecision) {
        var seen = snapshot()
        let decision = decide(seen, now: now)
        guard decision.needsPods else { return (seen, decision) }
        seen.pods = pods
        return (seen, decide(seen, now: now))
    }

    /// One whole reconcile without bad luck; gives the decision.
    @discardableResult
    mutating func reconcile() throws -> RolloutDecision {
        let (seen, decision) = look()
        decisions.append(RecordedDecision(now: now, seen: seen, decision: decision))
        var version = seen.rollout.resourceVersion
        for effect in decision.effects { try perform(effect, seenVersion: &version) }
        events += decision.events
        return decision
    }

    /// Reconciles until a decision changes nothing; pods stay as they are.
    mutating func settle(limit: Int = 40) throws {
        for _ in 0..<limit where try reconcile().effects.isEmpty {
            return
        }
    }

    /// Reconciles and lets pods start, until nothing changes any more.
    mutating func run(limit: Int = 200) throws {
        for _ in 0..<limit {
            let version = version
            try settle()
            stepPods()
            if version == self.version { return }
        }
    }
}

extension JSON {
    /// Removes what a JSON pointer's parts lead to.
    fileprivate mutating func remove(_ path: [Substring]) {
        guard let first = path.first else { return }
        let key = String(first).replacing("~1", with: "/").replacing("~0", with: "~")
        if var elements = arrayValue, let index = Int(key), elements.indices.contains(index) {
            elements[index].remove(Array(path.dropFirst()))
            self = .array(elements)
        } else if path.count == 1 {
            self[key] = nil
        } else {
            var member = self[key] ?? .null
            member.remove(Array(path.dropFirst()))
            self[key] = member
        }
    }
}

extension ReplicaSet {
    fileprivate mutating func takeStatus(of old: ReplicaSet?) {
        guard let old else { return }
        observedGeneration = old.observedGeneration
        currentReplicas = old.currentReplicas
        readyReplicas = old.readyReplicas
        availableReplicas = old.availableReplicas
    }
}

extension JSON {
    fileprivate var objectName: String { at("metadata", "name")?.stringValue ?? "" }
}
