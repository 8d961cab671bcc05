package import Manifest

/// Decides what to do about a Rollout.
///
/// Pure: equal snapshots and times give equal decisions, so any reconcile can be replayed.
/// - Parameter now: Wall-clock time, read once at the start of the reconcile.
package func decide(_ seen: RolloutSnapshot, now: Timestamp) -> RolloutDecision {
    let rollout = seen.rollout
    if rollout.isBeingDeleted { return decideDeletion(seen, now: now) }
    if !rollout.unreadable.isEmpty {
        // Before anything else is written: programs with Kubernetes' own types can read neither this object nor a list that
        // has it, and every write sends it to those that watch.
        var decision = RolloutDecision()
        decision.effects = [.removeFromRollout(rollout.unreadable)]
        decision.events = [RolloutEvent(specWarnings: rollout.leftOut)]
        return decision
    }
    var claim = Claim(seen)
    if !claim.effects.isEmpty {
        // Ownership changes what every later count means, so nothing else happens before it is settled.
        var decision = RolloutDecision()
        decision.effects = claim.effects
        return decision
    }
    sortOldestFirst(&claim.owned, of: seen.replicaSets)
    let problems = seen.problems
    if let problem = problems.first {
        var decision = decideInvalid(seen, owned: claim.owned, problem: problem, now: now)
        decision.problems = problems
        return decision
    }
    guard let template = rollout.spec.template else { return RolloutDecision() }
    if rollout.spec.replicas == nil {
        // An autoscaler needs an explicit value to work on.
        var decision = RolloutDecision()
        decision.effects = [.patchRollout(["spec": ["replicas": 1]])]
        return decision
    }
    var reconcile = RolloutReconcile(seen, owned: claim.owned, now: now)
    reconcile.reportWarnings()
    reconcile.findCurrent(template)
    return reconcile.run()
}

/// An invalid Rollout keeps its pods and traffic; only an abort that is asked for is still carried out.
private func decideInvalid(
    _ seen: RolloutSnapshot, owned: [Int], problem: FieldProblem, now: Timestamp
) -> RolloutDecision {
    let rollout = seen.rollout
    var reconcile = RolloutReconcile(seen, owned: owned, now: now)
    reconcile.invalid = problem
    reconcile.currentIndex = reconcile.sets.firstIndex {
        !rollout.status.currentPodHash.isEmpty && $0.hash == rollout.status.currentPodHash
    }
    let canAbort =
        rollout.status.abort && canMoveTraffic(seen) && (rollout.spec.canary != nil) != (rollout.spec.blueGreen != nil)
        && rollout.spec.replicas != nil && reconcile.currentIndex != nil && !rollout.status.isFullyPromoted
    return canAbort ? reconcile.run() : reconcile.reportInvalid()
}

/// Whether the strategy as it is now can still take back the traffic that an earlier one gave away.
///
/// Pods that may have traffic outlive an abort that cannot move it.
private func canMoveTraffic(_ seen: RolloutSnapshot) -> Bool {
    let spec = seen.rollout.spec
    if let blueGreen = spec.blueGreen { return seen.services[blueGreen.activeService] != nil }
    return seen.rollout.status.weights == nil || !(spec.canary?.trafficRouting?.routers.isEmpty ?? true)
}

/// Sorts places of ReplicaSets by creation; they are looked at closer only where that is the same.
///
/// Places, for ReplicaSets are large, and every copy of one counts its references.
private func sortOldestFirst(_ places: inout [Int], of sets: [ReplicaSet]) {
    let created = sets.map(\.creationTimestamp)
    func isOlder(_ left: Int, _ right: Int) -> Bool {
        if created[left] != created[right] { return created[left] < created[right] }
        // Creation times have a resolution of one second; the first revision breaks the tie.
        let (first, second) = (sets[left].firstRevision, sets[right].firstRevision)
        return first != second ? first < second : sets[left].key.name < sets[right].key.name
    }
    places.sort(by: isOlder)
}

extension ReplicaSet {
    /// The first revision number that this ReplicaSet ever had.
    var firstRevision: Int {
        if let history = annotations[Keys.revisionHistory], let first = history.split(separator: ",").first {
            return Int(first) ?? revision ?? 0
        }
        return revision ?? 0
    }
}

/// Which ReplicaSets are ours, and what to adopt or release.
private struct Claim {
    /// Places in the snapshot.
    var owned: [Int] = []
    var effects: [RolloutEffect] = []

    init(_ seen: RolloutSnapshot) {
        let rollout = seen.rollout
        // Without a known selector nothing is adopted or released: an empty one would let every ReplicaSet go.
        let selector = rollout.spec.selector.flatMap { $0.isEmpty ? nil : $0 }
        // What a malformed one does not match says nothing either; asked only where something would be done about it.
        lazy var isKnown = selector.map { LabelRules.problem(of: $0) == nil } ?? false
        owned.reserveCapacity(seen.replicaSets.count)
        for (index, set) in seen.replicaSets.enumerated() where set.templateHash != nil {
            let matches = selector.map { set.isSelected(by: $0) } ?? true
            switch set.ownerUID {
            case rollout.uid:
                if matches || !isKnown {
                    owned.append(index)
                } else {
                    effects.append(.releaseReplicaSet(name: set.name, uid: set.uid))
                }
            case nil where selector != nil && matches && !set.isBeingDeleted && isKnown:
                effects.append(.adoptReplicaSet(name: set.name, uid: set.uid))
            default: break
            }
        }
    }
}
