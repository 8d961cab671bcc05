import Manifest
import Notifications
import Testing

@Suite("Notification configuration") struct ConfigTests {
    static let data = [
        "service.webhook.hooks":
            "url: https://hooks.example.org/$path\nheaders:\n- name: Authorization\n  value: Bearer $token\nhmacSecret: $key\n",
        "service.slack": "url: $slack\nusername: Sluice\nicon: \":wave:\"\n", "service.email": "host: x\n",
        "service.awssqs": "queue: x\n",
        "service.webhook.broken": "url: $missing.\n",
        "template.done":
            "message: |\n  {{.rollout.metadata.name}} is done\nwebhook:\n  hooks:\n    method: put\n    path: /{{.rollout.metadata.name}}\n    body: '{\"id\":\"{{.deliveryID}}\"}'\n",
        "template.bad": "message: \"{{nope .a}}\"\n", "template.alias": "a: &a [*a]\n",
        "trigger.on-rollout-completed": "- send: [done]\n",
        "trigger.on-degraded":
            "- when: rollout.status.phase == 'Degraded'\n  oncePer: rollout.status.currentPodHash\n  send: [done, missing]\n",
        "defaultTriggers": "[on-rollout-completed]\n", "defaultTriggers.slack": "- on-degraded\n",
        "subscriptions":
            "- recipients: [\"slack:#all\", hooks]\n  triggers: [on-rollout-completed]\n  selector: team=shop,!legacy\n",
    ]
    static let secret = [
        "path": "p4th", "token": "t0ken", "key": "hm4c", "slack": "https://hooks.slack.com/services/s3cret",
    ]

    @Test("each key is read by itself; wrong ones are named without secrets") func parse() throws {
        let config = NotificationConfig(data: Self.data, secret: Self.secret)
        #expect(config.services.keys.sorted() == ["hooks", "slack"])
        #expect(config.templates.keys.sorted() == ["done"])
        #expect(config.triggers.keys.sorted() == ["on-degraded", "on-rollout-completed"])
        #expect(config.defaultTriggers(of: "slack") == ["on-degraded"])
        #expect(config.defaultTriggers(of: "hooks") == ["on-rollout-completed"])
        #expect(config.problems.count == 5, "\(config.problems)")
        #expect(
            config.problems.contains {
                $0.hasPrefix("service.awssqs: service type awssqs is not supported; use one of")
            })
        #expect(config.problems.contains { $0 == "service.email: from is missing: the sender's address" })
        #expect(config.problems.contains { $0.hasPrefix("service.webhook.broken: the Secret has no key missing") })
        #expect(config.problems.contains { $0.hasPrefix("template.bad: message: line 1: unknown function nope") })
        var dumped = ""
        dump(config, to: &dumped)
        dump(config.services, to: &dumped)
        for word in Self.secret.values { #expect(!"\(config.problems) \(config.services)\(dumped)".contains(word)) }
    }

    @Test("the three forms of subscriptions, and the configuration's own") func subscriptions() {
        let config = NotificationConfig(data: Self.data, secret: Self.secret)
        func texts(_ annotations: [String: String], labels: [String: String] = [:]) -> [String] {
            let object: JSON = ["metadata": ["annotations": JSON(annotations), "labels": JSON(labels)]]
            return Subscription.all(of: object, config).subscriptions.map {
                "\($0.trigger)/\($0.service)/\($0.recipient)"
            }
        }
        let prefix = "notifications.argoproj.io/"
        #expect(texts([prefix + "subscribe.on-x.slack": "#a; #b"]) == ["on-x/slack/#a", "on-x/slack/#b"])
        #expect(texts([prefix + "subscribe.on-x.hooks": ""]) == ["on-x/hooks/"])
        #expect(texts([prefix + "subscribe.slack": "#a"]) == ["on-degraded/slack/#a"])
        #expect(
            texts([
                prefix + "subscriptions":
                    "- trigger: [on-y]\n  destinations:\n  - service: slack\n    recipients: [a, b]\n- destinations: [{service: hooks}]\n"
            ])
                == ["on-rollout-completed/hooks/", "on-y/slack/a", "on-y/slack/b"])
        #expect(
            texts([:], labels: ["team": "shop"]) == ["on-rollout-completed/hooks/", "on-rollout-completed/slack/#all"])
        #expect(texts([:], labels: ["team": "shop", "legacy": "x"]) == [])
        #expect(texts([prefix + "subscriptions": "{{"]) == [])
        let many = (0..<500).map { "r\($0)" }.joined(separator: ";")
        #expect(texts([prefix + "subscribe.on-x.slack": many]).count == 200)
    }

    @Test(
        "an event's reason names its trigger",
        arguments: [
            ("RolloutStepCompleted", "on-rollout-step-completed"), ("AnalysisRunFailed", "on-analysis-run-failed"),
            ("ScalingReplicaSet", "on-scaling-replica-set"), ("TrafficWeightUpdated", "on-traffic-weight-updated"),
            ("SkipSteps", "on-skip-steps"),
        ])
    func trigger(_ reason: String, _ expected: String) { #expect(Subscription.trigger(ofReason: reason) == expected) }
}
