import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Notifications
import RolloutEngine
import Testing

@Suite("Notification controller", .timeLimit(.minutes(1))) struct NotificationControllerTests {
    @Test("an abort is told once: not again at the next look, nor after a restart") func once() async throws {
        let stage = try await NotificationStage()
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
        let stage = try await NotificationStage()
        try await stage.live { try await stage.settle($0, $1) }
        try await stage.set(stage.aborted)  // the process dies here
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.map(\.trigger) == ["on-rollout-aborted"])
    }

    @Test("what happened before somebody subscribed is no news") func old() async throws {
        let stage = try await NotificationStage()
        try await stage.set(stage.aborted)
        try await stage.live { try await stage.settle($0, $1) }
        #expect(stage.mailbox.delivered.isEmpty)
    }

    @Test("a condition is told on its rising edge, and again after it fell") func edges() async throws {
        let stage = try await NotificationStage(subscribe: "on-degraded.hooks")
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
        let stage = try await NotificationStage(subscribe: "on-scaling-replica-set.hooks")
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

    @Test("settings of the Rollout's namespace count besides the controller's own")
    func selfService() async throws {
        // The stage's settings stand in the Rollout's namespace; the controller's own name the same trigger again.
        let stage = try await NotificationStage()
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
        let stage = try await NotificationStage()
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
        let stage = try await NotificationStage()
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
        let stage = try await NotificationStage(subscribe: nil)
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
