import RolloutEngine
import Testing

@Suite("Sizes of a basic canary") struct BasicCanarySizesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var sizes: BasicCanarySizes
        var next: CanarySizes

        init(
            _ name: String, _ replicas: Int, _ limits: SurgeLimits, _ canary: BasicCanarySizes.Pods?,
            _ stable: BasicCanarySizes.Pods?, others: Int, target: CanarySizes, next: CanarySizes
        ) {
            testDescription = name
            sizes = BasicCanarySizes(
                replicas: replicas, limits: limits, target: target, canary: canary, stable: stable, others: others)
            self.next = next
        }
    }

    static let rows = [
        Row(
            "B1", 10, .init(surge: 1, unavailable: 1), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 1, stable: 9), next: .init(canary: 1, stable: 9)),
        Row(
            "B2", 10, .init(surge: 3, unavailable: 0), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 3, stable: 7), next: .init(canary: 3, stable: 10)),
        Row(
            "B3", 10, .init(surge: 0, unavailable: 5), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 3, stable: 7), next: .init(canary: 0, stable: 7)),
        Row(
            "B4", 10, .init(surge: 2, unavailable: 0), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 2, stable: 8), next: .init(canary: 2, stable: 10)),
        Row(
            "B5", 10, .init(surge: 2, unavailable: 0), .init(spec: 2, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 2, stable: 8), next: .init(canary: 2, stable: 10)),
        Row(
            "B6", 10, .init(surge: 2, unavailable: 0), .init(spec: 2, available: 1), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 2, stable: 8), next: .init(canary: 2, stable: 9)),
        Row(
            "B7", 10, .init(surge: 2, unavailable: 0), .init(spec: 2, available: 2), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 2, stable: 8), next: .init(canary: 2, stable: 8)),
        Row(
            "B8", 10, .init(surge: 2, unavailable: 0), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 3, stable: 7), next: .init(canary: 2, stable: 10)),
        Row(
            "B9", 10, .init(surge: 0, unavailable: 2), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 2, stable: 8), next: .init(canary: 0, stable: 8)),
        Row(
            "B10", 10, .init(surge: 0, unavailable: 2), .init(spec: 0, available: 0), .init(spec: 8, available: 8),
            others: 0, target: .init(canary: 2, stable: 8), next: .init(canary: 2, stable: 8)),
        Row(
            "B11", 10, .init(surge: 2, unavailable: 1), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 5, stable: 5), next: .init(canary: 2, stable: 9)),
        Row(
            "B12", 10, .init(surge: 2, unavailable: 1), .init(spec: 3, available: 0), .init(spec: 9, available: 9),
            others: 0, target: .init(canary: 5, stable: 5), next: .init(canary: 3, stable: 9)),
        Row(
            "B13", 10, .init(surge: 2, unavailable: 1), .init(spec: 3, available: 3), .init(spec: 9, available: 9),
            others: 0, target: .init(canary: 5, stable: 5), next: .init(canary: 3, stable: 6)),
        Row(
            "B14", 10, .init(surge: 1, unavailable: 1), .init(spec: 10, available: 10), .init(spec: 1, available: 1),
            others: 0, target: .init(canary: 10, stable: 0), next: .init(canary: 10, stable: 0)),
        Row(
            "B15", 10, .init(surge: 1, unavailable: 1), .init(spec: 1, available: 1), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 0, stable: 10), next: .init(canary: 0, stable: 10)),
        Row(
            "B16", 10, .init(surge: 3, unavailable: 2), .init(spec: 5, available: 5), .init(spec: 5, available: 5),
            others: 0, target: .init(canary: 0, stable: 10), next: .init(canary: 3, stable: 8)),
        Row(
            "B17", 10, .init(surge: 3, unavailable: 2), .init(spec: 5, available: 5), .init(spec: 8, available: 8),
            others: 0, target: .init(canary: 0, stable: 10), next: .init(canary: 0, stable: 8)),
        Row(
            "B18", 1, .init(surge: 1, unavailable: 0), .init(spec: 0, available: 0), .init(spec: 1, available: 1),
            others: 0, target: .init(canary: 1, stable: 1), next: .init(canary: 1, stable: 1)),
        Row(
            "B19", 1, .init(surge: 0, unavailable: 1), .init(spec: 0, available: 0), .init(spec: 1, available: 1),
            others: 0, target: .init(canary: 1, stable: 0), next: .init(canary: 0, stable: 0)),
        Row(
            "B20", 1, .init(surge: 0, unavailable: 1), .init(spec: 0, available: 0), .init(spec: 0, available: 0),
            others: 0, target: .init(canary: 1, stable: 0), next: .init(canary: 1, stable: 0)),
        Row(
            "B21", 4, .init(surge: 1, unavailable: 0), .init(spec: 0, available: 0), .init(spec: 4, available: 1),
            others: 0, target: .init(canary: 4, stable: 0), next: .init(canary: 1, stable: 4)),
        Row(
            "B22", 4, .init(surge: 1, unavailable: 0), .init(spec: 1, available: 1), .init(spec: 4, available: 1),
            others: 0, target: .init(canary: 4, stable: 0), next: .init(canary: 1, stable: 3)),
        Row(
            "B23", 4, .init(surge: 1, unavailable: 0), .init(spec: 4, available: 4), .init(spec: 0, available: 0),
            others: 0, target: .init(canary: 0, stable: 4), next: .init(canary: 4, stable: 1)),
        Row(
            "B24", 4, .init(surge: 1, unavailable: 0), .init(spec: 4, available: 4), .init(spec: 1, available: 0),
            others: 0, target: .init(canary: 0, stable: 4), next: .init(canary: 4, stable: 1)),
        Row(
            "B25", 4, .init(surge: 1, unavailable: 0), .init(spec: 4, available: 4), .init(spec: 1, available: 1),
            others: 0, target: .init(canary: 0, stable: 4), next: .init(canary: 3, stable: 1)),
        Row(
            "B26", 10, .init(surge: 1, unavailable: 0), .init(spec: 0, available: 0), .init(spec: 1, available: 1),
            others: 3, target: .init(canary: 3, stable: 7), next: .init(canary: 1, stable: 7)),
        Row(
            "B27", 10, .init(surge: 0, unavailable: 1), .init(spec: 4, available: 2), .init(spec: 8, available: 6),
            others: 3, target: .init(canary: 3, stable: 7), next: .init(canary: 4, stable: 8)),
        Row(
            "B28", 10, .init(surge: 1, unavailable: 0), .init(spec: 10, available: 8), .init(spec: 10, available: 2),
            others: 0, target: .init(canary: 10, stable: 0), next: .init(canary: 9, stable: 2)),
        Row(
            "B29", 10, .init(surge: 0, unavailable: 3), .init(spec: 4, available: 4), .init(spec: 8, available: 5),
            others: 0, target: .init(canary: 3, stable: 7), next: .init(canary: 3, stable: 7)),
        Row(
            "B30", 10, .init(surge: 0, unavailable: 1), .init(spec: 0, available: 0), .init(spec: 10, available: 10),
            others: 0, target: .init(canary: 1, stable: 9), next: .init(canary: 0, stable: 9)),
        Row(
            "B31", 10, .init(surge: 3, unavailable: 0), .init(spec: 6, available: 3), .init(spec: 7, available: 8),
            others: 0, target: .init(canary: 10, stable: 0), next: .init(canary: 6, stable: 7)),
        Row(
            "B32", 3, .init(surge: 0, unavailable: 2), .init(spec: 0, available: 0), .init(spec: 3, available: 3),
            others: 0, target: .init(canary: 2, stable: 1), next: .init(canary: 0, stable: 1)),
        Row(
            "B33", 3, .init(surge: 0, unavailable: 2), .init(spec: 0, available: 0), .init(spec: 1, available: 1),
            others: 0, target: .init(canary: 2, stable: 1), next: .init(canary: 2, stable: 1)),
        Row(
            "B34", 20, .init(surge: 5, unavailable: 5), .init(spec: 0, available: 0), .init(spec: 20, available: 20),
            others: 0, target: .init(canary: 5, stable: 15), next: .init(canary: 5, stable: 15)),
        Row(
            "B35", 8, .init(surge: 2, unavailable: 2), .init(spec: 1, available: 1), .init(spec: 3, available: 3),
            others: 0, target: .init(canary: 2, stable: 6), next: .init(canary: 2, stable: 6)),
        Row(
            "B36", 4, .init(surge: 1, unavailable: 1), .init(spec: 2, available: 2), .init(spec: 6, available: 6),
            others: 0, target: .init(canary: 1, stable: 3), next: .init(canary: 1, stable: 4)),
        Row(
            "B37", 5, .init(surge: 2, unavailable: 1), .init(spec: 0, available: 0), nil, others: 0,
            target: .init(canary: 5, stable: 0), next: .init(canary: 5, stable: 0)),
        Row(
            "B38", 10, .init(surge: 3, unavailable: 2), .init(spec: 5, available: 5), nil, others: 5,
            target: .init(canary: 10, stable: 0), next: .init(canary: 8, stable: 0)),
    ]

    @Test("the next pair respects surge and availability", arguments: rows)
    func next(_ row: Row) { #expect(row.sizes.next() == row.next) }
}
