package import Manifest

/// The way that an update would take if everything goes well, found by asking the engine itself step after step.
package struct RolloutPlan: Sendable {
    /// One state that lasts until the next.
    package struct Moment: Hashable, Sendable {
        /// Since the change; waiting for people not counted.
        package var after: Duration
        /// 1-based; `nil` where there are no steps, or after the last.
        package var step: Int?
        package var text: String
        /// The new revision's share of traffic as routers have it; for basic canaries that of its pods.
        ///
        /// All of it once it is promoted.
        package var weight: Int
        package var canary: Int
        package var stable: Int
        /// Pods of revisions that are neither.
        package var others: Int
        /// Pods above the desired number.
        package var surge: Int
        /// AnalysisRuns that are measuring.
        package var analyses: [String]
        /// Header and mirror routes that stand.
        package var routes: [String] = []
        /// Who has to act before the next moment comes; the plan goes on as if they did at once.
        package var waitsFor: String?
    }

    package enum Outcome: Hashable, Sendable {
        /// The new revision is stable and all old pods are gone.
        case completes
        /// Nothing would change for these reasons.
        case blocked(String)
    }

    package struct Assumptions: Sendable {
        /// How long a new pod takes until it is ready.
        package var podStart: Duration = .seconds(10)
        /// How long an analysis takes when every measurement is good; `nil` where it ends only with the update.
        package var analysisLength: @Sendable (AnalysisReference) -> Duration? = { _ in .zero }

        package init() {}
    }

    package var moments: [Moment] = []
    package var outcome: Outcome = .blocked("the plan was not made")
    /// The earliest end, waiting for people not counted.
    package var earliestEnd: Duration = .zero
    package var replicas = 0
    package var maxWeight = 100
    /// Analyses that would run, by the field that asks for them.
    package var analyses: [(path: String, templates: [String])] = []

    /// A step can need some looks for each pod; what needs more than this does not end.
    private static let maximalLooks = 20_000
    private static let maximalMoments = 2_000

    /// - Parameters:
    ///   - rollout: The Rollout as it would be after the change, with the status that it has now; without any status
    ///     another revision is taken to be there and healthy.
    ///   - replicaSets: Those it has now.
    ///   - services: The Services that exist; `nil` takes all that are named to exist.
    ///   - workload: What `workloadRef` refers to.
    ///   - referenceProblems: What is wrong with the objects that it refers to.
    package init(
        of rollout: Rollout, replicaSets: [ReplicaSet] = [], services: [String: ServiceFact]? = nil,
        workload: WorkloadFact? = nil, referenceProblems: [FieldProblem] = [], now: Timestamp,
        _ assumptions: Assumptions = Assumptions()
    ) {
        var rollout = rollout.resolved(with: workload)
        if rollout.uid.isEmpty { rollout.uid = "planned" }
        rollout.generation = max(rollout.generation, 1)
        replicas = rollout.spec.desiredReplicas
        maxWeight = rollout.spec.canary?.maxWeight ?? 100
        analyses = rollout.spec.analyses.map { ($0.path, $0.reference.templates.map(\.name)) }
        let problems = rollout.problems.isEmpty ? referenceProblems : rollout.problems
        guard problems.isEmpty else {
            outcome = .blocked(problems.map { "\($0)" }.joined(separator: "\n"))
            return
        }
        var sets = replicaSets
        if rollout.status.stableRS.isEmpty, sets.isEmpty {
            sets = [rollout.pretendStable(now: now)]
            rollout.status.adopt(sets[0], of: rollout)
        }
        let named = Dictionary(
            rollout.serviceNames.map { name in
                (
                    name,
                    ServiceFact(selector: [Keys.podTemplateHash: rollout.status.stableRS], managedBy: rollout.key.name)
                )
            }, uniquingKeysWith: { $1 })
        var world = PlanWorld(
            rollout: rollout, sets: sets, services: services ?? named, workload: workload, now: now,
            podStart: assumptions.podStart, analysisLength: assumptions.analysisLength)
        run(&world)
    }

    private mutating func run(_ world: inout PlanWorld) {
        let start = world.now
        for _ in 0..<Self.maximalLooks {
            let decision = decide(world.snapshot, now: world.now)
            if let problem = decision.problems.first {
                outcome = .blocked("\(problem)")
                return
            }
            for effect in decision.effects { world.perform(effect) }
            note(world, decision, after: world.now - start)
            guard decision.effects.isEmpty else { continue }
            if isDone(world) {
                outcome = .completes
                earliestEnd = moments.last?.after ?? .zero
                return
            }
            // The next instant at which pods, analyses or the engine's own times change something.
            let times = [world.nextChange, decision.requeueAfter.map { world.now + $0 }].compactMap { $0 }
            if letPeopleAct(&world, decision.waiting) { continue }
            // An analysis may take no time at all.
            guard let next = times.min(), next > world.now || world.isSomethingDue else {
                outcome = .blocked(decision.waiting?.message ?? "nothing would move it")
                return
            }
            world.advance(to: next)
        }
        outcome = .blocked("the update does not end within \(Self.maximalLooks) looks at it")
    }

    private func isDone(_ world: PlanWorld) -> Bool {
        let status = world.rollout.status
        return status.isFullyPromoted && status.phase == "Healthy"
            && world.sets.values.allSatisfy { $0.hash == status.stableRS || $0.replicas == 0 }
    }

    /// Ends a pause that only a person can end; `true` when there was one.
    private mutating func letPeopleAct(_ world: inout PlanWorld, _ waiting: Waiting?) -> Bool {
        let spec = world.rollout.spec
        let status = world.rollout.status
        let index = status.currentStepIndex ?? 0
        let step = (spec.canary?.steps ?? []).indices.contains(index) ? spec.canary?.steps[index] : nil
        let needsPromotion =
            spec.blueGreen.map { !$0.autoPromotionEnabled } ?? (step?.pause.map { $0.duration == nil } ?? false)
        if spec.paused {
            mark("spec.paused is set; `kubectl sluice promote \(world.rollout.key.name)`")
            world.rollout.spec.paused = false
            return true
        }
        guard !status.pauseConditions.isEmpty, needsPromotion else { return false }
        mark(waiting?.movedBy ?? "`kubectl sluice promote \(world.rollout.key.name)`")
        world.rollout.status.pauseConditions = []
        return true
    }

    private mutating func mark(_ who: String) {
        guard !moments.isEmpty else { return }
        moments[moments.count - 1].waitsFor = who
    }

    private mutating func note(_ world: PlanWorld, _ decision: RolloutDecision, after: Duration) {
        let status = world.rollout.status
        let steps = world.rollout.spec.canary?.steps ?? []
        let index = status.currentStepIndex
        let isStep = index.map { steps.indices.contains($0) } ?? false
        let pods = { (hash: String) in world.sets.values.first { $0.hash == hash }?.replicas ?? 0 }
        let stable = pods(status.stableRS)
        let canary = status.currentPodHash == status.stableRS ? 0 : pods(status.currentPodHash)
        let total = world.sets.values.reduce(0) { $0 + $1.replicas }
        var weight = status.weights?.canary.weight ?? 0
        if status.weights == nil, canary + stable > 0 { weight = canary * maxWeight / (canary + stable) }
        // What was the canary has all traffic, as what is stable now.
        if status.isFullyPromoted { weight = maxWeight }
        if world.rollout.spec.canary == nil {
            weight = status.activeSelector == status.currentPodHash ? maxWeight : 0
        }
        let moment = Moment(
            after: after, step: isStep ? index.map { $0 + 1 } : nil,
            text: isStep ? index.map { steps[$0].summary } ?? "" : describe(status, decision), weight: weight,
            canary: canary, stable: stable, others: max(0, total - canary - stable),
            surge: max(0, total - replicas),
            analyses: world.runs.values.filter { !$0.isFinished }.map(\.name).sorted(),
            routes: (world.traffic?.routes ?? []).map(\.name))
        var last = moments.last
        last?.after = after
        last?.waitsFor = nil
        if last != moment, moments.count < Self.maximalMoments { moments.append(moment) }
    }

    private func describe(_ status: RolloutStatus, _ decision: RolloutDecision) -> String {
        if status.isFullyPromoted, status.phase == "Healthy" {
            return decision.waiting?.reason == .scaleDownDelay ? "promoted; old pods wait for their delay" : "promoted"
        }
        return status.message.isEmpty ? status.phase : status.message
    }
}

