import Manifest
import Notifications
import Testing

@Suite("Delivery plan") struct DeliveryPlanTests {
    let config = NotificationConfig(data: ConfigTests.data, secret: ConfigTests.secret)
    let now = Timestamp(seconds: 1_800_000_000)

    func rollout(phase: String = "Healthy", hash: String = "abc") -> JSON {
        let prefix = "notifications.argoproj.io/subscribe."
        return [
            "metadata": [
                "namespace": "shop", "name": "web", "uid": "u1",
                "annotations": JSON([
                    prefix + "on-rollout-completed.hooks": "", prefix + "on-rollout-completed.slack": "#ops",
                    prefix + "on-degraded.slack": "#ops",
                    "rollout.argoproj.io/revision": "2",
                ]),
            ], "status": ["phase": .string(phase), "currentPodHash": .string(hash), "stableRS": "abc"],
        ]
    }

    func event(_ rollout: JSON, recorded: Set<String> = [], namespace: String? = nil) -> DeliveryPlan {
        let trigger = "on-rollout-completed"
        return DeliveryPlan.event(
            trigger, fact: FactIdentity.of(trigger, rollout), NotificationContext(rollout: rollout, now: now),
            NotificationScope(namespace: namespace, config), isRecorded: recorded.contains)
    }

    func state(_ rollout: JSON, edges: [String: Int64] = [:], _ config: NotificationConfig? = nil) -> DeliveryPlan {
        DeliveryPlan.state(
            NotificationContext(rollout: rollout, now: now), NotificationScope(config ?? self.config), edges: edges)
    }

    @Test("an event goes to each subscriber once, with the same id at every try") func events() throws {
        let first = event(rollout()).deliveries
        #expect(first.map(\.service) == ["hooks", "slack"])
        #expect(first[0].content.fields["path"] == "/web")
        #expect(first[0].content.fields["body"]?.stringValue == "{\"id\":\"\(first[0].id)\"}")
        #expect(first[1].content.text == "web is done\n")
        #expect(Set(first.map(\.id)).count == 2)
        var changed = rollout()
        changed.set("99", at: "metadata", "resourceVersion")
        #expect(event(changed).deliveries.map(\.id) == first.map(\.id))
        #expect(event(rollout(), recorded: [first[0].id]).deliveries.map(\.id) == [first[1].id])
        changed.set("3", at: "metadata", "annotations", "rollout.argoproj.io/revision")
        #expect(event(changed).deliveries.map(\.id) == first.map(\.id), "the number comes after the status")
        changed.set("2026-11-21T10:00:00Z", at: "status", "duration", "rolloutStartedAt")
        #expect(Set(event(changed).deliveries.map(\.id)).isDisjoint(with: first.map(\.id)))
    }

