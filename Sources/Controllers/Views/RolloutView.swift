package import Manifest
import RolloutEngine

/// What people see of one Rollout: a summary and its tree of revisions.
///
/// Made from the objects as the API serves them, so that every client shows the same.
package struct RolloutView: Hashable, Sendable {
    package struct Image: Hashable, Sendable {
        package var name: String
        /// `canary`, `stable`, `active`, `preview`, `ping`, `pong`, then templates of Experiments.
        package var tags: [String]
    }

    package struct Revision: Hashable, Sendable {
        package var number: Int64
        package var replicaSets: [ReplicaSetView] = []
        package var experiments: [ExperimentView] = []
        package var analysisRuns: [RunView] = []
    }

    package var name: String
    package var namespace: String
    package var phase: String
    package var message: String
    /// `Canary` or `BlueGreen`.
    package var strategy: String
    /// `1/4`; `nil` without steps.
    package var step: String?
    package var setWeight: Int64?
    package var actualWeight: Int64?
    package var desired: Int64
    package var current: Int64
    package var updated: Int64
    package var ready: Int64
    package var available: Int64
    package var images: [Image]
    package var age: String
    /// Newest first.
    package var revisions: [Revision]

    /// - Parameters:
    ///   - replicaSets: Those of the namespace; what the Rollout does not own is left out.
    ///   - pods: Those of the namespace.
    ///   - analysisRuns: Those of the namespace.
    ///   - experiments: Those of the namespace.
    package init(
        rollout: JSON, replicaSets: [JSON], pods: [JSON] = [], analysisRuns: [JSON] = [], experiments: [JSON] = [],
        now: Timestamp
    ) {
        let facts = RolloutFacts(rollout)
        let uid = rollout.uid
        let key = rollout.objectKey
        (name, namespace) = (key.name, key.namespace)
        (phase, message) = facts.phase
        strategy = facts.isCanary ? "Canary" : "BlueGreen"
        desired = facts.desired
        current = facts.count("replicas")
        updated = facts.count("updatedReplicas")
        ready = facts.count("readyReplicas")
        available = facts.count("availableReplicas")
        age = AgeText.age(of: rollout, now: now)
        let sets = replicaSets.filter { $0.isOwned(by: uid) }
            .map { set in
                ReplicaSetView(
                    set, pods: pods, roles: facts.roles(hash: set.labels[Keys.podTemplateHash] ?? ""), now: now)
            }
            .sorted { ($1.revision, $0.name) < ($0.revision, $1.name) }
        let trials = experiments.filter { $0.isOwned(by: uid) }
            .map { ExperimentView($0, replicaSets: replicaSets, pods: pods, analysisRuns: analysisRuns, now: now) }
            .sorted { $0.name < $1.name }
        let runs = analysisRuns.filter { $0.isOwned(by: uid) }.map { RunView($0, now: now) }
            .sorted { $0.name < $1.name }
        var revisions: [Int64: Revision] = [:]
        for set in sets { revisions[set.revision, default: Revision(number: set.revision)].replicaSets.append(set) }
        for trial in trials {
            revisions[trial.revision, default: Revision(number: trial.revision)].experiments.append(trial)
        }
        for run in runs { revisions[run.revision, default: Revision(number: run.revision)].analysisRuns.append(run) }
        self.revisions = revisions.values.sorted { $0.number > $1.number }
        images = Self.images(sets + trials.flatMap(\.replicaSets))
        if facts.isCanary {
            if !facts.steps.isEmpty { step = "\(facts.stepIndex)/\(facts.steps.count)" }
            setWeight = facts.setWeight
            actualWeight = Self.actualWeight(facts, sets)
        }
    }

    /// Images of the ReplicaSets that have pods, merged by image.
    static func images(_ sets: [ReplicaSetView]) -> [Image] {
        var tags: [String: Set<String>] = [:]
        for set in sets where !set.pods.isEmpty || set.replicas > 0 {
            for image in set.images { tags[image, default: []].formUnion(set.roles) }
        }
        return tags.keys.sorted().map { name in
            let order = ["canary", "stable", "active", "preview", "ping", "pong"]
            let known = order.filter { tags[name, default: []].contains($0) }
            return Image(name: name, tags: known + tags[name, default: []].subtracting(order).sorted())
        }
    }

    private static func actualWeight(_ facts: RolloutFacts, _ sets: [ReplicaSetView]) -> Int64 {
        guard facts.hasCurrentStep else { return facts.maxWeight }
        let total = sets.reduce(0) { $0 &+ $1.available }
        // Nobody serves, whatever routers hold.
        guard total > 0 else { return 0 }
        if facts.isRouted { return facts.recordedWeight ?? facts.setWeight }
        let canary = sets.filter { $0.roles.contains("canary") }.reduce(0) { $0 &+ $1.available }
        return min(canary, total) &* facts.maxWeight / total
    }
}

