package import Manifest

/// How far a basic canary may go above and below its desired size.
package struct SurgeLimits: Hashable, Sendable {
    package var surge: Int
    package var unavailable: Int

    /// Percentages of the surge round up, those of the unavailable down, as a Deployment's do; both zero gives 1 unavailable.
    package init(replicas: Int, maxSurge: IntOrString?, maxUnavailable: IntOrString?) {
        let quarter = IntOrString.string("25%")
        surge = (maxSurge ?? quarter).resolved(of: replicas, roundingUp: true)
        unavailable = (maxUnavailable ?? quarter).resolved(of: replicas, roundingUp: false)
        if surge == 0, unavailable == 0 { unavailable = 1 }
        unavailable = min(unavailable, replicas)
    }

    package init(surge: Int, unavailable: Int) { (self.surge, self.unavailable) = (surge, unavailable) }
}

/// Sizes of the current and the stable ReplicaSet.
package struct CanarySizes: Hashable, Sendable {
    package var canary: Int
    package var stable: Int

    package init(canary: Int, stable: Int) { (self.canary, self.stable) = (canary, stable) }
}
