package import Manifest

/// Everything that a decision about one Rollout looks at, read from caches.
package struct RolloutSnapshot: Sendable {
    package var rollout: Rollout
    /// ReplicaSets of the namespace that carry the hash label and are owned by the Rollout or by nobody.
    package var replicaSets: [ReplicaSet]
    /// Runs that the Rollout owns.
    package var analysisRuns: [AnalysisRunFact]
    /// Services that the Rollout names, those that exist.
    package var services: [String: ServiceFact]
    /// What the router objects say; `nil` without traffic routing.
    package var traffic: TrafficFact?
    /// Problems of templates, ingresses and virtual services that the Rollout refers to.
    package var referenceProblems: [FieldProblem]
    /// What is wrong with the Rollout as it is written, where `rollout` has an earlier strategy in its place.
    var writtenProblems: [FieldProblem] = []
    /// What `workloadRef` refers to; its template stands in the Rollout's spec already (see ``Rollout/resolved(with:)``).
    package var workload: WorkloadFact?
    /// Pods of the owned ReplicaSets; `nil` until a decision asked for them.
    package var pods: [PodFact]?
    /// Keep the defects of upstream that people may rely on (`--strict-compat`).
    package var isStrict = false
    /// A Deployment gets its pods back when the Rollout that took them is deleted.
    package var restoresWorkload = false
    /// After how long an unconfirmed weight is looked at again.
    package var verifyRetry = RolloutSnapshot.defaultVerifyRetry

    package static let defaultVerifyRetry: Duration = .seconds(10)

    /// What `ROLLOUT_VERIFY_RETRY_INTERVAL` says, in whole seconds from 1 on; `nil` where it says nothing sensible.
    package static func verifyRetry(_ text: String) -> Duration? {
        guard let seconds = Int32(text), seconds > 0 else { return nil }
        return .seconds(seconds)
    }

    package init(
        rollout: Rollout, replicaSets: [ReplicaSet] = [], analysisRuns: [AnalysisRunFact] = [],
        services: [String: ServiceFact] = [:], traffic: TrafficFact? = nil, referenceProblems: [FieldProblem] = [],
        workload: WorkloadFact? = nil, pods: [PodFact]? = nil, isStrict: Bool = false
    ) {
        self.workload = workload
        self.pods = pods
        self.isStrict = isStrict
        self.rollout = rollout
        self.replicaSets = replicaSets
        self.analysisRuns = analysisRuns
        self.services = services
        self.traffic = traffic
        self.referenceProblems = referenceProblems
    }
}

/// A pod as a restart sees it.
package struct PodFact: Hashable, Sendable {
    package var name: String
    package var uid: String
    /// Uid of the ReplicaSet that controls it.
    package var ownerUID: String
    package var creationTimestamp: Timestamp
    /// Since when it is ready; `nil` while it is not.
    package var readySince: Timestamp?
    package var isTerminating: Bool
    /// Its eviction was refused a moment ago, by a disruption budget or the API server; asking again at once is in vain.
    package var isHeld = false

    package init(
        name: String, uid: String, ownerUID: String, creationTimestamp: Timestamp, readySince: Timestamp?,
        isTerminating: Bool = false
    ) {
        self.name = name
        self.uid = uid
        self.ownerUID = ownerUID
        self.creationTimestamp = creationTimestamp
        self.readySince = readySince
        self.isTerminating = isTerminating
    }
}

extension ReplicaSet {
    /// With no more pods than a list of all pods shows to be there.
    ///
    /// The list is read at once and may be ahead of the counts in the cache, above all after an eviction.
    func limited(to pods: [PodFact]) -> ReplicaSet {
        var set = self
        let ready = pods.count { $0.ownerUID == uid && $0.readySince != nil && !$0.isTerminating }
        set.readyReplicas = min(readyReplicas, ready)
        set.availableReplicas = min(availableReplicas, ready)
        return set
    }
}

/// A Service as a Rollout sees it.
package struct ServiceFact: Hashable, Sendable {
    package var selector: [String: String]
    /// The Rollout that manages it, by annotation.
    package var managedBy: String?

    package init(selector: [String: String], managedBy: String? = nil) {
        (self.selector, self.managedBy) = (selector, managedBy)
    }

    package var hash: String { selector[Keys.podTemplateHash] ?? "" }
}

/// What the routers say about the weights that the status records.
package struct TrafficFact: Hashable, Sendable {
    /// The router objects hold exactly the recorded weights and hashes, and the header and mirror routes of the recorded
    /// step (``Rollout/recordedRoutes``); writing them again would change nothing.
    package var isInSync: Bool
    /// They hold exactly the recorded weights and hashes, and no header or mirror route.
    package var isInSyncWithoutRoutes: Bool
    /// They hold exactly the recorded weights and hashes, with whatever header and mirror routes.
    package var areWeightsInSync: Bool
    /// Whether the data plane took them over; `nil` where the router cannot tell.
    package var verified: Bool?
    /// Hashes that router objects (DestinationRule subsets) still refer to.
    package var referencedHashes: Set<String>

    /// - Parameters:
    ///   - isInSyncWithoutRoutes: As `isInSync` where no step asks for a route.
    ///   - areWeightsInSync: As one of the two where no other routes can stand.
    package init(
        isInSync: Bool, isInSyncWithoutRoutes: Bool? = nil, areWeightsInSync: Bool? = nil, verified: Bool? = nil,
        referencedHashes: Set<String> = []
    ) {
        self.isInSyncWithoutRoutes = isInSyncWithoutRoutes ?? isInSync
        self.areWeightsInSync = areWeightsInSync ?? (isInSync || self.isInSyncWithoutRoutes)
        (self.isInSync, self.verified, self.referencedHashes) = (isInSync, verified, referencedHashes)
    }
}

/// An AnalysisRun as a Rollout sees it.
package struct AnalysisRunFact: Hashable, Sendable {
    package var name: String
    package var uid: String
    /// `Pending`, `Running`, `Successful`, `Failed`, `Error`, `Inconclusive`, or empty before the first look.
    package var phase: String
    package var message: String
    package var labels: [String: String]
    package var creationTimestamp: Timestamp
    /// `spec.terminate` is set already.
    package var isTerminating: Bool

    package init(
        name: String, uid: String = "", phase: String = "", message: String = "", labels: [String: String] = [:],
        creationTimestamp: Timestamp = Timestamp(seconds: 0), isTerminating: Bool = false
    ) {
        self.name = name
        self.uid = uid
        // What a person has accepted counts as a success; the run itself keeps what it found.
        let isAccepted = phase == "Inconclusive" && labels[Keys.inconclusiveAccepted] == "true"
        self.phase = isAccepted ? "Successful" : phase
        self.message = message
        self.labels = labels
        self.creationTimestamp = creationTimestamp
        self.isTerminating = isTerminating
    }

    package var isFinished: Bool { ["Successful", "Failed", "Error", "Inconclusive"].contains(phase) }
    package var hash: String { labels[Keys.podTemplateHash] ?? "" }
}
