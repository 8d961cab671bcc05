package import Manifest

/// The Rollout whose traffic is routed.
package struct TrafficSubject: Hashable, Sendable {
    package var rollout: ObjectKey
    package var uid: String
    package var canaryService: String
    package var stableService: String

    package init(rollout: ObjectKey, uid: String, canaryService: String = "", stableService: String = "") {
        self.rollout = rollout
        self.uid = uid
        self.canaryService = canaryService
        self.stableService = stableService
    }
}

/// Where traffic is to go, whatever router carries it there.
package struct TrafficIntent: Hashable, Sendable {
    /// A destination besides canary and stable: an experiment's.
    package struct Destination: Hashable, Sendable {
        package var service: String
        package var hash: String
        package var weight: Int

        package init(service: String, hash: String, weight: Int) {
            self.service = service
            self.hash = hash
            self.weight = weight
        }
    }

    package var canaryWeight: Int
    /// What stable gets: `maxWeight` − `canaryWeight` − the additional weights.
    package var stableWeight: Int
    package var maxWeight: Int
    package var canaryHash: String
    package var stableHash: String
    package var additional: [Destination]
    /// Services that the recorded weights have as additional; those that are not any more are taken out of the routes.
    package var formerAdditional: [String]
    /// Header and mirror routes that are to stand, each name once, in the order of `trafficRouting.managedRoutes`.
    ///
    /// Routes of other names in that list are to go: after promotion or abort, and while the canary has no pods, that is
    /// all of them. Routes of the user, whose names are not in it, stay.
    package var managedRoutes: [ManagedRoute]
    /// Writes weights before hashes: when the canary has no available pod but still a recorded weight, so that hashes
    /// never point traffic at an empty ReplicaSet.
    package var weightsFirst: Bool
    /// Hashes of ReplicaSets that are not fully available.
    ///
    /// Without Services a subset is not pointed at one of them.
    package var unavailableHashes: Set<String>

    package init(
        canaryWeight: Int, stableWeight: Int? = nil, maxWeight: Int = 100, canaryHash: String = "",
        stableHash: String = "", additional: [Destination] = [], formerAdditional: [String] = [],
        managedRoutes: [ManagedRoute] = [], weightsFirst: Bool = false, unavailableHashes: Set<String> = []
    ) {
        self.canaryWeight = canaryWeight
        self.maxWeight = maxWeight
        self.canaryHash = canaryHash
        self.stableHash = stableHash
        self.additional = additional
        self.formerAdditional = formerAdditional
        self.managedRoutes = managedRoutes
        self.weightsFirst = weightsFirst
        self.unavailableHashes = unavailableHashes
        let rest = additional.reduce(maxWeight &- canaryWeight) { $0 &- $1.weight }
        self.stableWeight = stableWeight ?? max(0, rest)
    }
}

/// Names that routed objects carry.
enum TrafficKeys {
    static let hash = "rollouts-pod-template-hash"
    static let managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts"
    static let managedAnnotations = "sluice.dev/managed-annotations"
}
