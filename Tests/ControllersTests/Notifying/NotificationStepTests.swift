import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Notifications
import RolloutEngine
import Testing

@Suite("Notifications of steps and ends", .timeLimit(.minutes(1))) struct NotificationStepTests {
    @Test("steps that one status write completes are told one by one")
    func stepsAtOnce() async throws {
        let stage = try await NotificationStage(subscribe: "on-rollout-step-completed.hooks")
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
        let stage = try await NotificationStage(subscribe: nil)
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
        let stage = try await NotificationStage(subscribe: "on-rollout-step-completed.hooks")
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
        let stage = try await NotificationStage(subscribe: "on-rollout-step-completed.hooks")
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
}
