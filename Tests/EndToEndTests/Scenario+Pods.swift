import Kubernetes
import Manifest
import Testing

/// Looks at what belongs to single revisions of a Rollout; names default to `web`.
extension Scenario {
    /// The ReplicaSets by revision number.
    func replicaSets(of rollout: String = "web") async throws -> [Int: JSON] {
        var sets: [Int: JSON] = [:]
        for set in try await list(Kinds.replicaSet)
        where set.at("metadata", "ownerReferences")?[0]?["name"]?.stringValue == rollout {
            if let revision = set.annotations["rollout.argoproj.io/revision"].flatMap({ Int($0) }) {
                sets[revision] = set
            }
        }
        return sets
    }

    func replicaSet(_ revision: Int, of rollout: String = "web") async throws -> JSON {
        let sets = try await replicaSets(of: rollout)
        return try #require(sets[revision], "no ReplicaSet of revision \(revision), only \(sets.keys.sorted())")
    }

    func hash(_ revision: Int, of rollout: String = "web") async throws -> String {
        try #require(try await replicaSet(revision, of: rollout).labels[Scenario.hashLabel])
    }

    func pods(_ revision: Int, of rollout: String = "web") async throws -> [JSON] {
        guard let set = try await replicaSets(of: rollout)[revision] else { return [] }
        return try await list(Kinds.pod).filter {
            $0.isOwned(by: set) && $0.at("metadata", "deletionTimestamp") == nil
        }
    }

    /// Waits until the revisions have so many pods, and until as many are asked for.
    func untilPods(_ wanted: [Int: Int], of rollout: String = "web")
        async throws
    {
        try await until("revisions have the pods \(wanted)") {
            let sets = try await self.replicaSets(of: rollout)
            let pods = try await self.list(Kinds.pod).filter { $0.at("metadata", "deletionTimestamp") == nil }
            return wanted.allSatisfy { revision, count in
                let set = sets[revision]
                // A status of before would still count pods that have gone: what is decided next must not rest on it.
                let isCounted = set.map { set in
                    set.at("status", "observedGeneration")?.intValue == set.at("metadata", "generation")?.intValue
                        && set.at("status", "replicas")?.intValue ?? 0 == Int64(count)
                }
                return set?.at("spec", "replicas")?.intValue ?? 0 == Int64(count) && isCounted ?? true
                    && pods.count { pod in set.map { pod.isOwned(by: $0) } ?? false } == count
            }
        }
    }

    /// Waits for `status` as `kubectl get` shows it: desired, current, updated, ready and available pods.
    func untilCounts(_ wanted: [Int64], of rollout: String = "web") async throws {
        try await until("the counts are \(wanted)") {
            let object = try await self.get(Kinds.rollout, rollout)
            let fields = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
            let counts = fields.map { object?.at("status", $0)?.intValue ?? 0 }
            return [object?.at("spec", "replicas")?.intValue ?? 0] + counts == wanted
        }
    }

    /// Marks so many more pods of a revision with a readiness gate as ready, as whoever owns the gate would.
    func openGate(_ revision: Int, of rollout: String = "web", pods count: Int) async throws {
        for _ in 0..<count {
            let pod = try await until("a pod of revision \(revision) that is not ready") {
                try await self.pods(revision, of: rollout).first { pod in
                    pod.at("status", "startTime") != nil
                        && pod.at("status", "conditions")?.arrayValue?.contains {
                            $0["type"] == Scenario.gate && $0["status"] == "True"
                        } == false
                }
            }
            _ = try await stand.api.patch(
                Kinds.pod, pod.objectKey, .strategicMerge,
                ["status": ["conditions": [["type": Scenario.gate, "status": "True"]]]], subresource: "status",
                WriteOptions(fieldManager: "e2e"))
        }
    }

    static let gate: JSON = "shop.example/ready"
    /// A pod spec's lines that make its pods wait for `openGate`.
    static let gated = "      readinessGates: [{conditionType: shop.example/ready}]"
    static let hashLabel = "rollouts-pod-template-hash"

    // MARK: Services

    /// The hash that a Service selects; empty for none.
    func serviceHash(_ name: String) async throws -> String {
        try await get(Kinds.service, name)?.at("spec", "selector", Scenario.hashLabel)?.stringValue ?? ""
    }

    func untilService(_ name: String, selects revision: Int, of rollout: String = "web") async throws {
        try await until("Service \(name) selects revision \(revision)") {
            let hash = try await self.serviceHash(name)
            return try await self.replicaSets(of: rollout)[revision]?.labels[Scenario.hashLabel] == hash
        }
    }

    // MARK: Traffic

