import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import RolloutEngine
import Testing

@Suite("Changes that people ask for") struct ObjectChangesTests {
    static let key = ObjectKey(namespace: "default", name: "web")

    /// A Rollout at its first pause; `meanwhile` is written between each reading and writing of a command.
    private func promote(
        _ promotion: Promotion = .next, at more: JSON = [:], meanwhile: [JSON], times: Int = 1
    ) async throws -> (JSON?, String) {
        let stand = try await RolloutStand()
        _ = try await stand.api.create(
            .rollouts, namespace: "default",
            [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                "metadata": ["name": "web", "namespace": "default"],
                "spec": [
                    "selector": ["matchLabels": ["app": "web"]],
                    "template": [
                        "metadata": ["labels": ["app": "web"]],
                        "spec": ["containers": [["name": "web", "image": "a"]]],
                    ],
                    "strategy": ["canary": ["steps": [["setWeight": 1], ["pause": [:]], ["setWeight": 2]]]],
                ],
            ], subresource: nil, WriteOptions())
        func write(_ status: JSON) async throws {
            _ = try await stand.api.patch(
                .rollouts, Self.key, .merge, ["status": status], subresource: "status", WriteOptions())
        }
        try await write([
            "currentStepIndex": 1, "controllerPause": true, "currentPodHash": "a", "stableRS": "b",
            "pauseConditions": [["reason": "CanaryPauseStep", "startTime": "2026-11-21T08:53:00Z"]],
        ])
        try await write(more)
        _ = try await stand.api.create(
            .analysisRuns, namespace: "default",
            [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
                "metadata": ["name": "run", "namespace": "default"], "spec": ["metrics": []],
            ], subresource: nil, WriteOptions())
        let racing = RacingAPI(stand.api, Array(meanwhile.prefix(times)))
        let changes = ObjectChanges(racing, fieldManager: "test")
        var refusal = ""
        do { try await changes.promote(Self.key, promotion) } catch { refusal = "\(error)" }
        let rollout = try await stand.api.get(.rollouts, Self.key, subresource: nil)
        return (rollout?["status"], refusal)
    }

    @Test("a promotion is repeated while the controller writes what it was not decided on")
    func repeated() async throws {
        let noise: [JSON] = (0..<5).map { ["message": .string("measurement \($0)")] }
        let (status, refusal) = try await promote(meanwhile: noise, times: 5)
        #expect(refusal == "")
        #expect(status?["pauseConditions"] == nil)
        #expect(status?["currentStepIndex"] == 1)
        #expect(status?["message"] == "measurement 4")
    }

    @Test("a promotion that another step has overtaken sends nothing")
    func overtaken() async throws {
        let (status, refusal) = try await promote(meanwhile: [["currentStepIndex": 2, "pauseConditions": .null]])
        #expect(refusal.contains("it moved from step 1 to step 2; nothing was sent"))
        #expect(status?["currentStepIndex"] == 2)
    }

    @Test("an endless stream of other writes is given up, and said")
    func endless() async throws {
        let noise: [JSON] = (0..<100).map { ["message": .string("\($0)")] }
        let (status, refusal) = try await promote(meanwhile: noise, times: 100)
        #expect(refusal.contains("being changed without a pause"))
        #expect(status?["pauseConditions"]?.arrayValue?.count == 1)
    }

    @Test("an inconclusive run is accepted although the controller sees the mark before the pause is cleared")
    func acceptedFirst() async throws {
        let inconclusive: JSON = [
            "pauseConditions": [["reason": "InconclusiveAnalysisRun", "startTime": "2026-11-21T08:53:00Z"]],
            "canary": ["currentBackgroundAnalysisRunStatus": ["name": "run", "status": "Inconclusive"]],
        ]
        let seen: JSON = ["canary": ["currentBackgroundAnalysisRunStatus": ["name": "run", "status": "Successful"]]]
        let (status, refusal) = try await promote(.acceptInconclusive, at: inconclusive, meanwhile: [seen])
        #expect(refusal == "")
        #expect(status?["pauseConditions"] == nil)
        #expect(status?["currentStepIndex"] == 1)
        #expect(status?.at("canary", "currentBackgroundAnalysisRunStatus", "status") == "Successful")
    }

    @Test("an inconclusive run that was accepted counts as successful for the Rollout")
    func accepted() {
        func fact(_ phase: String, _ labels: [String: String]) -> String {
            AnalysisRunFact(name: "run", phase: phase, labels: labels).phase
        }
        #expect(fact("Inconclusive", [Keys.inconclusiveAccepted: "true"]) == "Successful")
        #expect(fact("Inconclusive", [:]) == "Inconclusive")
        #expect(fact("Failed", [Keys.inconclusiveAccepted: "true"]) == "Failed")
    }
}

/// Writes statuses of others between the reading and the first writing of its user.
private final class RacingAPI: KubernetesAPI {
    private let inner: any KubernetesAPI
    private let waiting: Lock<[JSON]>

    init(_ inner: any KubernetesAPI, _ statuses: [JSON]) {
        self.inner = inner
        waiting = Lock(statuses)
    }

    func get(_ resource: Resource, _ key: ObjectKey, subresource: String?) async throws(KubernetesError) -> JSON? {
        try await inner.get(resource, key, subresource: subresource)
    }

    func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String {
        try await inner.list(resource, options, item: item)
    }

    func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        try await inner.watch(resource, options, from: resourceVersion, event: event)
    }

    func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        try await inner.create(resource, namespace: namespace, object, subresource: subresource, options)
    }

    func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        try await inner.update(resource, key, object, subresource: subresource, options)
    }

    func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        // What a command writes to other kinds does not race with anybody.
        let isRollout = resource == .rollouts
        if isRollout, let other = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            _ = try await inner.patch(
                resource, key, .merge, ["status": other], subresource: "status", WriteOptions())
        }
        return try await inner.patch(resource, key, type, body, subresource: subresource, options)
    }

    @discardableResult
    func delete(_ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions) async throws(KubernetesError) -> Bool
    {
        try await inner.delete(resource, key, options)
    }
}
