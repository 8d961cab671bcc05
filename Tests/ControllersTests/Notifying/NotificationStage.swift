import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Notifications
import RolloutEngine
import SluiceTestKit
import Testing

/// Keeps what it is given, and fails where it is told to.
final class Mailbox: Courier {
    private struct State {
        var delivered: [Delivery] = []
        var tries = 0
        var waiting = 0
        var ids: Set<String> = []
        var failure: DeliveryError?
        var isStuck = true
    }

    private let state = Lock(State())

    var delivered: [Delivery] { state.withLock { $0.delivered } }
    var tries: Int { state.withLock { $0.tries } }
    /// Deliveries to this service wait until they are cancelled, or ``free()``.
    let stuck = "stuck"
    func free() { state.withLock { $0.isStuck = false } }
    /// Of all tries.
    var ids: Set<String> { state.withLock { $0.ids } }
    var waiting: Int { state.withLock { $0.waiting } }
    func fail(_ error: DeliveryError?) { state.withLock { $0.failure = error } }

    func deliver(_ delivery: Delivery) async throws(DeliveryError) {
        if delivery.service == stuck, state.withLock({ $0.isStuck }) {
            state.withLock { $0.waiting += 1 }
            try? await Task.sleep(for: .seconds(3_600))
            throw DeliveryError(service: stuck, why: "stopped", isRetriable: true)
        }
        let failure = state.withLock { state in
            state.tries += 1
            state.ids.insert(delivery.id)
            if state.failure == nil { state.delivered.append(delivery) }
            return state.failure
        }
        if let failure { throw failure }
    }
}

/// A cluster with one Rollout and a notification configuration.
final class NotificationStage: Sendable {
    let cluster = ClusterAPI()
    let api: InMemoryKubernetes
    let mailbox = Mailbox()
    let key = ObjectKey(namespace: "default", name: "web")

    init(subscribe: String? = "on-rollout-aborted.hooks", more: [String] = []) async throws {
        api = InMemoryKubernetes(cluster)
        let definitions = Resource(
            group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
            kind: "CustomResourceDefinition", isNamespaced: false)
        let schema: JSON = ["openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]]
        for (plural, kind) in [("rollouts", "Rollout"), ("analysisruns", "AnalysisRun")] {
            let definition: JSON = [
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": ["name": .string(plural + ".argoproj.io")],
                "spec": [
                    "group": "argoproj.io", "scope": "Namespaced",
                    "names": [
                        "plural": .string(plural), "singular": .string(kind.lowercased()), "kind": .string(kind),
                        "listKind": .string(kind + "List"),
                    ],
                    "versions": [["name": "v1alpha1", "served": true, "storage": true, "schema": schema]],
                ],
            ]
            _ = try await api.create(definitions, namespace: "", definition, subresource: nil, WriteOptions())
        }
        let configMap: JSON = [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(NotificationSettings.configMapName), "namespace": "default"],
            "data": [
                "service.webhook.hooks": "url: https://example.org/$token\n",
                "service.webhook.stuck": "url: https://example.org/stuck\n",
                "template.aborted": "message: \"{{.rollout.metadata.name}} aborted: {{.rollout.status.message}}\"\n",
                "trigger.on-rollout-aborted": "- send: [aborted]\n",
                "trigger.on-scaling-replica-set": "- send: [aborted]\n",
                "template.step": "message: \"step {{.rollout.status.currentStepIndex}}\"\n",
                "trigger.on-rollout-step-completed": "- send: [step]\n",
                "template.completed": "message: completed\n",
                "trigger.on-rollout-completed": "- send: [completed]\n",
                "trigger.on-degraded": "- when: rollout.status.phase == 'Degraded'\n  send: [aborted]\n",
            ],
        ]
        let secret: JSON = [
            "apiVersion": "v1", "kind": "Secret",
            "metadata": ["name": .string(NotificationSettings.secretName), "namespace": "default"],
            "data": ["token": "czNjcmV0"],
        ]
        _ = try await api.create(
            Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap"), namespace: "default",
            configMap, subresource: nil, WriteOptions())
        _ = try await api.create(
            Resource(group: "", version: "v1", plural: "secrets", kind: "Secret"), namespace: "default", secret,
            subresource: nil, WriteOptions())
        var rollout: JSON = [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": ["name": "web", "namespace": "default"],
            "spec": [
                "replicas": 1, "selector": ["matchLabels": ["app": "web"]], "strategy": ["canary": [:]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": ["containers": [["name": "web", "image": "web:1"]]],
                ],
            ], "status": ["currentPodHash": "abc", "stableRS": "abc", "phase": "Healthy"],
        ]
        if let subscribe {
            rollout.set("", at: "metadata", "annotations", "notifications.argoproj.io/subscribe.\(subscribe)")
        }
        _ = try await api.create(.rollouts, namespace: "default", rollout, subresource: nil, WriteOptions())
        for name in more {
            rollout.set(.string(name), at: "metadata", "name")
            _ = try await api.create(.rollouts, namespace: "default", rollout, subresource: nil, WriteOptions())
        }
    }