extension Rollout {
    /// A ReplicaSet of another template that stands for what runs today.
    fileprivate func pretendStable(now: Timestamp) -> ReplicaSet {
        let hash = "before"
        var set = ReplicaSet(
            key: ObjectKey(namespace: key.namespace, name: "\(key.name)-\(hash)"), uid: hash, resourceVersion: "1")
        set.labels = spec.template?.labels ?? [:]
        set.labels[Keys.podTemplateHash] = hash
        set.annotations = [Keys.revision: "1", Keys.desiredReplicas: String(spec.desiredReplicas)]
        set.owner = OwnerReference(kind: "Rollout", name: key.name, uid: uid)
        set.replicas = spec.desiredReplicas
        set.currentReplicas = set.replicas
        set.readyReplicas = set.replicas
        set.availableReplicas = set.replicas
        set.creationTimestamp = now + .seconds(-3_600)
        return set
    }
}

extension RolloutStatus {
    /// The status of a Rollout that runs this ReplicaSet and is healthy.
    fileprivate mutating func adopt(_ set: ReplicaSet, of rollout: Rollout) {
        stableRS = set.hash
        currentPodHash = set.hash
        currentStepHash = rollout.spec.canary?.stepHash ?? StepHash.hash(nil)
        let count = rollout.spec.canary?.steps.count ?? 0
        currentStepIndex = count == 0 ? nil : count
        (replicas, updatedReplicas) = (set.replicas, set.replicas)
        (readyReplicas, availableReplicas) = (set.replicas, set.replicas)
        observedGeneration = String(rollout.generation)
        phase = "Healthy"
        conditions = [
            RolloutCondition(
                type: "Healthy", status: "True", reason: "RolloutHealthy", message: "",
                lastUpdateTime: set.creationTimestamp,
                lastTransitionTime: set.creationTimestamp)
        ]
        if rollout.spec.canary == nil {
            activeSelector = set.hash
            previewSelector = rollout.spec.blueGreen?.previewService.isEmpty ?? true ? "" : set.hash
        }
    }
}
