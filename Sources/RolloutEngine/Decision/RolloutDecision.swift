package import Manifest

/// What to do about one Rollout, in order.
package struct RolloutDecision: Sendable {
    /// Each is idempotent and carries its precondition; dying between any two is safe.
    package var effects: [RolloutEffect] = []
    /// To be recorded once all effects have succeeded.
    package var events: [RolloutEvent] = []
    /// When to look again without an event; `nil` means that the next watch event is enough.
    package var requeueAfter: Duration?
    /// What the Rollout waits for; `nil` only when it is healthy, or when effects move it on.
    package var waiting: Waiting?
    /// Decide again with the pods in the snapshot; nothing else is asked for then.
    package var needsPods = false
    /// The update that ends with this decision's status.
    package var finished: FinishedUpdate?
    /// What validation found.
    package var problems: [FieldProblem] = []

    /// The merge patch of the status, if it changes.
    package var status: JSON? {
        for effect in effects { if case .patchStatus(let patch) = effect { return patch } }
        return nil
    }
}

/// How long an update took, from its first to its last decision.
package struct FinishedUpdate: Hashable, Sendable {
    /// `Promoted`, `FastPromoted`, `Aborted`, `Superseded`, `RolledBack` or `FastRolledBack`.
    package var status: String
    package var total: Duration
    /// How long people held it.
    package var manualPause: Duration

    package init(status: String, total: Duration, manualPause: Duration) {
        (self.status, self.total, self.manualPause) = (status, total, manualPause)
    }
}

/// One change to the cluster that a decision asks for.
package enum RolloutEffect: Hashable, Sendable {
    /// Create this ReplicaSet; if it exists and is ours with an equal template, that is success.
    case createReplicaSet(JSON, digest: UInt64)
    case updateReplicaSet(ReplicaSetUpdate)
    /// Add our owner reference, after an uncached check that the Rollout still exists with this uid.
    case adoptReplicaSet(name: String, uid: String)
    /// Remove our owner reference.
    case releaseReplicaSet(name: String, uid: String)
    case deleteReplicaSet(name: String, uid: String, resourceVersion: String)
    /// Point a Service at a hash; `adopting` also writes the managed-by annotation.
    case switchService(name: String, hash: String, adopting: Bool)
    case setTraffic(TrafficRequest)
    /// Evict this pod through the eviction API, so that disruption budgets hold; a refusal is no failure.
    case evictPod(name: String, uid: String)
    /// Give the pods of a ReplicaSet their ephemeral metadata.
    case syncPodMetadata(PodMetadataRequest)
    /// Size the Deployment that `workloadRef` names.
    case scaleWorkload(WorkloadReference, replicas: Int)
    case createAnalysisRun(AnalysisRunRequest)
    case terminateAnalysisRun(name: String)
    case deleteAnalysisRun(name: String, uid: String)
    /// Merge-patch the Rollout itself.
    case patchRollout(JSON)
    /// Take what these JSON pointers lead to out of the Rollout; the resourceVersion that was seen is the precondition.
    case removeFromRollout([String])
    /// Merge-patch the status; the resourceVersion that was seen is the precondition.
    case patchStatus(JSON)
}

/// A change of one ReplicaSet; its resourceVersion is the precondition.
package struct ReplicaSetUpdate: Hashable, Sendable {
    package var name: String
    package var uid: String
    package var resourceVersion: String
    package var replicas: Int?
    package var minReadySeconds: Int?
    /// `nil` removes an annotation.
    package var annotations: [String: String?] = [:]
    /// Changes of the pod template's labels; `nil` removes one.
    package var templateLabels: [String: String?] = [:]
    /// Changes of the pod template's annotations; `nil` removes one.
    package var templateAnnotations: [String: String?] = [:]
    /// The pod template's whole `spec.affinity`, where the injected rule changes.
    package var affinity: JSON?

    /// As a JSON merge patch.
    package var patch: JSON {
        var patch: JSON = ["metadata": ["uid": .string(uid), "resourceVersion": .string(resourceVersion)]]
        if !annotations.isEmpty {
            patch.set(.object(annotations.mapValues { $0.map { .string($0) } ?? .null }), at: "metadata", "annotations")
        }
        func put(_ changes: [String: String?], _ field: String) {
            guard !changes.isEmpty else { return }
            patch.set(
                .object(changes.mapValues { $0.map { .string($0) } ?? .null }), at: "spec", "template", "metadata",
                field)
        }
        if let affinity { patch.set(affinity, at: "spec", "template", "spec", "affinity") }
        put(templateLabels, "labels")
        put(templateAnnotations, "annotations")
        if let replicas { patch.set(JSON(replicas), at: "spec", "replicas") }
        if let minReadySeconds { patch.set(JSON(minReadySeconds), at: "spec", "minReadySeconds") }
        return patch
    }
}

/// Ephemeral metadata for all pods of a ReplicaSet.
package struct PodMetadataRequest: Hashable, Sendable {
    package var replicaSet: String
    package var uid: String
    /// The label that selects the pods.
    package var hash: String
    /// `nil` removes a label.
    package var labels: [String: String?] = [:]
    /// `nil` removes an annotation.
    package var annotations: [String: String?] = [:]
    /// Comes before its time, and again at the next look: a failure holds nothing up.
    package var isEarly = false
}

