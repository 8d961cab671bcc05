import EmbeddedCluster
import Manifest
import SluiceTestKit
import Testing

@Suite("Notifications", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct NotificationTests {
    @Test("each event comes once, also those of a retried update, while another receiver hangs")
    func everyEvent() async throws {
        let heard = Lock<[String]>([])
        let receiver = LoopbackServer { request, connection in
            heard.withLock { $0.append(request.body) }
            connection.respond()
            return true
        }
        let hanging = LoopbackServer { _, connection in
            connection.waitForClose()
            return false
        }
        let scenario = try await Scenario("notified")
        let id = scenario.namespace
        let controller = try await scenario.stand.controller(
            instance: id, more: ["--self-service-notification-enabled"])
        let life = Task { try await controller.run() }
        defer { life.cancel() }
        let image = "{{(index .rollout.spec.template.spec.containers 0).image}}"
        try await scenario.apply(
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: argo-rollouts-notification-configmap}
            data:
              service.webhook.hooks: "url: \(receiver.url)"
              service.webhook.stuck: "url: \(hanging.url)"
              template.step: |
                message: "step"
                webhook:
                  hooks: {body: "step {{.rollout.status.currentStepIndex}} of \(image)"}
              template.done: |
                message: "done"
                webhook:
                  hooks: {body: "\(image) is complete"}
              trigger.on-rollout-step-completed: "- send: [step]"
              trigger.on-rollout-completed: "- send: [done]"
              subscriptions: |
                - recipients: [hooks, stuck]
                  triggers: [on-rollout-step-completed, on-rollout-completed]
            """)
        let steps = "      steps: [{setWeight: 20}, {pause: {duration: 1s}}, {setWeight: 50}, {pause: {}}]"
        try await scenario.apply(Manifests.rollout(replicas: 1, strategy: steps, instance: id))
        try await scenario.untilPhase("web", "Healthy")

        func until(_ messages: [String]) async throws {
            try await scenario.until("\(messages.last ?? "") is told") {
                heard.withLock { $0 }.count >= messages.count
            }
            // The state may tell of the completion before the events of the same decision come.
            #expect(heard.withLock { $0 }.sorted() == messages.sorted())
        }
        var messages = ["shop:v1 is complete"]
        try await until(messages)
        for run in 1...2 {
            if run == 1 { try await scenario.setImage("web", "shop:v2") } else { try await scenario.retry("web") }
            messages += (1...3).map { "step \($0) of shop:v2" }
            try await until(messages)
            try await scenario.untilPhase("web", "Paused")
            guard run == 1 else { continue }
            try await scenario.abort("web")
            try await scenario.untilPhase("web", "Degraded")
        }
        try await scenario.promote("web")
        messages += ["step 4 of shop:v2", "shop:v2 is complete"]
        try await until(messages)
        try await scenario.untilPhase("web", "Healthy")
        // What is told late would stand before this.
        try await scenario.setImage("web", "shop:v1")
        try await scenario.until("the rollback begins") { heard.withLock { $0 }.count > messages.count }
        #expect(heard.withLock { $0 }.dropFirst(messages.count).first == "step 1 of shop:v1")
    }
}
