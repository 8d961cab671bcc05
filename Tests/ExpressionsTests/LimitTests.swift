import Expressions
import Manifest
import Testing

@Suite("Expression limits and messages")
struct LimitTests {
    let environment = Environment(["result": .list([])], now: Timestamp(seconds: 0))

    @Test(
        "hostile expressions end in an error",
        arguments: [
            "1..2000000", "repeat('x', 2000000)", "map(1..1000, map(1..1000, map(1..1000, 1)))",
            "reduce(1..100, #acc + #acc, repeat('x', 1000))",
            "reduce(1..100, concat(#acc, #acc), [1])", "map(1..1000, 1..100000)",
            "let a = 1..900000; map(1..1000, a == a)",
            "let a = 1..900000; map(1..1000, -1 in a)", "let a = 1..900000; map(1..1000, max(a))",
            "repeat('a', 900000) matches '\(String(repeating: "(a*)*", count: 60))b'",
        ])
    func limits(source: String) throws {
        let expression = try Expression(source)
        let error = #expect(throws: ExpressionError.self) { try expression.evaluate(environment) }
        #expect(error?.kind == .limit)
    }

    @Test(
        "deep nesting is refused before it is evaluated",
        arguments: [
            String(repeating: "(", count: 100_000), String(repeating: "(", count: 5_000),
            String(repeating: "-", count: 5_000) + "1",
            String(repeating: "[", count: 5_000), "1" + String(repeating: " + 1", count: 3_000),
            String(repeating: "not ", count: 2_000) + "true",
            "a" + String(repeating: ".a", count: 3_000), "1" + String(repeating: " ** 1", count: 2_000),
            String(repeating: "{a:", count: 2_000),
            String(repeating: "true ? 1 : ", count: 1_000) + "1", String(repeating: "if true {", count: 1_000),
        ])
    func depth(source: String) { #expect(throws: ExpressionError.self) { try Expression(source) } }

    @Test(
        "messages say what and where",
        arguments: [
            ("result[0] < 1", "index 0 is out of range of a list of 0 at position 7"),
            ("1 + reslt", "unknown name \"reslt\"; there is result at position 5"),
            ("result < 5", "'<' cannot compare a list with an integer at position 8"),
            ("lenn(result)", "unknown function lenn() at position 1"),
            ("result = 5", "unexpected '='; to compare, write == at position 8"),
            ("nil ?? 0 < 5", "'??' and '<' need parentheses around one of them, as in (a ?? 0) < 5 at position 10"),
        ])
    func messages(source: String, expected: String) {
        let error = #expect(throws: ExpressionError.self) { try Expression(source).evaluate(environment) }
        #expect(error?.description == expected)
    }
}
