import Manifest

extension JSON {
    /// A value with awkward scalars and keys; the same for the same generator.
    static func random(using generator: inout some RandomNumberGenerator, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: return .bool(Bool.random(using: &generator))
        case 1: return .int(Int64.random(in: -1_000_000...1_000_000, using: &generator))
        case 2: return .number(Double.random(in: -1e9...1e9, using: &generator))
        case 3...5: return .string(randomText(using: &generator))
        case 6:
            let count = Int.random(in: 0..<4, using: &generator)
            return .array((0..<count).map { _ in random(using: &generator, depth: depth - 1) })
        default:
            var members: [String: JSON] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                members[randomText(using: &generator)] = random(using: &generator, depth: depth - 1)
            }
            return .object(members)
        }
    }

    private static func randomText(using generator: inout some RandomNumberGenerator) -> String {
        let pieces = [
            "a", "b", "10", "yes", "~", ":", ": ", "- ", " ", "  ", "\n", "\t", "'", "\"", "\\", "#", "é", "😀", "{",
            "]", ",", "*",
            "---", "0x1", ".5", "\u{85}", "\u{2028}", "<", String(repeating: "word ", count: 20),
        ]
        return (0..<Int.random(in: 0..<5, using: &generator))
            .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &generator)] }.joined()
    }
}
