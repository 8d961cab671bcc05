package import Manifest

/// The Rollout whose traffic is routed.
package struct TrafficSubject: Hashable, Sendable {
    /// A canary and a stable Service.
    package struct Services: Hashable, Sendable {
        package var canary: String
        package var stable: String

        package init(canary: String, stable: String) { (self.canary, self.stable) = (canary, stable) }
    }

    package var rollout: ObjectKey
    package var uid: String
    package var canaryService: String
    package var stableService: String
    /// The two of `pingPong` in their present roles; only some routers mind them.
    package var pingPong: Services?

    package init(
        rollout: ObjectKey, uid: String, canaryService: String = "", stableService: String = "",
        pingPong: Services? = nil
    ) {
        self.rollout = rollout
        self.uid = uid
        self.canaryService = canaryService
        self.stableService = stableService
        self.pingPong = pingPong
    }

    /// The subject with other Services, where there are such.
    func taking(_ services: Services?) -> TrafficSubject {
        guard let services else { return self }
        var subject = self
        (subject.canaryService, subject.stableService) = (services.canary, services.stable)
        return subject
    }

    /// Whether an object is controlled by the Rollout.
    func controls(_ object: JSON) -> Bool {
        (object.at("metadata", "ownerReferences")?.arrayValue ?? [])
            .contains { $0["controller"]?.boolValue == true && $0["uid"]?.stringValue == uid && !uid.isEmpty }
    }

    /// The owner reference of what a router creates.
    var owner: JSON {
        [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": .string(rollout.name),
            "uid": .string(uid), "controller": true, "blockOwnerDeletion": true,
        ]
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
    /// Leaves the header and mirror routes as they stand: only weights and hashes are planned.
    package var leavesRoutes = false
    /// Writes weights before hashes: when the canary has no available pod but still a recorded weight, so that hashes
    /// never point traffic at an empty ReplicaSet.
    package var weightsFirst: Bool
    /// Hashes of ReplicaSets that lack pods: fewer are available than the Rollout's threshold asks for, all by default.
    ///
    /// Without Services a subset is not pointed at one of them.
    package var unavailableHashes: Set<String>
    /// The time of the plan; what waits for a time is planned once that has come.
    package var now = Timestamp(seconds: 0)

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
