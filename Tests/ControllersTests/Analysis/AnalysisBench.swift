import AnalysisEngine
import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit

/// Answers each metric by its query, at once or when it is let go.
final class ScriptedSource: MetricSource {
    private let answers: Lock<[String: [Double]]>
    private let asked = Lock<[String]>([])
    private let cancelled = Lock(0)
    private let held: Set<String>
    let release = Latch()

    /// - Parameter held: Queries that wait until `release` opens.
    init(_ answers: [String: [Double]] = [:], held: Set<String> = []) {
        self.answers = Lock(answers)
        self.held = held
    }

    var cancellations: Int { cancelled.withLock { $0 } }
    var queries: [String] { asked.withLock { $0 } }

    func measure(_ task: MeasurementTask, now: Timestamp) async throws(MetricFailure) -> MetricReading {
        let query = task.metric.settings["query"]?.stringValue ?? ""
        asked.withLock { $0.append(query) }
        if held.contains(query), await !release.wait() {
            cancelled.withLock { $0 += 1 }
            throw MetricFailure(.unavailable, "cancelled")
        }
        let value = answers.withLock { answers -> Double? in
            guard var values = answers[query], let first = values.first else { return nil }
            if values.count > 1 { values.removeFirst() }
            answers[query] = values
            return first
        }
        guard let value else { throw MetricFailure(.unavailable, "no answer to \(query)") }
        return MetricReading(number: value)
    }
}

/// AnalysisRuns on an embedded cluster, reconciled by the real controller over a scripted source.
struct AnalysisBench {
    let api: InMemoryKubernetes
    let source: ScriptedSource
    let controller: AnalysisController
    let events = Resource(group: "", version: "v1", plural: "events", kind: "Event")
    private let recorder: EventRecorder

    /// - Parameters:
    ///   - jobNamespace: Where all Jobs run; `nil` runs them beside their AnalysisRuns.
    ///   - remote: The cluster of the Jobs, where it is another.
    init(
        _ source: ScriptedSource = ScriptedSource(), statusSubresource: Bool = false, jobNamespace: String? = nil,
        remote: InMemoryKubernetes? = nil
    ) async throws {
        api = InMemoryKubernetes(ClusterAPI())
        self.source = source
        recorder = EventRecorder(api, component: "test", logger: .silent)
        for (plural, kind) in [("analysisruns", "AnalysisRun"), ("analysistemplates", "AnalysisTemplate")] {
            try await Self.define(api, plural, kind, scope: "Namespaced", statusSubresource)
        }
        try await Self.define(api, "clusteranalysistemplates", "ClusterAnalysisTemplate", scope: "Cluster", false)
        var options = ControllerOptions()
        options.analysisJobNamespace = jobNamespace
        controller = AnalysisController(
            api, remote: remote, caches: AnalysisCaches(api, remote: remote, options: options, logger: .silent),
            source: source, recorder: recorder, options: options, metrics: .standard(version: "test"), logger: .silent)
    }

    private static func define(
        _ api: InMemoryKubernetes, _ plural: String, _ kind: String, scope: String, _ statusSubresource: Bool
    ) async throws {
        let open: JSON = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        var version: JSON = [
            "name": "v1alpha1", "served": true, "storage": true,
            "schema": ["openAPIV3Schema": ["type": "object", "properties": ["spec": open, "status": open]]],
        ]
        if statusSubresource { version["subresources"] = ["status": [:]] }
        let definitions = Resource(
            group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
            kind: "CustomResourceDefinition", isNamespaced: false)
        _ = try await api.create(
            definitions, namespace: "",
            [
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": ["name": .string("\(plural).argoproj.io")],
                "spec": [
                    "group": "argoproj.io", "scope": .string(scope), "versions": [version],
                    "names": [
                        "plural": .string(plural), "kind": .string(kind), "singular": .string(kind.lowercased()),
                        "listKind": .string("\(kind)List"),
                    ],
                ],
            ], subresource: nil, WriteOptions())
    }

    /// Runs the controller while `body` goes on.
    func run(_ body: @escaping @Sendable (AnalysisBench) async throws -> Void) async throws {
        let managed = controller.managed(runsCaches: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for cache in managed.caches { group.addTask { await cache.run() } }
            group.addTask { [recorder] in await recorder.run() }
            group.addTask { await managed.work() }
            do {
                try await withDeadline(.seconds(60)) { try await body(self) }
            } catch {
                managed.shutDown()
                group.cancelAll()
                throw error
            }
            managed.shutDown()
            group.cancelAll()
        }
    }

    @discardableResult
    func create(_ name: String, _ spec: JSON) async throws -> JSON {
        try await api.create(
            .analysisRuns, namespace: "default",
            [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
                "metadata": ["name": .string(name), "namespace": "default"], "spec": spec,
            ], subresource: nil, WriteOptions())
    }

    func get(_ name: String) async throws -> JSON? {
        try await api.get(.analysisRuns, ObjectKey(namespace: "default", name: name), subresource: nil)
    }

    /// Waits until the run's phase is one of `phases`, and gives the run.
    func until(_ name: String, _ phases: String...) async throws -> JSON {
        var found: JSON?
        try await eventually("\(name) is one of \(phases)") {
            found = try await get(name)
            return phases.contains(found?.at("status", "phase")?.stringValue ?? "")
        }
        return found ?? .null
    }

    /// Waits until a condition holds.
    func until(_ condition: () async throws -> Bool) async throws {
        try await eventually("what a test waits for", condition)
    }
}

/// A metric that is good at 1 or more.
func promMetric(_ name: String, query: String, _ more: JSON = [:]) -> JSON {
    MergePatch.apply(
        more,
        to: [
            "name": .string(name), "successCondition": "result >= 1",
            "provider": ["prometheus": ["query": .string(query)]],
        ])
}
