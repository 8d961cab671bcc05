import Manifest

/// One decision about a Rollout, in the making.
///
/// Works in passes over the pipeline of its strategy, for a canary: Services, traffic, analysis, ReplicaSet sizes, pause,
/// steps. A pass changes the state that the next one sees as if its effects were done, with available pods counted at worst. So one decision goes
/// as far as it can without looking again, and its effects keep the order that each step alone would have had.
struct RolloutReconcile {
    let seen: RolloutSnapshot
    /// Empty for blue-green.
    let canary: CanaryStrategy
    /// Set for blue-green alone.
    let blueGreen: BlueGreenStrategy?
    let now: Timestamp
    let old: RolloutStatus
    var status: RolloutStatus
    var sets: [WorkingReplicaSet]
    /// The ReplicaSet of the present template.
    var currentIndex: Int? { didSet { assignRoles() } }
    private(set) var stableIndex: Int?
    /// All but current and stable, oldest first.
    private(set) var otherIndices: [Int] = []
    /// The new template waits in line: the update that is under way is finished first.
    var isQueueing = false
    let replicas: Int
    let maxWeight: Int
    let isRouted: Bool
    let hasRouter: Bool
    let limits: SurgeLimits
    /// Defects of upstream that people may rely on are kept.
    let isStrict: Bool
    var invalid: FieldProblem?
    /// Effects in order; a ReplicaSet's changes are gathered and rendered at the end.
    var slots: [Slot] = []
    var events: [RolloutEvent] = []
    var wakeAt: Timestamp?
    /// Hashes that Services will select once the effects are done.
    var serviceHashes: [String: String] = [:]
    var scaled: Set<Int> = []
    /// Hashes of ReplicaSets that the effects delete.
    var deletedHashes: Set<String> = []
    var abortCause: String?
    var isStableCapacityMissing = false
    /// The routers hold the header and mirror routes that are wanted, or will once the effects are done.
    var areRoutesSettled = false
    /// The canary's weight that routers are not told yet, because stable lacks pods for the rest.
    var blockedWeight: Int?
    var didCreate = false
    var isRetry = false
    /// The promotion of this decision was asked for by `promoteFull`.
    var wasPromotedFully = false
    /// A pause was added in this decision, so nobody can have ended it yet.
    var didAddPause = false
    /// A pass has come as far as what a pause holds back: that a person ended it has been taken notice of.
    var didReachPause = false
    /// The time of an automatic promotion has come.
    var isBlueGreenTimeUp = false
    /// Pods older than `restartAt` that are still there.
    var podsToRestart = 0
    /// The update that this decision ends.
    var finished: FinishedUpdate?
    /// Pods are needed to decide, and the snapshot lacks them.
    var needsPods = false
    /// The template changed away from the one that the status records.
    var isNewUpdate = false
    /// The steps changed in mid-update: runs that were begun for the old ones tell nothing of the new ones.
    var areStepsNew = false
    /// Revision of the current ReplicaSet after the effects.
    var revision = 0

    enum Slot {
        case effect(RolloutEffect)
        case set(Int)
    }

    /// - Parameter owned: Places of its ReplicaSets in the snapshot, oldest first.
    init(_ seen: RolloutSnapshot, owned: [Int], now: Timestamp) {
        self.seen = seen
        let canary = seen.rollout.spec.canary ?? CanaryStrategy()
        self.canary = canary
        blueGreen = seen.rollout.spec.canary == nil ? seen.rollout.spec.blueGreen : nil
        self.now = now
        old = seen.rollout.status
        status = old
        sets = owned.map { index in
            guard let pods = seen.pods else { return WorkingReplicaSet(seen.replicaSets[index]) }
            return WorkingReplicaSet(seen.replicaSets[index].limited(to: pods))
        }
        replicas = seen.rollout.spec.desiredReplicas
        maxWeight = canary.maxWeight
        isRouted = canary.trafficRouting != nil
        hasRouter = !(canary.trafficRouting?.routers.isEmpty ?? true)
        limits = SurgeLimits(
            replicas: replicas, maxSurge: canary.maxSurge, maxUnavailable: canary.maxUnavailable)
        isStrict = seen.isStrict
        assignRoles()
    }

    var rollout: Rollout { seen.rollout }
    var current: WorkingReplicaSet? { currentIndex.map { sets[$0] } }
    var stable: WorkingReplicaSet? { stableIndex.map { sets[$0] } }
    /// The stable ReplicaSet where it is not the current one.
    var distinctStable: WorkingReplicaSet? { stableIndex == currentIndex ? nil : stable }

    /// The step index within its bounds; `nil` without steps.
    var stepIndex: Int? {
        canary.steps.isEmpty ? nil : min(max(0, status.currentStepIndex ?? 0), canary.steps.count)
    }
    var step: CanaryStep? { stepIndex.flatMap { $0 < canary.steps.count ? canary.steps[$0] : nil } }
    var endIndex: Int? { canary.steps.isEmpty ? nil : canary.steps.count }

