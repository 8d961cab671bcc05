import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Notifications
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("Notifications on their way", .timeLimit(.minutes(1))) struct NotificationLineTests {
    @Test("a receiver that is down is tried again, up to a bound") func down() async throws {
        let stage = try await NotificationStage()
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

    @Test("a receiver that hangs holds up neither other receivers nor other Rollouts, and whoever notifies never waits")
    func hanging() async throws {
        let names = (1...12).map { "web-\($0)" }
        let stage = try await NotificationStage(more: names)
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
        let stage = try await NotificationStage(subscribe: nil)
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

    @Test("what was delivered last is recorded before the controller ends")
    func lastRecord() async throws {
        let stage = try await NotificationStage()
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
        let stage = try await NotificationStage(subscribe: "on-scaling-replica-set.hooks")
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
        let stage = try await NotificationStage()
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

    @Test("a crash after the delivery repeats it with the same id") func repeated() async throws {
        let stage = try await NotificationStage()
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
}