/// Weights for the routers, with what they need to find their destinations.
package struct TrafficRequest: Hashable, Sendable {
    package var canaryWeight: Int
    package var maxWeight: Int
    package var canaryHash: String
    package var stableHash: String
    package var canaryService: String
    package var stableService: String
    /// Header and mirror routes that are to stand; other managed ones are to go.
    package var routes: [ManagedRouteStep] = []

    package var stableWeight: Int { maxWeight - canaryWeight }

    /// The same weights with other routes.
    func with(_ routes: [ManagedRouteStep]) -> TrafficRequest {
        var request = self
        request.routes = routes
        return request
    }
}

/// An AnalysisRun to create from templates.
package struct AnalysisRunRequest: Hashable, Sendable {
    package enum Argument: Hashable, Sendable {
        case literal(String)
        /// A path into the live Rollout object, to be read when the run is created.
        case fieldPath(String)
        case none
    }

    package var name: String
    package var labels: [String: String]
    package var annotations: [String: String]
    package var reference: AnalysisReference
    package var arguments: [(name: String, value: Argument)]

    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.labels == right.labels && left.reference == right.reference
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A Kubernetes Event about the Rollout.
package struct RolloutEvent: Hashable, Sendable {
    package var isWarning: Bool
    package var reason: String
    package var message: String
    /// What the effect that it tells of changes; `nil` where it tells of the status alone.
    package var target: EffectTarget?
    /// The step that the status stands at once this one is completed; one decision may complete several.
    package var stepIndex: Int?

    package init(
        _ reason: String, _ message: String, isWarning: Bool = false, of target: EffectTarget? = nil,
        stepIndex: Int? = nil
    ) {
        (self.reason, self.message, self.isWarning, self.target) = (reason, message, isWarning, target)
        self.stepIndex = stepIndex
    }
}

/// The object that an effect changes, by which its Events are found.
package enum EffectTarget: Hashable, Sendable {
    /// A ReplicaSet that is made, or whose size changes.
    case replicaSet(String)
    case service(String)
}

extension RolloutEffect {
    /// What Events tell of; `nil` for effects that have none.
    package var target: EffectTarget? {
        switch self {
        case .createReplicaSet(let object, _): .replicaSet(object.objectKey.name)
        case .updateReplicaSet(let update): update.replicas == nil ? nil : .replicaSet(update.name)
        case .switchService(let name, _, _): .service(name)
        default: nil
        }
    }
}

extension RolloutDecision {
    private static let verdict: Set<String> = [
        "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "HPAReplicas", "abort", "abortedAt",
        "message",
        "phase", "conditions", "pauseConditions", "controllerPause", "promoteFull",
    ]

    /// What of the status of an abort holds although the routers or Services were not told; `nil` where none begins.
    ///
    /// It must not stay unknown because the traffic that it is about cannot be moved; the next decision goes on with it. Of
    /// anything else nothing is written: counts alone would hide the progress that they tell of from the next decision.
    package var statusWithoutTraffic: JSON? {
        for case .patchStatus(let patch) in effects {
            guard let members = patch["status"]?.objectValue, begins(abort: members) else { continue }
            var kept = members.filter { Self.verdict.contains($0.key) }
            // The runs that decided, without the selectors beside them.
            for strategy in ["blueGreen", "canary"] {
                let runs = (members[strategy]?.objectValue ?? [:]).filter { $0.key.hasSuffix("RunStatus") }
                if !runs.isEmpty { kept[strategy] = .object(runs) }
            }
            return ["status": .object(kept)]
        }
        return nil
    }

    private func begins(abort status: [String: JSON]) -> Bool {
        status["abort"] == true || status["abortedAt"]?.stringValue != nil
    }

    /// The Events that ``statusWithoutTraffic`` tells of.
    package var eventsWithoutTraffic: [RolloutEvent] {
        for case .patchStatus(let patch) in effects {
            guard let members = patch["status"]?.objectValue, begins(abort: members) else { return [] }
            return events.filter { ["RolloutAborted", "AnalysisRunFailed", "AnalysisRunError"].contains($0.reason) }
        }
        return []
    }
}

/// The one thing that a Rollout waits for.
package struct Waiting: Hashable, Sendable {
    package enum Reason: String, Sendable {
        case invalidSpec = "InvalidSpec"
        case aborted = "Aborted"
        case pausedByUser = "PausedByUser"
        case pauseStep = "PauseStep"
        case inconclusiveAnalysis = "InconclusiveAnalysis"
        case analysisRunning = "AnalysisRunning"
        case podsUnavailable = "PodsUnavailable"
        case promotion = "Promotion"
        case restart = "Restart"
        case scalingPaused = "ScalingPaused"
        case stableCapacity = "StableCapacity"
        case trafficUnverified = "TrafficUnverified"
        case oldPods = "OldPods"
        case replicaSetController = "ReplicaSetController"
        case scaleDownDelay = "ScaleDownDelay"
        case deletion = "Deletion"
        case watchBehind = "WatchBehind"
        case workloadUnknown = "WorkloadUnknown"
    }

    package var reason: Reason
    package var message: String
    package var since: Timestamp?
    /// Who can move it, and how.
    package var movedBy: String

    /// Nothing is decided: the caches have lacked what was written for longer than a watch takes.
    package static let watchBehind = Waiting(
        reason: .watchBehind, message: "the watch has not shown yet what the controller wrote", since: nil,
        movedBy: "the API server; the controller goes on without it after half a minute at most")

    /// Nothing is decided: the first list of the kind that `workloadRef` names has not come.
    package static func workloadUnknown(_ kind: String, since: Timestamp) -> Waiting {
        Waiting(
            reason: .workloadUnknown, message: "the list of \(kind)s, of which workloadRef names one, has not come",
            since: since, movedBy: "the API server, and the controller's right to list and watch \(kind)s")
    }
}