    /// Steps and sizes are frozen by a person or by an inconclusive analysis.
    var isHalted: Bool {
        rollout.spec.paused || status.hasPause(PauseReason.inconclusiveAnalysis)
            || status.hasPause(PauseReason.inconclusiveExperiment)
    }

    /// The desired size was changed and the ReplicaSets have not followed yet.
    var isScalingEvent: Bool {
        let text = String(replicas)
        return [currentIndex, stableIndex].contains { index in
            guard let index, !sets[index].isNew,
                let noted = sets[index].seen.annotations[Keys.desiredReplicas], noted != text
            else { return false }
            // One without pods was never asked for any, or the Rollout was to have none.
            return sets[index].seen.replicas > 0 || noted == "0"
        }
    }

    /// Finds the stable ReplicaSet and the others again; due whenever the current or the stable hash changes.
    mutating func assignRoles() {
        stableIndex = status.stableRS.isEmpty ? nil : sets.firstIndex { $0.hash == status.stableRS }
        otherIndices = sets.indices.filter { $0 != currentIndex && $0 != stableIndex }
    }

    // MARK: Running

    mutating func run() -> RolloutDecision {
        prepare()
        if restartPods() {
            for _ in 0..<16 {
                let goesOn = blueGreen == nil ? canaryPass() : blueGreenPass()
                if !goesOn { break }
            }
        }
        return finish()
    }

    /// What happens once for each decision, before the passes.
    private mutating func prepare() {
        countPods()
        if status.abort, status.promoteFull {
            // The abort's own write sets `abortedAt` and drops the promotion, so a promotion beside it came later.
            if status.abortedAt == nil { status.promoteFull = false } else { status.abort = false }
        }
        if status.isFullyPromoted, currentIndex.map({ sets[$0].hash == status.stableRS }) ?? false {
            status.abort = false
            status.promoteFull = false
        }
        isRetry = !status.abort && old.condition(.progressing)?.reason == ProgressReason.aborted
        guard invalid == nil else {
            revision = current?.seen.revision ?? 0
            return
        }
        detectChange()
        syncRevision()
        syncAntiAffinity()
        syncMetadata()
        if blueGreen == nil { cleanUpHistory() }
    }

    /// One way through the canary's pipeline; `true` asks for another one at once.
    private mutating func canaryPass() -> Bool {
        if isScalingEvent {
            // Weights wait, but what leads to pods that may go now does not.
            withdrawRoutes()
            scale()
            return false
        }
        switchServices()
        guard shiftTraffic() else { return false }
        switch analyse() {
        case .proceed: break
        case .pauseRequested:
            endTimedPause()
            return false
        case .abortRequested: return true
        }
        let didScale = scale()
        if !didScale { pauseAtStep() }
        if advance() { return true }
        return abortAtDeadline()
    }

    /// Aborts an update that made no progress in time, where the user asked for that; `true` for another pass.
    mutating func abortAtDeadline() -> Bool {
        guard abortsForDeadline() else { return false }
        requestAbort("the update made no progress within \(rollout.spec.progressDeadlineSeconds) s")
        return true
    }

    mutating func requestAbort(_ cause: String) {
        status.abort = true
        status.promoteFull = false
        abortCause = cause
    }

    // MARK: Slots

    mutating func add(_ effect: RolloutEffect) { slots.append(.effect(effect)) }

    /// Places a ReplicaSet's change at the end: a size must not change before what was decided ahead of it.
    mutating func place(_ index: Int, atEnd: Bool) {
        let present = slots.firstIndex { if case .set(index) = $0 { true } else { false } }
        if let present {
            guard atEnd else { return }
            slots.remove(at: present)
        }
        slots.append(.set(index))
    }

    mutating func annotate(_ index: Int, _ key: String, _ value: String?) {
        guard sets[index].annotation(key) != value else { return }
        sets[index].annotate(key, value)
        place(index, atEnd: false)
    }

    mutating func wake(at time: Timestamp) { wakeAt = wakeAt.map { min($0, time) } ?? time }
}

/// Reasons of `status.pauseConditions`.
enum PauseReason {
    static let canaryPauseStep = "CanaryPauseStep"
    static let blueGreenPause = "BlueGreenPause"
    static let inconclusiveAnalysis = "InconclusiveAnalysisRun"
    static let inconclusiveExperiment = "InconclusiveExperiment"
}

/// Reasons of the `Progressing` condition.
package enum ProgressReason {
    package static let created = "NewReplicaSetCreated"
    package static let found = "FoundNewReplicaSet"
    package static let updated = "ReplicaSetUpdated"
    package static let notAvailable = "ReplicaSetNotAvailable"
    package static let available = "NewReplicaSetAvailable"
    package static let deadlineExceeded = "ProgressDeadlineExceeded"
    package static let aborted = "RolloutAborted"
    package static let paused = "RolloutPaused"
    package static let resumed = "RolloutResumed"
    package static let retry = "RolloutRetry"
    package static let createError = "ReplicaSetCreateError"
}