    /// Waits until the canary has this share of a hundred, and stable the rest.
    /// - Parameter weights: Reads the weights; the VirtualService's where it is left out.
    func untilWeight(
        canary: Int64, _ weights: (() async throws -> [String: Int64])? = nil
    ) async throws {
        try await until("the canary's weight is \(canary)") {
            let present = if let weights { try await weights() } else { try await self.weights("web") }
            return present == ["web-stable": 100 - canary, "web-canary": canary]
        }
    }

    /// Waits until a revision of one pod has its pod and a deadline, or neither.
    func untilDeadline(_ revision: Int, waits: Bool) async throws {
        try await until("revision \(revision) \(waits ? "waits for its deadline" : "has neither pods nor deadline")") {
            let set = try await self.replicaSets()[revision]
            let size = set?.at("spec", "replicas")?.intValue
            let hasDeadline = set?.annotations[Scenario.deadline] != nil
            return waits ? size == 1 && hasDeadline : size == 0 && !hasDeadline
        }
    }

    static let deadline = "scale-down-deadline"

    // MARK: Time

    /// Dates the pause that a clock ends back, so that its end is near however long it was to last.
    /// - Parameters:
    ///   - length: The pause's whole length.
    ///   - left: What is to be left of it.
    /// - Returns: The instant of its end.
    func endPause(_ rollout: String = "web", of length: Duration, in left: Duration) async throws -> Timestamp {
        try await until("the pause of \(rollout) is dated back") {
            let object = try #require(try await get(Kinds.rollout, rollout))
            let begin = (SystemClock().now() + left - length).wholeSeconds
            let pauses = try #require(object.at("status", "pauseConditions")?.arrayValue).map { pause in
                var pause = pause
                if pause["reason"] != "InconclusiveAnalysisRun" { pause["startTime"] = .string(begin.rfc3339) }
                return pause
            }
            do throws(KubernetesError) {
                // The controller may add or end a pause meanwhile.
                _ = try await stand.api.patch(
                    Kinds.rollout, ObjectKey(namespace: namespace, name: rollout), .merge,
                    [
                        "metadata": ["resourceVersion": .string(object.resourceVersion)],
                        "status": ["pauseConditions": .array(pauses)],
                    ], subresource: "status", WriteOptions(fieldManager: "e2e"))
            } catch {
                guard error.isConflict else { throw error }
                return nil
            }
            return begin + length
        }
    }

    // MARK: Other ways to act

    /// Sizes the Rollout as an autoscaler and `kubectl scale` do.
    func scale(_ rollout: String = "web", to replicas: Int64) async throws {
        try await patch(Kinds.rollout, rollout, ["spec": ["replicas": .int(replicas)]], subresource: "scale")
    }

    /// Skips the present step of a Rollout that is not paused, as `promote` does then.
    func skipStep(_ rollout: String = "web") async throws {
        let index = try await get(Kinds.rollout, rollout)?.at("status", "currentStepIndex")?.intValue ?? 0
        try await patch(
            Kinds.rollout, rollout, ["status": ["currentStepIndex": .int(index + 1)]], subresource: "status")
    }

    /// Waits until the Rollout is at a step.
    @discardableResult
    func untilStep(_ step: Int64, of rollout: String = "web") async throws
        -> JSON
    {
        try await until("Rollout \(rollout) is at step \(step)") {
            let object = try await self.get(Kinds.rollout, rollout)
            return object?.at("status", "currentStepIndex")?.intValue == step ? object : nil
        }
    }

    /// Waits for something in a Rollout's status.
    @discardableResult
    func untilStatus(
        _ what: String, of rollout: String = "web",
        holds test: @Sendable (JSON) -> Bool
    ) async throws -> JSON {
        try await until(what) {
            let object = try await self.get(Kinds.rollout, rollout)
            return object.map { $0["status"].map(test) ?? false } == true ? object : nil
        }
    }

    func analysisRuns(_ type: String? = nil) async throws -> [JSON] {
        try await list(Kinds.analysisRun).filter { type == nil || $0.labels["rollout-type"] == type }
    }

    /// Waits until the newest AnalysisRun of a type has this phase.
    func untilRun(_ type: String, _ phase: String) async throws {
        try await until("the \(type) run is \(phase)") {
            let runs = try await self.analysisRuns(type)
            return runs.contains { $0.at("status", "phase")?.stringValue == phase }
        }
    }
}

extension JSON {
    fileprivate func isOwned(by owner: JSON) -> Bool {
        at("metadata", "ownerReferences")?.arrayValue?.contains { $0["uid"]?.stringValue == owner.uid } ?? false
    }

    /// A condition of the status by its type.
    func condition(_ type: String) -> JSON? {
        at("status", "conditions")?.arrayValue?.first { $0["type"]?.stringValue == type }
    }
}