/// A ReplicaSet of a Rollout with its pods.
package struct ReplicaSetView: Hashable, Sendable {
    package struct Pod: Hashable, Sendable {
        package var name: String
        package var status: String
        package var info: String
        package var age: String
    }

    package var name: String
    package var revision: Int64
    package var status: String
    /// `stable`, one of `canary`, `active`, `preview`, `ping` or `pong`; `Σ:<template>` in an Experiment.
    package var roles: [String]
    /// `delay:18s` or `delay:passed`, while it waits to be scaled down.
    package var delay: String?
    package var replicas: Int64
    package var available: Int64
    package var images: [String]
    package var age: String
    package var pods: [Pod]

    init(_ set: JSON, pods: [JSON], roles: [String], now: Timestamp) {
        name = set.objectKey.name
        revision = Int64(set.annotations[Keys.revision] ?? "") ?? 0
        replicas = set.at("spec", "replicas")?.intValue ?? 1
        available = max(0, min(set.at("status", "availableReplicas")?.intValue ?? 0, Int64(Int32.max)))
        images = (set.at("spec", "template", "spec", "containers")?.arrayValue ?? []).compactMap {
            $0["image"]?.stringValue
        }
        age = AgeText.age(of: set, now: now)
        self.roles = roles
        let conditions = set.at("status", "conditions")?.arrayValue ?? []
        let hasFailed = conditions.contains { $0["type"] == "ReplicaFailure" && $0["status"] == "True" }
        let generation = set.at("metadata", "generation")?.intValue ?? 0
        if (set.at("status", "observedGeneration")?.intValue ?? 0) < generation {
            status = "Progressing"
        } else if hasFailed {
            status = "ReplicaFailure"
        } else if replicas == 0 {
            status = "ScaledDown"
        } else {
            status = available < replicas ? "Progressing" : "Healthy"
        }
        if let deadline = set.annotations[Keys.scaleDownDeadline].flatMap(Timestamp.init(rfc3339:)) {
            delay = deadline > now ? "delay:\(AgeText.text(deadline - now))" : "delay:passed"
        }
        let uid = set.uid
        self.pods = pods.filter { $0.isOwned(by: uid) }
            .sorted {
                ($0.at("metadata", "creationTimestamp")?.stringValue ?? "", $0.objectKey.name)
                    < ($1.at("metadata", "creationTimestamp")?.stringValue ?? "", $1.objectKey.name)
            }
            .map { pod in
                let state = PodStatus(pod)
                let restarts = state.restarts > 0 ? ",restarts:\(state.restarts)" : ""
                return Pod(
                    name: pod.objectKey.name, status: state.reason,
                    info: "ready:\(state.ready)/\(state.total)\(restarts)",
                    age: AgeText.age(of: pod, now: now))
            }
    }

    /// Roles and delay as the tree shows them; the template of an Experiment stands in the name already.
    package var info: [String] { roles.filter { !$0.hasPrefix("Σ:") } + (delay.map { [$0] } ?? []) }
}

/// An AnalysisRun of a Rollout or an Experiment.
package struct RunView: Hashable, Sendable {
    package struct Job: Hashable, Sendable {
        package var name: String
        package var phase: String
        package var age: String
    }

    package var name: String
    package var revision: Int64
    package var phase: String
    package var age: String
    package var successful: Int64 = 0
    package var failed: Int64 = 0
    package var inconclusive: Int64 = 0
    package var error: Int64 = 0
    package var jobs: [Job] = []

    init(_ run: JSON, now: Timestamp) {
        name = run.objectKey.name
        revision = Int64(run.annotations[Keys.revision] ?? "") ?? 0
        phase = run.at("status", "phase")?.stringValue ?? "Pending"
        if phase.isEmpty { phase = "Pending" }
        age = AgeText.age(of: run, now: now)
        for metric in run.at("status", "metricResults")?.arrayValue ?? [] {
            func count(_ field: String) -> Int64 { max(0, min(metric[field]?.intValue ?? 0, Int64(Int32.max))) }
            successful += count("successful")
            failed += count("failed")
            inconclusive += count("inconclusive")
            error += count("error")
            for measurement in metric["measurements"]?.arrayValue ?? [] {
                guard let job = measurement.at("metadata", "job-name")?.stringValue else { continue }
                jobs.append(
                    Job(
                        name: job, phase: measurement["phase"]?.stringValue ?? "Pending",
                        age: AgeText.since(measurement["startedAt"]?.stringValue, now: now)))
            }
        }
    }

    /// `✔ 12,✖ 1`: counts above zero.
    package var info: [(icon: StatusIcon, count: Int64)] {
        [(.ok, successful), (.bad, failed), (.unknown, inconclusive), (.warning, error)].filter { $0.1 > 0 }
    }
}

extension JSON {
    /// Whether this object's controller has a uid.
    func isOwned(by uid: String) -> Bool {
        !uid.isEmpty
            && (at("metadata", "ownerReferences")?.arrayValue ?? []).contains {
                $0["controller"] == true && $0["uid"]?.stringValue == uid
            }
    }
}
