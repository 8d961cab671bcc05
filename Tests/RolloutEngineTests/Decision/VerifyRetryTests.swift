import Manifest
import RolloutEngine
import Testing

@Suite("D36: ROLLOUT_VERIFY_RETRY_INTERVAL takes effect") struct VerifyRetryTests {
    @Test(
        "D36: whole seconds from 1 on are read, anything else is not",
        arguments: [
            ("30", .seconds(30)), ("1", .seconds(1)), ("0", nil), ("-5", nil), ("", nil), ("10s", nil), ("1.5", nil),
            ("99999999999999999999", nil),
        ] as [(String, Duration?)])
    func reading(text: String, wanted: Duration?) {
        #expect(RolloutSnapshot.verifyRetry(text) == wanted)
    }

    @Test("D36: an unconfirmed weight is looked at again after it, by default after 10 seconds")
    func wakes() throws {
        let world = try RoutedCanaryTests.updated(RoutedCanaryTests.spec(steps: [["setWeight": 10], ["pause": [:]]]))
        var seen = world.snapshot()
        seen.traffic = TrafficFact(isInSync: true, verified: false)
        let decision = decide(seen, now: world.now)
        #expect(decision.requeueAfter == .seconds(10))
        #expect(decision.waiting?.reason == .pauseStep)
        seen.verifyRetry = .seconds(3)
        #expect(decide(seen, now: world.now).requeueAfter == .seconds(3))
    }
}
