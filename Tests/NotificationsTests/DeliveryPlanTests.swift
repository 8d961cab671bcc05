import Manifest
import Notifications
import Testing
import Transport

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

    func event(_ rollout: JSON, recorded: Set<String> = []) -> DeliveryPlan {
        let trigger = "on-rollout-completed"
        return DeliveryPlan.event(
            trigger, fact: FactIdentity.of(trigger, rollout), rollout: rollout, analysisRuns: [], config,
            isRecorded: recorded.contains,
            when: { _, _ in true })
    }

    func state(_ rollout: JSON, edges: [String: Int64] = [:]) -> DeliveryPlan {
        DeliveryPlan.state(rollout: rollout, analysisRuns: [], config, edges: edges, now: now) { text, context in
            text.contains(context.at("rollout", "status", "phase")?.stringValue ?? "?")
        }
    }

    @Test("an event goes to each subscriber once, with the same id at every try") func events() throws {
        let first = event(rollout()).deliveries
        #expect(first.map(\.service) == ["hooks", "slack"])
        #expect(first[0].method == "PUT")
        #expect(first[0].path == "/web")
        #expect(String(decoding: first[0].body, as: UTF8.self) == "{\"id\":\"\(first[0].id)\"}")
        let slack = try JSON(parsing: first[1].body)
        #expect(slack == ["text": "web is done\n", "channel": "#ops", "username": "Sluice", "icon_emoji": ":wave:"])
        #expect(Set(first.map(\.id)).count == 2)
        var changed = rollout()
        changed.set("99", at: "metadata", "resourceVersion")
        #expect(event(changed).deliveries.map(\.id) == first.map(\.id))
        #expect(event(rollout(), recorded: [first[0].id]).deliveries.map(\.id) == [first[1].id])
        changed.set("3", at: "metadata", "annotations", "rollout.argoproj.io/revision")
        #expect(Set(event(changed).deliveries.map(\.id)).isDisjoint(with: first.map(\.id)))
    }

    @Test("a condition is told once when it becomes true, and again after it was false or for another oncePer")
    func edges() {
        #expect(state(rollout()).deliveries.isEmpty)
        var plan = state(rollout(phase: "Degraded"))
        #expect(plan.deliveries.map(\.template) == ["done"])
        #expect(plan.problems.contains { $0.contains("template missing") })
        #expect(plan.edges.isEmpty, "an edge is remembered when it was delivered")
        plan.noteDelivered(plan.deliveries[0].id, at: now)
        #expect(plan.edges.count == 1)
        #expect(state(rollout(phase: "Degraded"), edges: plan.edges).deliveries.isEmpty)
        #expect(state(rollout(phase: "Degraded", hash: "def"), edges: plan.edges).deliveries.count == 1)
    }

    @Test("a failing condition or an unconfigured service is named and sends nothing") func problems() {
        struct Odd: Error {}
        let plan = DeliveryPlan.state(rollout: rollout(), analysisRuns: [], config, edges: [:], now: now) { _, _ in
            throw Odd()
        }
        #expect(plan.deliveries.isEmpty)
        #expect(plan.problems.contains { $0.contains("cannot be evaluated") })
        var other = rollout()
        other.set("", at: "metadata", "annotations", "notifications.argoproj.io/subscribe.on-rollout-completed.pager")
        #expect(event(other).problems.contains { $0.contains("service pager") })
    }

    @Test("what a state stands for is found again after a restart")
    func implied() {
        #expect(FactIdentity.implied(by: rollout()) == ["on-rollout-completed", "on-rollout-updated"])
        let aborted: JSON = [
            "metadata": ["uid": "u"],
            "status": [
                "abort": true, "abortedAt": "t",
                "canary": ["currentStepAnalysisRunStatus": ["name": "r", "status": "Failed"]],
            ],
        ]
        #expect(FactIdentity.implied(by: aborted) == ["on-analysis-run-failed", "on-rollout-aborted"])
        #expect(
            FactIdentity.implied(by: [
                "status": [
                    "pauseConditions": [["reason": "CanaryPauseStep", "startTime": "t"]], "currentStepIndex": 1,
                ]
            ]) == ["on-rollout-paused", "on-rollout-step-completed"])
        #expect(FactIdentity.implied(by: "rubbish").isEmpty)
    }

    @Test("the request carries id and signature, and the key stays out of it") func request() throws {
        let delivery = try #require(event(rollout()).deliveries.first)
        let service = try #require(config.services["hooks"])
        let request = HTTPCourier.request(delivery, service, .seconds(5))
        #expect(request.method == "PUT")
        #expect(request.url == "https://hooks.example.org/p4th/web")
        #expect(request.headers["X-Sluice-Delivery"] == delivery.id)
        #expect(request.headers["X-Hub-Signature-256"] == signature(of: delivery.body, key: "hm4c"))
        // RFC 4231, case 2.
        #expect(
            signature(of: Array("what do ya want for nothing?".utf8), key: "Jefe")
                == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(!request.headers.fields.contains { $0.value.contains("hm4c") })
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

    @Test("an unreachable receiver is an error without its address") func unreachable() async throws {
        let delivery = try #require(event(rollout()).deliveries.first)
        let dead = NotificationConfig(data: ["service.webhook.hooks": "url: http://127.0.0.1:1/s3cret"], secret: [:])
            .services["hooks"]
        let courier = HTTPCourier(client: HTTPClient(), timeout: .seconds(5)) { _ in dead }
        await #expect { try await courier.deliver(delivery) } throws: {
            ($0 as? DeliveryError)?.isRetriable == true && !"\($0)".contains("s3cret") && !"\($0)".contains("127.0.0.1")
        }
    }
}