    /// Settings of a namespace's own.
    func settings(in namespace: String, _ data: [String: String]) async throws {
        let configMap: JSON = [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(NotificationSettings.configMapName), "namespace": .string(namespace)],
            "data": JSON(data),
        ]
        _ = try await api.create(
            Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap"), namespace: namespace,
            configMap, subresource: nil, WriteOptions())
    }

    func set(_ status: JSON) async throws {
        _ = try await api.patch(.rollouts, key, .merge, ["status": status], subresource: nil, WriteOptions())
    }

    /// Completes steps of an update, in one status write; gives the event of each, and the Rollout after them.
    func completeSteps(_ steps: ClosedRange<Int>) async throws -> (events: [RolloutEvent], written: JSON) {
        try await set(["currentPodHash": "def", "currentStepIndex": JSON(steps.upperBound)])
        let live = try await api.get(.rollouts, key, subresource: nil)
        return (steps.map { RolloutEvent("RolloutStepCompleted", "step \($0)", stepIndex: $0) }, live ?? .null)
    }

    func subscribe(_ names: String...) async throws {
        let annotations = names.map { ("notifications.argoproj.io/subscribe." + $0, JSON("")) }
        _ = try await api.patch(
            .rollouts, key, .merge,
            ["metadata": ["annotations": .object(Dictionary(uniqueKeysWithValues: annotations))]], subresource: nil,
            WriteOptions())
    }

    func annotation(_ name: String) async throws -> String? {
        try await api.get(.rollouts, key, subresource: nil)?.annotations[name]
    }

    var aborted: JSON {
        ["abort": true, "abortedAt": "2026-11-21T10:00:00Z", "currentPodHash": "def", "message": "bad"]
    }

    /// Runs one life of the controller: from start to end, as after a crash.
    func live(
        selfService: Bool = false, metrics: MetricsRegistry? = nil,
        _ body: (NotificationController, Informer<Rollout>) async throws -> Void
    ) async throws {
        let rollouts = Informer<Rollout>(api, .rollouts, logger: .silent)
        let settings = NotificationSettings(
            api, namespace: selfService ? "argo-rollouts" : "default", selfService: selfService, logger: .silent)
        let controller = NotificationController(
            api: api, rollouts: rollouts, settings: settings, courier: mailbox, metrics: metrics,
            backoff: DeliveryBackoff(base: .milliseconds(1), cap: .milliseconds(2), attempts: 3), logger: .silent)
        controller.register()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await rollouts.run() }
            group.addTask { await settings.run() }
            await rollouts.waitUntilSynced()
            try await eventually("the settings are read") { settings.isReady }
            try await body(controller, rollouts)
            group.cancelAll()
        }
    }

    /// Waits until the cache is as new as the cluster is now; it may be newer by then.
    func catchUp(_ rollouts: Informer<Rollout>) async throws {
        let version = try await api.get(.rollouts, key, subresource: nil)?.resourceVersion
        let wanted = version.flatMap { Int($0) } ?? 0
        try await eventually("the cache holds version \(wanted)") {
            (rollouts.store.get(key).flatMap { Int($0.resourceVersion) } ?? 0) >= wanted
        }
    }

    /// Reconciles until nothing is left to do, with the cache as new as the cluster.
    func settle(_ controller: NotificationController, _ rollouts: Informer<Rollout>) async throws {
        for _ in 0..<20 where try await step(controller, rollouts) == nil {
            return
        }
    }

    /// Looks once, delivers what is due, and records it.
    /// - Returns: When something is to be tried again.
    func step(_ controller: NotificationController, _ rollouts: Informer<Rollout>) async throws -> Duration? {
        try await catchUp(rollouts)
        _ = try await controller.reconcile(key)
        var again: Duration?
        for line in controller.lines(of: key) {
            if let delay = await controller.carry(line) { again = min(again ?? delay, delay) }
        }
        try await catchUp(rollouts)
        _ = try await controller.reconcile(key)
        if let again { try await Task.sleep(for: again) }
        return again
    }
}
