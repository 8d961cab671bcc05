import RolloutEngine
import Testing

@Suite("Weight approximation") struct WeightApproximationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var replicas: Int
        var weight: Int
        var surge: Int
        var canary: Int
        var stable: Int

        var testDescription: String { "\(name): \(replicas) pods at \(weight) with surge \(surge)" }
    }

    static let rows = [
        Row(name: "A1", replicas: 10, weight: 10, surge: 0, canary: 1, stable: 9),
        Row(name: "A19", replicas: 3, weight: 49, surge: 1, canary: 2, stable: 2),
        Row(name: "A2", replicas: 10, weight: 41, surge: 0, canary: 4, stable: 6),
        Row(name: "A20", replicas: 3, weight: 10, surge: 1, canary: 1, stable: 3),
        Row(name: "A3", replicas: 10, weight: 41, surge: 1, canary: 4, stable: 6),
        Row(name: "A21", replicas: 5, weight: 20, surge: 1, canary: 1, stable: 4),
        Row(name: "A4", replicas: 10, weight: 45, surge: 0, canary: 5, stable: 5),
        Row(name: "A22", replicas: 5, weight: 30, surge: 1, canary: 2, stable: 4),
        Row(name: "A5", replicas: 10, weight: 45, surge: 1, canary: 5, stable: 6),
        Row(name: "A23", replicas: 5, weight: 33, surge: 1, canary: 2, stable: 4),
        Row(name: "A6", replicas: 10, weight: 15, surge: 0, canary: 2, stable: 8),
        Row(name: "A24", replicas: 5, weight: 50, surge: 0, canary: 3, stable: 2),
        Row(name: "A7", replicas: 10, weight: 14, surge: 0, canary: 1, stable: 9),
        Row(name: "A25", replicas: 5, weight: 50, surge: 1, canary: 3, stable: 3),
        Row(name: "A8", replicas: 10, weight: 1, surge: 0, canary: 1, stable: 9),
        Row(name: "A26", replicas: 7, weight: 25, surge: 0, canary: 2, stable: 5),
        Row(name: "A9", replicas: 10, weight: 1, surge: 1, canary: 1, stable: 10),
        Row(name: "A27", replicas: 7, weight: 25, surge: 1, canary: 2, stable: 6),
        Row(name: "A10", replicas: 10, weight: 99, surge: 0, canary: 9, stable: 1),
        Row(name: "A28", replicas: 2, weight: 50, surge: 0, canary: 1, stable: 1),
        Row(name: "A11", replicas: 10, weight: 99, surge: 1, canary: 10, stable: 1),
        Row(name: "A29", replicas: 2, weight: 1, surge: 1, canary: 1, stable: 2),
        Row(name: "A12", replicas: 10, weight: 23, surge: 1, canary: 2, stable: 8),
        Row(name: "A30", replicas: 2, weight: 99, surge: 1, canary: 2, stable: 1),
        Row(name: "A13", replicas: 10, weight: 24, surge: 1, canary: 3, stable: 8),
        Row(name: "A31", replicas: 1, weight: 49, surge: 0, canary: 0, stable: 1),
        Row(name: "A14", replicas: 10, weight: 18, surge: 1, canary: 2, stable: 9),
        Row(name: "A32", replicas: 1, weight: 50, surge: 0, canary: 1, stable: 0),
        Row(name: "A15", replicas: 10, weight: 100, surge: 1, canary: 10, stable: 0),
        Row(name: "A33", replicas: 1, weight: 1, surge: 1, canary: 1, stable: 1),
        Row(name: "A33", replicas: 1, weight: 99, surge: 1, canary: 1, stable: 1),
        Row(name: "A16", replicas: 10, weight: 0, surge: 1, canary: 0, stable: 10),
        Row(name: "A34", replicas: 1, weight: 100, surge: 1, canary: 1, stable: 0),
        Row(name: "A17", replicas: 3, weight: 50, surge: 0, canary: 2, stable: 1),
        Row(name: "A35", replicas: 4, weight: 10, surge: 1, canary: 1, stable: 4),
        Row(name: "A18", replicas: 3, weight: 50, surge: 1, canary: 2, stable: 2),
        Row(name: "A36", replicas: 20, weight: 33, surge: 1, canary: 7, stable: 14),
    ]

    @Test("pods come as close to the weight as they can", arguments: rows)
    func closest(_ row: Row) {
        #expect(
            WeightApproximation.sizes(replicas: row.replicas, weight: row.weight, surge: row.surge)
                == CanarySizes(canary: row.canary, stable: row.stable))
    }

    @Test("no size loses its last pod between 1 and 99 percent, and the sum exceeds the desired size by one at most")
    func properties() {
        for replicas in 0..<40 {
            for surge in 0..<3 {
                for weight in 0...100 {
                    let sizes = WeightApproximation.sizes(replicas: replicas, weight: weight, surge: surge)
                    let total = sizes.canary + sizes.stable
                    #expect(total == replicas || (total == replicas + 1 && surge > 0))
                    if (1...99).contains(weight), replicas > 0, replicas + surge > 1 {
                        #expect(sizes.canary > 0 && sizes.stable > 0, "\(replicas) \(weight) \(surge)")
                    }
                }
            }
        }
    }

    @Test("the largest size that the API allows does not overflow")
    func largest() {
        let sizes = WeightApproximation.sizes(replicas: Int(Int32.max), weight: 33, surge: 1)
        #expect(sizes.canary + sizes.stable <= Int(Int32.max) + 1)
    }
}
