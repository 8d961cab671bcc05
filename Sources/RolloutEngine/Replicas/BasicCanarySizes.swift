/// The next sizes of a canary without a traffic router, within surge and unavailability.
package struct BasicCanarySizes: Sendable {
    /// Specified and available pods of one ReplicaSet.
    package struct Pods: Hashable, Sendable {
        package var spec: Int
        package var available: Int

        package init(spec: Int, available: Int) { (self.spec, self.available) = (spec, available) }
    }

    package var replicas: Int
    package var limits: SurgeLimits
    package var target: CanarySizes
    /// `nil` before the current ReplicaSet exists.
    package var canary: Pods?
    /// `nil` without a distinct stable ReplicaSet.
    package var stable: Pods?
    /// Σ specified pods of all other ReplicaSets.
    package var others: Int

    package init(
        replicas: Int, limits: SurgeLimits, target: CanarySizes, canary: Pods?, stable: Pods?, others: Int
    ) {
        self.replicas = replicas
        self.limits = limits
        self.target = target
        self.canary = canary
        self.stable = stable
        self.others = others
    }

    /// The pair to move to.
    ///
    /// The caller applies the stable size first and asks again for the canary's.
    package func next() -> CanarySizes {
        let target = stable == nil ? CanarySizes(canary: replicas, stable: 0) : target
        let current = canary ?? Pods(spec: 0, available: 0)
        let old = stable ?? Pods(spec: 0, available: 0)
        let maxTotal = replicas + limits.surge
        let minAvailable = replicas - limits.unavailable
        var room = maxTotal - (current.spec + old.spec + others)
        var sizes = CanarySizes(canary: current.spec, stable: old.spec)
        if old.spec < target.stable, room > 0 {
            sizes.stable = min(target.stable, old.spec + room)
            room -= sizes.stable - old.spec
        }
        if current.spec < target.canary, room > 0 { sizes.canary = min(target.canary, current.spec + room) }
        if others > 0 { return sizes }

        let isGrowing = canary == nil || target.canary >= current.spec
        let pool = counted(current, bySpec: !isGrowing) + counted(old, bySpec: isGrowing)
        guard pool > minAvailable else { return sizes }
        let down = pool - minAvailable
        if isGrowing {
            guard stable != nil else { return sizes }
            if old.spec > target.stable { sizes.stable = max(target.stable, old.spec - down) }
            (sizes.stable, sizes.canary) = fitted(
                drained: sizes.stable, old, kept: sizes.canary, current, maxTotal, minAvailable)
        } else {
            if current.spec > target.canary { sizes.canary = max(target.canary, current.spec - down) }
            (sizes.canary, sizes.stable) = fitted(
                drained: sizes.canary, current, kept: sizes.stable, old, maxTotal, minAvailable)
        }
        return sizes
    }

    /// Pods that count as serving: specified ones where the ReplicaSet is about to be drained even if broken.
    private func counted(_ pods: Pods, bySpec: Bool) -> Int {
        pods.spec < pods.available || bySpec ? pods.spec : pods.available
    }

    private func fitted(
        drained: Int, _ drainedPods: Pods, kept: Int, _ keptPods: Pods, _ maxTotal: Int, _ minAvailable: Int
    ) -> (drained: Int, kept: Int) {
        var (drained, kept) = (drained, kept)
        kept -= max(0, drained + kept - maxTotal)
        let have = min(drainedPods.available, drained) + min(keptPods.available, kept)
        let lost = max(0, keptPods.available - kept)
        kept += min(lost, max(0, minAvailable - have))
        drained -= max(0, drained + kept - maxTotal)
        return (max(0, drained), max(0, kept))
    }
}
