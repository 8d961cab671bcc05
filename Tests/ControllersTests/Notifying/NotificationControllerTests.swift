import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Notifications
import RolloutEngine
import SluiceTestKit
import Testing

/// Keeps what it is given, and fails where it is told to.
private final class Mailbox: Courier {
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
private final class Stage: Sendable {
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

@Suite("Notification controller", .timeLimit(.minutes(1))) struct NotificationControllerTests {
    @Test("an abort is told once: not again at the next look, nor after a restart") func once() async throws {
        let stage = try await Stage()
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            #expect(stage.mailbox.delivered.isEmpty)
            try await stage.set(stage.aborted)
            try await stage.settle(controller, rollouts)
            #expect(stage.mailbox.delivered.count == 1)
            let rollout = try #require(rollouts.store.get(stage.key))
            controller.notify(rollout, RolloutEvent("RolloutAborted", "bad", isWarning: true))
            try await stage.settle(controller, rollouts)
        }
        try await stage.live { try await stage.settle($0, $1) }
        let bodies = stage.mailbox.delivered.map(\.content.text)
        #expect(bodies.count == 1)
        #expect(bodies.first?.contains("web aborted: bad") ?? false)
        #expect(!(try await stage.annotation(NotificationRecord.factsAnnotation) ?? "").contains("s3cret"))
    }

    @Test("what a crash swallowed between status and notification is told after the restart") func crash() async throws
    {
        let stage = try await Stage()
        try await stage.live { try await stage.settle($0, $1) }
        try await stage.set(stage.aborted)  // the process dies here
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.map(\.trigger) == ["on-rollout-aborted"])
    }

