import Manifest
import RolloutEngine
import Testing

@Suite("Surge and unavailability") struct SurgeLimitsTests {
    static let limitRows: [(Int, IntOrString, IntOrString, Int, Int)] = [
        (10, .string("25%"), .string("25%"), 3, 2), (5, .string("25%"), .string("25%"), 2, 1),
        (4, .string("25%"), .string("25%"), 1, 1), (3, .string("25%"), .string("25%"), 1, 0),
        (2, .string("25%"), .string("25%"), 1, 0), (1, .string("25%"), .string("25%"), 1, 0),
        (10, .string("39%"), .string("39%"), 4, 3), (10, .string("0%"), .string("0%"), 0, 1),
        (3, .string("1%"), .string("10%"), 1, 0), (10, .int(5), .int(0), 5, 0), (10, .string("5"), .int(0), 1, 0),
        (10, .int(0), .int(50), 0, 10), (20, .string("10%"), .int(0), 2, 0),
    ]

    @Test("percentages round as a Deployment's do", arguments: limitRows)
    func limits(_ replicas: Int, _ surge: IntOrString, _ unavailable: IntOrString, _ up: Int, _ down: Int) {
        let limits = SurgeLimits(replicas: replicas, maxSurge: surge, maxUnavailable: unavailable)
        #expect(limits == SurgeLimits(surge: up, unavailable: down))
    }

    @Test("the default is a quarter both ways, and nothing of nothing is nothing")
    func defaults() {
        #expect(SurgeLimits(replicas: 10, maxSurge: nil, maxUnavailable: nil) == SurgeLimits(surge: 3, unavailable: 2))
        #expect(SurgeLimits(replicas: 0, maxSurge: nil, maxUnavailable: nil).unavailable == 0)
    }

    static let thresholdRows: [(Int, Int, ProgressThreshold?, Bool)] = [
        (10, 7, .init(type: "Percent", value: 70), true), (10, 6, .init(type: "Percent", value: 70), false),
        (3, 2, .init(type: "Percent", value: 66), true), (3, 2, .init(type: "Percent", value: 67), false),
        (0, 0, .init(type: "Percent", value: 90), true), (10, 4, .init(type: "Pods", value: 4), true),
        (2, 2, .init(type: "Pods", value: 4), true), (10, 9, nil, false), (10, 10, nil, true),
        (10, 9, .init(type: "Percent", value: -1), false),
    ]

    @Test("the progress threshold says when pods suffice", arguments: thresholdRows)
    func threshold(_ wanted: Int, _ available: Int, _ threshold: ProgressThreshold?, _ isMet: Bool) {
        #expect(threshold.isMet(wanted: wanted, spec: wanted, available: available) == isMet)
    }

    static let lackRows: [(Int, Int, ProgressThreshold?, Bool)] = [
        (4, 3, nil, true), (4, 4, nil, false), (4, 5, nil, false), (0, 0, nil, false), (4, 0, nil, true),
        (4, 2, .init(type: "Percent", value: 50), false), (4, 1, .init(type: "Percent", value: 50), true),
        (4, 1, .init(type: "Pods", value: 1), false), (2, 2, .init(type: "Pods", value: 4), false),
        (4, 0, .init(type: "Percent", value: 0), true), (4, 0, .init(type: "Pods", value: 0), true),
        (4, 3, .init(type: "Pods", value: -1), true),
    ]

    @Test("a route may lead to a ReplicaSet alone once the threshold is met, and never to none", arguments: lackRows)
    func lacksPods(_ replicas: Int, _ available: Int, _ threshold: ProgressThreshold?, _ lacks: Bool) {
        #expect(threshold.lacksPods(replicas: replicas, available: available) == lacks)
    }
}
