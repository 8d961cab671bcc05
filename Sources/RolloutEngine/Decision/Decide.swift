package import Manifest

/// Decides what to do about a Rollout.
///
/// Pure: equal snapshots and times give equal decisions, so any reconcile can be replayed.
/// - Parameter now: Wall-clock time, read once at the start of the reconcile.
package func decide(_ seen: RolloutSnapshot, now: Timestamp) -> RolloutDecision {
    let rollout = seen.rollout
    if rollout.isBeingDeleted { return decideDeletion(seen, now: now) }
    var claim = Claim(seen)
    if !claim.effects.isEmpty {
        // Ownership changes what every later count means, so nothing else happens before it is settled.
        var decision = RolloutDecision()
        decision.effects = claim.effects
        return decision
    }
    claim.owned = oldestFirst(claim.owned)
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
    _ seen: RolloutSnapshot, owned: [ReplicaSet], problem: FieldProblem, now: Timestamp
) -> RolloutDecision {
    let rollout = seen.rollout
    var reconcile = RolloutReconcile(seen, owned: owned, now: now)
    reconcile.invalid = problem
    reconcile.currentIndex = owned.firstIndex {
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

/// Sorts by creation, of which ReplicaSets are looked at closer only where it is the same.
private func oldestFirst(_ sets: [ReplicaSet]) -> [ReplicaSet] {
    // ReplicaSets are large: to compare them in place would copy two each time.
    let places = sets.enumerated().map { (created: $0.element.creationTimestamp, index: $0.offset) }
    func isOlder(_ left: (created: Timestamp, index: Int), _ right: (created: Timestamp, index: Int)) -> Bool {
        if left.created != right.created { return left.created < right.created }
        // Creation times have a resolution of one second; the first revision breaks the tie.
        let (first, second) = (sets[left.index].firstRevision, sets[right.index].firstRevision)
        return first != second ? first < second : sets[left.index].key.name < sets[right.index].key.name
    }
    if zip(places, places.dropFirst()).allSatisfy({ !isOlder($1, $0) }) { return sets }
    return places.sorted(by: isOlder).map { sets[$0.index] }
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
    var owned: [ReplicaSet] = []
    var effects: [RolloutEffect] = []

    init(_ seen: RolloutSnapshot) {
        let rollout = seen.rollout
        // Without a known selector nothing is adopted or released: an empty one would let every ReplicaSet go.
        let selector = rollout.spec.selector.flatMap { $0.isEmpty ? nil : $0 }
        for set in seen.replicaSets where set.templateHash != nil {
            let matches = selector.map { set.isSelected(by: $0) } ?? true
            switch set.owner {
            case let owner? where owner.uid == rollout.uid:
                if matches {
                    owned.append(set)
                } else {
                    effects.append(.releaseReplicaSet(name: set.name, uid: set.uid))
                }
            case nil where selector != nil && matches && !set.isBeingDeleted:
                effects.append(.adoptReplicaSet(name: set.name, uid: set.uid))
            default: break
            }
        }
    }
}