    @Test("a condition is told once when it becomes true, and again after it was false or for another oncePer")
    func edges() throws {
        #expect(state(rollout()).deliveries.isEmpty)
        var plan = state(rollout(phase: "Degraded"))
        #expect(plan.deliveries.map(\.template) == ["done"])
        #expect(plan.problems.contains { $0.contains("template missing") })
        #expect(plan.edges.isEmpty, "an edge is remembered when it was delivered")
        plan.edges[try #require(plan.edgeOfDelivery[plan.deliveries[0].id])] = now.seconds
        #expect(plan.edges.count == 1)
        #expect(state(rollout(phase: "Degraded"), edges: plan.edges).deliveries.isEmpty)
        #expect(state(rollout(phase: "Degraded", hash: "def"), edges: plan.edges).deliveries.count == 1)
    }

    @Test("an edge is named as Argo's engine names it, so that a change of controller repeats nothing")
    func edgeKeys() throws {
        var config = NotificationConfig(
            data: [
                "service.webhook.slack": "url: https://example.org\n", "template.a": "message: a\n",
                "template.b": "message: b\n",
                "trigger.on-degraded": "- when: rollout.status.phase == 'Degraded'\n  send: [a, b]\n",
            ], secret: [:])
        var plan = state(rollout(phase: "Degraded"), config)
        #expect(plan.deliveries.map(\.template) == ["a", "b"])
        plan.edges[try #require(plan.edgeOfDelivery[plan.deliveries[0].id])] = now.seconds
        let base = "on-degraded:[0].znepfVmnAvPuvsSa8G4jaiZ4500:slack:#ops"
        #expect(plan.edges == [base: 1_800_000_000])
        #expect(state(rollout(phase: "Degraded"), edges: plan.edges, config).deliveries.map(\.template) == ["b"])
        #expect(state(rollout(), edges: plan.edges, config).edges.isEmpty)
        config.triggers = [:]
        #expect(state(rollout(phase: "Degraded"), config).deliveries.isEmpty)
    }

    @Test("self-service settings tell the same once more, under an id and an edge of their own")
    func selfService() throws {
        let own = event(rollout()).deliveries.map(\.id)
        let theirs = event(rollout(), namespace: "shop").deliveries
        #expect(theirs.count == own.count && Set(theirs.map(\.id)).isDisjoint(with: own))
        #expect(theirs.allSatisfy { $0.namespace == "shop" })
        var plan = DeliveryPlan.state(
            NotificationContext(rollout: rollout(phase: "Degraded"), now: now),
            NotificationScope(namespace: "shop", config), edges: [:])
        plan.edges[try #require(plan.edgeOfDelivery[plan.deliveries[0].id])] = now.seconds
        #expect(plan.edges.keys.allSatisfy { $0.hasPrefix("abc:shop:on-degraded:[0].") })
    }

    @Test("a condition that fails, or an unconfigured service, is named and sends nothing")
    func problems() {
        let broken = NotificationConfig(
            data: ConfigTests.data.merging([
                "trigger.on-degraded":
                    "- when: rollout.status.nope.deep == 1\n  send: [done]\n- when: rollout.status.phase\n  send: [done]\n"
            ]) { $1 }, secret: ConfigTests.secret)
        let plan = state(rollout(), broken)
        #expect(plan.deliveries.isEmpty)
        #expect(plan.problems.contains { $0.contains("cannot be evaluated") && $0.contains("nope") })
        #expect(plan.problems.contains { $0.contains("it must give true or false") })
        var other = rollout()
        other.set("", at: "metadata", "annotations", "notifications.argoproj.io/subscribe.on-rollout-completed.pager")
        #expect(event(other).problems.contains { $0.contains("add key service.pager to the ConfigMap") })
    }

    @Test("a secret that a template misuses appears in no problem")
    func redacted() {
        let config = NotificationConfig(
            data: [
                "service.webhook.hooks": "url: https://example.org\n",
                "template.done": "message: '{{template \"x\" .}}{{define \"x\"}}{{.secrets.token.nope}}{{end}}'\n",
                "trigger.on-rollout-completed": "- when: '\"t0ken\" == 1'\n  send: [done]\n- send: [done]\n",
            ], secret: ["token": "t0ken"])
        let plan = DeliveryPlan.event(
            "on-rollout-completed", fact: "f", NotificationContext(rollout: rollout(), now: now),
            NotificationScope(config), isRecorded: { _ in false })
        #expect(plan.deliveries.isEmpty && plan.problems.count >= 2)
        #expect(!"\(plan.problems)".contains("t0ken"))
    }

    @Test("retries back off up to a bound and then end") func backoff() {
        let backoff = DeliveryBackoff(base: .seconds(1), cap: .seconds(60), attempts: 10)
        let down = DeliveryError(service: "s", why: "down", isRetriable: true)
        let delays = (1..<10).compactMap { backoff.delay(after: $0, of: "id", down) }
        #expect(delays.count == 9)
        #expect(delays == delays.sorted())
        #expect(delays.allSatisfy { $0 >= .seconds(1) && $0 <= .seconds(90) })
        #expect(backoff.delay(after: 10, of: "id", down) == nil)
        #expect(backoff.delay(after: 1, of: "id", DeliveryError(service: "s", why: "400", isRetriable: false)) == nil)
        #expect(
            backoff.delay(
                after: 1, of: "id",
                DeliveryError(service: "s", why: "429", isRetriable: true, retryAfter: .seconds(600))) == .seconds(600))
    }
}
