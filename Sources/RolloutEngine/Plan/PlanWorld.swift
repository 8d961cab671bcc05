import Manifest

/// A cluster as good as it can be, for looking ahead: every effect works, and pods become available in their time.
struct PlanWorld {
    var now: Timestamp
    var rollout: Rollout
    var sets: [String: ReplicaSet]
    var runs: [String: AnalysisRunFact] = [:]
    var services: [String: ServiceFact]
    var traffic: TrafficRequest?
    let workload: WorkloadFact?
    /// How long a new pod takes until it is ready; `minReadySeconds` comes on top.
    let podStart: Duration
    /// How long the analysis of these templates takes when every measurement is good; `nil` where it ends only by force.
    let analysisLength: @Sendable (AnalysisReference) -> Duration?
    /// When pods that were created become available: ReplicaSet, number of pods in all, time.
    private var arrivals: [(set: String, count: Int, time: Timestamp)] = []
    private var ends: [String: Timestamp] = [:]

    init(
        rollout: Rollout, sets: [ReplicaSet], services: [String: ServiceFact], workload: WorkloadFact?, now: Timestamp,
        podStart: Duration, analysisLength: @escaping @Sendable (AnalysisReference) -> Duration?
    ) {
        self.rollout = rollout
        self.sets = Dictionary(sets.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        self.services = services
        self.workload = workload
        self.now = now
        self.podStart = podStart
        self.analysisLength = analysisLength
        if let weights = rollout.status.weights {
            traffic = TrafficRequest(
                canaryWeight: weights.canary.weight, maxWeight: rollout.spec.canary?.maxWeight ?? 100,
                canaryHash: weights.canary.podTemplateHash, stableHash: weights.stable.podTemplateHash,
                canaryService: weights.canary.serviceName, stableService: weights.stable.serviceName,
                routes: rollout.recordedRoutes)
        }
    }

    var snapshot: RolloutSnapshot {
        var fact: TrafficFact?
        if rollout.spec.canary?.trafficRouting != nil {
            let weights = rollout.status.weights
            let areWeightsInSync =
                traffic != nil && traffic?.canaryWeight == weights?.canary.weight
                && traffic?.canaryHash == weights?.canary.podTemplateHash
                && traffic?.stableHash == weights?.stable.podTemplateHash
            fact = TrafficFact(
                isInSync: areWeightsInSync && traffic?.routes == rollout.recordedRoutes,
                isInSyncWithoutRoutes: areWeightsInSync && traffic?.routes.isEmpty ?? true,
                areWeightsInSync: areWeightsInSync)
        }
        return RolloutSnapshot(
            rollout: rollout, replicaSets: sets.values.sorted { $0.name < $1.name },
            analysisRuns: runs.values.sorted { $0.name < $1.name }, services: services, traffic: fact,
            workload: workload, pods: pods)
    }

    /// Pods are only looked at for a restart, and where none of stable's was ever seen; a plan takes them all for new.
    private var pods: [PodFact]? {
        let isRestarting = rollout.spec.restartAt != rollout.status.restartedAt
        let isBroken = sets.values.contains { $0.hash == rollout.status.stableRS && $0.availableReplicas == 0 }
        let count = sets.values.reduce(0) { $0 + min($1.availableReplicas, Self.podLimit) }
        guard isRestarting || isBroken, count <= Self.podLimit else { return nil }
        return sets.values.flatMap { set in
            (0..<set.availableReplicas).map { index in
                PodFact(
                    name: "\(set.name)-\(index)", uid: "\(set.uid)-\(index)", ownerUID: set.uid,
                    creationTimestamp: now, readySince: now)
            }
        }
    }

    private static let podLimit = 100_000

    /// The next instant at which something happens by itself.
    var nextChange: Timestamp? { (arrivals.map(\.time) + ends.values).min() }

    /// Whether something ends at this very instant.
    var isSomethingDue: Bool { nextChange.map { $0 <= now } ?? false }

    mutating func perform(_ effect: RolloutEffect) {
        switch effect {
        case .createReplicaSet(let json, let digest):
            guard var set = try? ReplicaSet(json) else { return }
            set.uid = set.name
            set.resourceVersion = "1"
            set.creationTimestamp = now
            set.templateDigest = digest
            let size = set.replicas
            set.replicas = 0
            sets[set.name] = set
            resize(set.name, to: size)
        case .updateReplicaSet(let update):
            guard var set = sets[update.name] else { return }
            for (key, value) in update.annotations { set.annotations[key] = value }
            if let seconds = update.minReadySeconds { set.minReadySeconds = seconds }
            sets[update.name] = set
            if let replicas = update.replicas { resize(update.name, to: replicas) }
        case .deleteReplicaSet(let name, _, _): sets[name] = nil
        case .switchService(let name, let hash, let adopting):
            services[name]?.selector[Keys.podTemplateHash] = hash
            if adopting { services[name]?.managedBy = rollout.key.name }
        case .setTraffic(let request): traffic = request
        case .createAnalysisRun(let request):
            runs[request.name] = AnalysisRunFact(
                name: request.name, uid: request.name, phase: "Running", labels: request.labels, creationTimestamp: now)
            if let length = analysisLength(request.reference) { ends[request.name] = now + length }
        case .terminateAnalysisRun(let name):
            runs[name]?.isTerminating = true
            runs[name]?.phase = "Successful"
            ends[name] = nil
        case .deleteAnalysisRun(let name, _): runs[name] = nil
        case .patchStatus(let patch):
            if let status = patch["status"] { rollout.status = rollout.status.patched(with: status) }
        case .patchRollout(let patch):
            for (key, value) in patch.at("metadata", "annotations")?.objectValue ?? [:] {
                rollout.annotations[key] = value.stringValue
            }
            if let replicas = patch.at("spec", "replicas")?.intValue { rollout.spec.replicas = Int(clamping: replicas) }
        case .removeFromRollout: (rollout.leftOut, rollout.unreadable) = ([], [])
        case .adoptReplicaSet(let name, _):
            sets[name]?.owner = OwnerReference(kind: "Rollout", name: rollout.key.name, uid: rollout.uid)
        case .releaseReplicaSet(let name, _): sets[name] = nil
        case .evictPod, .syncPodMetadata, .scaleWorkload: break
        }
    }

    private mutating func resize(_ name: String, to size: Int) {
        guard var set = sets[name] else { return }
        set.replicas = size
        set.currentReplicas = size
        set.observedGeneration = set.generation
        arrivals.removeAll { $0.set == name }
        if size <= set.availableReplicas {
            set.availableReplicas = size
            set.readyReplicas = size
        } else {
            arrivals.append((name, size, now + podStart + .seconds(set.minReadySeconds)))
        }
        sets[name] = set
        arrive()
    }

    /// Lets time pass; pods and analyses that are due by then are done.
    mutating func advance(to time: Timestamp) {
        now = max(now, time)
        arrive()
        for (name, end) in ends where end <= now {
            runs[name]?.phase = "Successful"
            ends[name] = nil
        }
    }

    private mutating func arrive() {
        for arrival in arrivals where arrival.time <= now {
            sets[arrival.set]?.availableReplicas = arrival.count
            sets[arrival.set]?.readyReplicas = arrival.count
        }
        arrivals.removeAll { $0.time <= now }
    }
}

extension RolloutStatus {
    /// The status after one of our own merge patches.
    func patched(with patch: JSON) -> RolloutStatus {
        let before = mergePatch(from: RolloutStatus())?["status"] ?? .emptyObject
        var reader = JSONReader(MergePatch.apply(patch, to: before).serialized())
        return (try? RolloutStatus(&reader)) ?? self
    }
}
