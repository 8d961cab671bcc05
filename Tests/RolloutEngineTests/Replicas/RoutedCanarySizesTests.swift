import RolloutEngine
import Testing

@Suite("Sizes of a routed canary") struct RoutedCanarySizesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var replicas: Int
        var target: RoutedCanarySizes.Target
        var isDynamic = false
        /// Weights that routers carry, canary and stable.
        var recorded: (canary: Int, stable: Int)?
        var isAborted = false
        var minPods: Int?
        var expected: CanarySizes

        init(
            _ name: String, _ replicas: Int, _ target: RoutedCanarySizes.Target, dynamic: Bool = false,
            recorded: (Int, Int)? = nil, aborted: Bool = false, minPods: Int? = nil, _ canary: Int, _ stable: Int
        ) {
            testDescription = name
            self.replicas = replicas
            self.target = target
            isDynamic = dynamic
            self.recorded = recorded.map { (canary: $0.0, stable: $0.1) }
            isAborted = aborted
            self.minPods = minPods
            expected = CanarySizes(canary: canary, stable: stable)
        }
    }

    static let rows = [
        Row("C1", 10, .weight(1), 1, 10), Row("C2", 10, .weight(25), 3, 10), Row("C3", 10, .weight(33), 4, 10),
        Row("C4", 10, .weight(99), 10, 10), Row("C5", 3, .weight(50), 2, 3), Row("C6", 23, .weight(50), 12, 23),
        Row("C7", 10, .weight(0), minPods: 2, 0, 10), Row("C8", 10, .weight(5), minPods: 2, 2, 10),
        Row("C9", 1, .weight(100), minPods: 2, 1, 1), Row("C10", 10, .count(15), 15, 10),
        Row("C11", 4, .weight(25), 1, 4),
        Row("C12", 10, .weight(20), dynamic: true, recorded: (10, 90), 2, 9),
        Row("C13", 10, .weight(20), dynamic: true, recorded: (20, 80), 2, 8),
        Row("C14", 4, .weight(75), dynamic: true, recorded: (25, 75), 3, 3),
        Row("C15", 4, .weight(75), dynamic: true, recorded: (75, 25), 3, 1),
        Row("C16", 10, .weight(100), dynamic: true, recorded: (75, 25), 10, 3),
        Row("C17", 10, .weight(100), dynamic: true, recorded: (100, 0), 10, 0),
        Row("C18", 10, .weight(95), dynamic: true, recorded: (95, 5), minPods: 3, 10, 3),
        Row("C19", 10, .count(3), dynamic: true, recorded: (20, 80), 3, 10),
        Row("C20", 10, .weight(0), dynamic: true, recorded: (20, 80), aborted: true, 2, 10),
    ]

    @Test("the worked table", arguments: rows)
    func table(_ row: Row) {
        var weight = 0
        if case .weight(let wanted) = row.target { weight = wanted }
        let sizes = RoutedCanarySizes(replicas: row.replicas, minPods: row.minPods, isDynamic: row.isDynamic).sizes(
            row.target, stableTarget: row.isDynamic ? weight : nil, recordedStable: row.recorded?.stable,
            recordedCanary: row.isAborted ? row.recorded?.canary : nil)
        #expect(sizes == row.expected)
    }

    @Test("D19: a huge maximal weight does not overflow")
    func hugeWeight() {
        let sizes = RoutedCanarySizes(replicas: 23, maxWeight: 100_000_000)
        #expect(sizes.pods(100_000_000) == 23 && sizes.pods(50_000_000) == 12)
        #expect(
            RoutedCanarySizes(replicas: Int(Int32.max), maxWeight: Int(Int32.max)).pods(Int(Int32.max))
                == Int(Int32.max))
    }
}