    @Test("what happened before somebody subscribed is no news") func old() async throws {
        let stage = try await Stage()
        try await stage.set(stage.aborted)
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.isEmpty)
    }

    @Test("a crash after the delivery repeats it with the same id") func repeated() async throws {
        let stage = try await Stage()
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            try await stage.set(stage.aborted)
            stage.cluster.faults.add(
                .init(
                    .fail(KubernetesError(code: 500, reason: "InternalError", message: "x")), on: [.patch],
                    resource: "rollouts.argoproj.io", times: 100))
            await #expect(throws: KubernetesError.self) { try await stage.settle(controller, rollouts) }
            #expect(stage.mailbox.delivered.count == 1)
            // The same process remembers.
            await #expect(throws: KubernetesError.self) { try await stage.settle(controller, rollouts) }
            #expect(stage.mailbox.delivered.count == 1)
        }
        stage.cluster.faults.clear()
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.count == 2)
        #expect(Set(stage.mailbox.delivered.map(\.id)).count == 1)
    }

    @Test("a receiver that is down is tried again, up to a bound") func down() async throws {
        let stage = try await Stage()
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            stage.mailbox.fail(DeliveryError(service: "hooks", why: "down", isRetriable: true))
            try await stage.set(stage.aborted)
            #expect(try await stage.step(controller, rollouts) != nil)
            stage.mailbox.fail(nil)
            try await stage.settle(controller, rollouts)
            #expect(stage.mailbox.delivered.count == 1)
            stage.mailbox.fail(DeliveryError(service: "hooks", why: "down", isRetriable: true))
            try await stage.set(["abortedAt": "2026-11-21T11:00:00Z"])
            let before = stage.mailbox.tries
            try await stage.settle(controller, rollouts)
            #expect(stage.mailbox.tries == before + 3)
            stage.mailbox.fail(nil)
            try await stage.settle(controller, rollouts)
            #expect(stage.mailbox.tries == before + 3, "given up is recorded too")
        }
    }

    @Test("a condition is told on its rising edge, and again after it fell") func edges() async throws {
        let stage = try await Stage(subscribe: "on-degraded.hooks")
        try await stage.live { controller, rollouts in
            for (phase, count) in [("Healthy", 0), ("Degraded", 1), ("Degraded", 1), ("Healthy", 1), ("Degraded", 2)] {
                try await stage.set(["phase": .string(phase), "currentStepIndex": JSON(count)])
                try await stage.settle(controller, rollouts)
                #expect(stage.mailbox.delivered.count == count, "\(phase)")
            }
        }
        #expect(try await stage.annotation(NotificationRecord.edgesAnnotation) != nil)
    }

    @Test("an event that leaves nothing in the status keeps its id from try to try")
    func momentary() async throws {
        let stage = try await Stage(subscribe: "on-scaling-replica-set.hooks")
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            stage.mailbox.fail(DeliveryError(service: "hooks", why: "down", isRetriable: true))
            controller.notify(try #require(rollouts.store.get(stage.key)), RolloutEvent("ScalingReplicaSet", "up"))
            #expect(try await stage.step(controller, rollouts) != nil)
            try await stage.set(["replicas": 2])
            stage.mailbox.fail(nil)
            try await stage.settle(controller, rollouts)
        }
        #expect(stage.mailbox.delivered.count == 1)
        #expect(stage.mailbox.ids.count == 1)
    }

    @Test("a receiver that hangs holds up neither other receivers nor other Rollouts, and whoever notifies never waits")
    func hanging() async throws {
        let names = (1...12).map { "web-\($0)" }
        let stage = try await Stage(more: names)
        for name in ["web"] + names {
            let annotations: JSON = ["notifications.argoproj.io/subscribe.on-rollout-aborted.stuck": ""]
            _ = try await stage.api.patch(
                .rollouts, ObjectKey(namespace: "default", name: name), .merge,
                ["metadata": ["annotations": annotations]], subresource: nil, WriteOptions())
        }
        try await stage.live { controller, rollouts in
            let keys = ([""] + (1...12).map { "-\($0)" }).map { ObjectKey(namespace: "default", name: "web\($0)") }
            for key in keys {
                // The first look takes note of what there is.
                try await eventually("the subscription is seen") { rollouts.store.get(key)?.annotations.count == 2 }
                _ = try await controller.reconcile(key)
            }
            for key in keys {
                _ = try await stage.api.patch(
                    .rollouts, key, .merge, ["status": stage.aborted], subresource: nil, WriteOptions())
                try await eventually("the abort is seen") { rollouts.store.get(key)?.status.abort == true }
            }
            // Six carriers, of whom the service that hangs may take four.
            let work = Task { await controller.run(workers: 2, carriers: 6) }
            for key in keys {
                let rollout = try #require(rollouts.store.get(key))
                controller.notify(rollout, RolloutEvent("RolloutAborted", "bad", isWarning: true))
            }
            try await eventually("all are delivered") { stage.mailbox.delivered.count >= keys.count }
            #expect(Set(stage.mailbox.delivered.map(\.object)) == Set(keys))
            #expect((1...4).contains(stage.mailbox.waiting))
            work.cancel()
            await work.value
        }
    }

    @Test("while one service hangs, each step reaches the other at once, with what it was when the step was completed")
    func everyStep() async throws {
        let stage = try await Stage(subscribe: nil)
        try await stage.subscribe("on-rollout-step-completed.hooks", "on-rollout-step-completed.stuck")
        try await stage.set(["currentPodHash": "def", "currentStepIndex": 0])
        try await stage.live { controller, rollouts in
            try await stage.catchUp(rollouts)
            let work = Task { await controller.run() }
            for step in 1...6 {
                let rollout = try #require(rollouts.store.get(stage.key))
                let (events, written) = try await stage.completeSteps(step...step)
                for event in events { controller.notify(rollout, event, in: written) }
            }
            try await eventually("all six have arrived") { stage.mailbox.delivered.count >= 6 }
            #expect(stage.mailbox.delivered.map(\.content.text) == (1...6).map { "step \($0)" })
            #expect(stage.mailbox.waiting == 1)
            try await eventually("what arrived is recorded") {
                let text = try? await stage.annotation(NotificationRecord.factsAnnotation)
                let record = NotificationRecord(annotations: [NotificationRecord.factsAnnotation: text ?? ""])
                return record.deliveries.count == 6
            }
            work.cancel()
            await work.value
        }
        // The process has died: what it kept in memory is lost, but the state still tells of the last step.
        stage.mailbox.free()
        try await stage.live { try await stage.settle($0, $1) }
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.dropFirst(6).map(\.content.text) == ["step 6"])
        #expect(stage.mailbox.delivered.last?.service == "stuck")
    }

    @Test("steps that one status write completes are told one by one")
    func stepsAtOnce() async throws {
        let stage = try await Stage(subscribe: "on-rollout-step-completed.hooks")
        try await stage.set(["currentPodHash": "def", "currentStepIndex": 0])
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            let rollout = try #require(rollouts.store.get(stage.key))
            let (events, written) = try await stage.completeSteps(1...3)
            // The watch may be first.
            try await stage.settle(controller, rollouts)
            for event in events { controller.notify(rollout, event, in: written) }
            try await stage.settle(controller, rollouts)
        }
        #expect(stage.mailbox.delivered.map(\.content.text).sorted() == ["step 1", "step 2", "step 3"])
    }

    @Test("a first deployment is told as completed once, and of its skipped steps nothing")
    func firstDeployment() async throws {
        let stage = try await Stage(subscribe: nil)
        try await stage.set(["currentPodHash": "", "stableRS": ""])
        try await stage.subscribe("on-rollout-step-completed.hooks", "on-rollout-completed.hooks")
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            let rollout = try #require(rollouts.store.get(stage.key))
            // The status comes first, the revision's number then, the event at last.
            try await stage.set([
                "currentPodHash": "abc", "stableRS": "abc", "currentStepIndex": 3,
                "duration": ["rolloutStartedAt": "2026-11-21T10:00:00Z"],
            ])
            try await stage.settle(controller, rollouts)
            let written = try await stage.api.patch(
                .rollouts, stage.key, .merge, ["metadata": ["annotations": ["rollout.argoproj.io/revision": "1"]]],
                subresource: nil, WriteOptions())
            try await stage.settle(controller, rollouts)
            controller.notify(rollout, RolloutEvent("RolloutCompleted", "initial deploy"), in: written)
            try await stage.settle(controller, rollouts)
        }
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.map(\.content.text) == ["completed"])
    }

    @Test("a step that a person skips is not told; one whose event a crash swallowed is")
    func skipped() async throws {
        let stage = try await Stage(subscribe: "on-rollout-step-completed.hooks")
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            _ = try await stage.completeSteps(1...1)
            try await stage.settle(controller, rollouts)
            #expect(stage.mailbox.delivered.isEmpty)
            let (events, written) = try await stage.completeSteps(2...2)
            for event in events {
                controller.notify(try #require(rollouts.store.get(stage.key)), event, in: written)
            }
            try await stage.settle(controller, rollouts)
        }
        _ = try await stage.completeSteps(3...3)
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.map(\.content.text) == ["step 2", "step 3"])
    }

    @Test("the steps of a retried update are told again, and a restart tells none twice")
    func retried() async throws {
        let stage = try await Stage(subscribe: "on-rollout-step-completed.hooks")
        for start in ["2026-11-21T10:00:00Z", "2026-11-21T10:05:00Z"] {
            try await stage.set(["currentStepIndex": 0, "duration": ["rolloutStartedAt": .string(start)]])
            try await stage.live { controller, rollouts in
                try await stage.settle(controller, rollouts)
                for step in 1...2 {
                    let (events, written) = try await stage.completeSteps(step...step)
                    let rollout = try #require(rollouts.store.get(stage.key))
                    for event in events { controller.notify(rollout, event, in: written) }
                    try await stage.settle(controller, rollouts)
                }
            }
        }
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.map(\.content.text) == ["step 1", "step 2", "step 1", "step 2"])
        #expect(Set(stage.mailbox.delivered.map(\.id)).count == 4)
    }

    @Test("what was delivered last is recorded before the controller ends")
    func lastRecord() async throws {
        let stage = try await Stage()
        try await stage.live { controller, rollouts in
            try await stage.settle(controller, rollouts)
            try await stage.set(stage.aborted)
            try await stage.catchUp(rollouts)
            _ = try await controller.reconcile(stage.key)
            for line in controller.lines(of: stage.key) { _ = await controller.carry(line) }
            controller.shutDown()
            await controller.run()
        }
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.count == 1)
    }

    @Test("a service that hangs for long loses its oldest messages, and they are counted")
    func fullLine() async throws {
        let stage = try await Stage(subscribe: "on-scaling-replica-set.hooks")
        let metrics = MetricsRegistry.standard(version: "1")
        try await stage.live(metrics: metrics) { controller, rollouts in
            try await stage.settle(controller, rollouts)
            let rollout = try #require(rollouts.store.get(stage.key))
            for size in 0..<51 {
                controller.notify(rollout, RolloutEvent("ScalingReplicaSet", "to \(size)"))
                controller.notify(rollout, RolloutEvent("ScalingReplicaSet", "from \(size)"))
                _ = try await controller.reconcile(stage.key)
            }
            #expect(controller.dropped == 2)
            #expect(metrics.text().contains("sluice_notifications_dropped_total{reason=\"line\"} 2"))
            try await stage.settle(controller, rollouts)
        }
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.count == 100)
    }

    @Test("more than ten thousand Rollouts with waiting events are counted and dropped")
    func bounded() async throws {
        let stage = try await Stage()
        let rollouts = Informer<Rollout>(stage.api, .rollouts, logger: .silent)
        let controller = NotificationController(
            api: stage.api, rollouts: rollouts,
            settings: NotificationSettings(stage.api, namespace: "default", logger: .silent), courier: stage.mailbox,
            logger: .silent)
        let live = try #require(try await stage.api.get(.rollouts, stage.key, subresource: nil))
        var rollout = try Rollout(live)
        for number in 0..<10_002 {
            rollout.key.name = "web-\(number)"
            controller.notify(rollout, RolloutEvent("RolloutAborted", "bad"))
        }
        #expect(controller.dropped == 2)
    }

    @Test("settings of the Rollout's namespace count besides the controller's own")
    func selfService() async throws {
        // The stage's settings stand in the Rollout's namespace; the controller's own name the same trigger again.
        let stage = try await Stage()
        _ = try await stage.api.create(
            Resource(group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false),
            namespace: "",
            ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "argo-rollouts"]], subresource: nil,
            WriteOptions())
        try await stage.settings(
            in: "argo-rollouts",
            [
                "service.webhook.hooks": "url: https://example.org/\n", "template.a": "message: from the controller\n",
                "trigger.on-rollout-aborted": "- send: [a]\n",
            ])
        try await stage.live(selfService: true) { controller, rollouts in
            try await stage.settle(controller, rollouts)
            try await stage.set(stage.aborted)
            try await stage.settle(controller, rollouts)
            try await stage.settle(controller, rollouts)
        }
        let delivered = stage.mailbox.delivered
        #expect(
            delivered.map(\.content.text) == ["from the controller", "web aborted: bad"]
                || delivered.map(\.content.text) == ["web aborted: bad", "from the controller"])
        #expect(Set(delivered.map(\.namespace)) == [nil, "default"])
        #expect(Set(delivered.map(\.id)).count == 2)
    }

    @Test("deliveries are counted and measured, and forgotten with their Rollout")
    func measured() async throws {
        let stage = try await Stage()
        let metrics = MetricsRegistry.standard(version: "1")
        try await stage.live(metrics: metrics) { controller, rollouts in
            try await stage.settle(controller, rollouts)
            stage.mailbox.fail(DeliveryError(service: "hooks", why: "down", isRetriable: true))
            try await stage.set(stage.aborted)
            _ = try await stage.step(controller, rollouts)
            stage.mailbox.fail(nil)
            try await stage.settle(controller, rollouts)
        }
        let labels = "namespace=\"default\",name=\"web\""
        let counted = "{\(labels),type=\"hooks\",reason=\"on-rollout-aborted\"} 1"
        #expect(metrics.text().contains("notification_send_success\(counted)"))
        #expect(metrics.text().contains("notification_send_error\(counted)"))
        #expect(metrics.text().contains("notification_send_count{\(labels)} 2"))
        metrics.forget(stage.key)
        #expect(!metrics.text().contains(labels))
    }

    @Test("templates see the workload that a Rollout refers to")
    func workload() async throws {
        let stage = try await Stage()
        _ = try await stage.api.create(
            Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment"), namespace: "default",
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "origin", "namespace": "default"],
                "spec": [
                    "selector": ["matchLabels": ["app": "web"]],
                    "template": [
                        "metadata": ["labels": ["app": "web"]],
                        "spec": ["containers": [["name": "web", "image": "web:9"]]],
                    ],
                ],
            ], subresource: nil, WriteOptions())
        let live: JSON = [
            "metadata": ["namespace": "default", "name": "web", "uid": "u"],
            "spec": ["workloadRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "origin"]],
        ]
        let now = Timestamp(seconds: 0)
        let context = try await NotificationContext.read(live, stage.api, now: now)
        #expect(context.rollout.at("spec", "template", "spec", "containers")?[0]?["image"] == "web:9")
        #expect(context.rollout.at("spec", "selector", "matchLabels") == ["app": "web"])
        var dangling = live
        dangling.set("nowhere", at: "spec", "workloadRef", "name")
        #expect(try await NotificationContext.read(dangling, stage.api, now: now).rollout == dangling)
    }

    @Test("nobody subscribed, nothing is read or written") func quiet() async throws {
        let stage = try await Stage(subscribe: nil)
        try await stage.live { controller, rollouts in
            stage.cluster.faults.add(
                .init(
                    .fail(KubernetesError(code: 500, reason: "InternalError", message: "x")), on: [.get, .patch],
                    resource: "rollouts.argoproj.io", times: 100))
            controller.notify(try #require(rollouts.store.get(stage.key)), RolloutEvent("RolloutAborted", "x"))
            #expect(try await controller.reconcile(stage.key) == nil)
            stage.cluster.faults.clear()
        }
        #expect(try await stage.annotation(NotificationRecord.factsAnnotation) == nil)
    }
}

@Suite("Notification record") struct NotificationRecordTests {
    @Test("it survives being written and read, stays small, and forgives rubbish") func roundTrip() {
        var record = NotificationRecord(annotations: [:])
        for index in 0..<50 { record.noteTold("fact \(index)", of: "on-x") }
        for index in 0..<300 { record.noteDelivered("\(index)-abcdefghijklmnopqrstuvwxyz") }
        record.edges = ["a": 1]
        let annotations = record.annotations.compactMapValues { $0 }
        let read = NotificationRecord(annotations: annotations)
        #expect(read == record)
        #expect(read.isTold("fact 49", of: "on-x"))
        #expect(!read.isTold("fact 1", of: "on-x"))
        #expect(annotations.values.reduce(0) { $0 + $1.utf8.count } < 4096)
        let broken = NotificationRecord(annotations: [
            NotificationRecord.factsAnnotation: "{[", NotificationRecord.edgesAnnotation: "[1]",
        ])
        #expect(broken == NotificationRecord(annotations: [:]))
    }
}
