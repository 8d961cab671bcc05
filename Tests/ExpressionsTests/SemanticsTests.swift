import Expressions
import Manifest
import Testing

/// Evaluates a source with `result` and gives the value as text, or `error`.
func outcome(_ source: String, _ result: Value = .null) -> String {
    do {
        let now = Timestamp(seconds: 1_800_000_000)
        return try Expression(source).evaluate(Environment(["result": result], now: now)).text
    } catch {
        return "error"
    }
}

@Suite("Expression semantics")
struct SemanticsTests {
    @Test(
        "operators bind and compute as users of the field know them",
        arguments: [
            ("1 / 2", "0.5"), ("1 / 0", "+Inf"), ("-1 / 0", "-Inf"), ("1 % 0", "error"), ("7 % 4", "3"),
            ("7.0 % 4", "error"),
            ("asInt(7.0) % 4", "3"), ("1 == 1.0", "true"), ("1 != 1.0", "false"), ("1 < \"2\"", "error"),
            ("1 == \"1\"", "error"),
            ("nil < 5", "error"), ("nope", "error"), ("nope()", "error"), ("1 = 1", "error"), ("1 === 1", "error"),
            ("-2 ** 2", "-4"), ("2 ** 3 ** 2", "512"), ("2 ^ 3", "8"), ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"),
            ("1 - 2 - 3", "-4"), ("\"a\" + 'b' + `c`", "abc"), ("not true == false", "true"), ("!(1 == 2)", "true"),
            ("0 < 1 < 2", "true"), ("0 < 3 < 2", "false"), ("1..3", "[1 2 3]"), ("3..1", "[]"), ("1 in 1..3", "true"),
            ("5 not in 1..3", "true"), ("1.0 in [1]", "true"), ("'a' in {a: 1}", "true"),
            ("'abc' matches 'b+'", "true"),
            ("'abc' not matches '^b'", "true"), ("'abc' matches '('", "error"), ("'abc' contains 'bc'", "true"),
            ("'abc' startsWith 'ab'", "true"), ("'abc' endsWith 'ab'", "false"), ("'abc' not contains 'x'", "true"),
            ("true and false or true", "true"), ("true || nope()", "error"), ("false && 1 < nil", "false"),
            ("true || 1 < nil", "true"), ("nil ?? 3", "3"), ("(nil ?? 0) < 5", "true"), ("nil ?? 0 < 5", "error"),
            ("1 < 2 ? 'y' : 'n'", "y"), ("nil ?: 3", "error"),
            ("if 1 > 2 { 'a' } else if true { 'b' } else { 'c' }", "b"),
            ("let n = 2; let m = n + 1; n * m", "6"), ("1; 2", "2"), ("[1, 2,][-1]", "2"), ("[1,2,3][1:]", "[2 3]"),
            ("[1,2,3][:-1]", "[1 2]"), ("[1,2,3][5:9]", "[]"), ("'abcd'[1:3]", "bc"), ("{a: {b: 1}}.a.b", "1"),
            ("{a: 1}['a']", "1"), ("{\"a-b\": 1}[\"a-b\"]", "1"), ("{a: 1}.x", "<nil>"), ("{a: 1}.x.y", "error"),
            ("{a: 1}.x?.y.z", "<nil>"), ("({a: 1}.x?.y).z", "error"), ("{a: [5]}?.a?.[0]", "5"),
            ("1_000 + 0x1F + 0b1 + 0o7", "1039"),
            (".5 + 1e3", "1000.5"), ("true ?.5:1", "0.5"), ("9223372036854775807 + 1", "error"),
            ("99999999999999999999", "error"),
            ("1 + // one\n 2 /* two */ # three", "3"), ("'\\n\\x41\\u00e9' == \"\n\"", "error"),
            ("'\\x41\\u00e9'", "Aé"),
            ("[1, 2, 3] | filter(# > 1) | len()", "2"), ("$env.result", "<nil>"), ("1 ? 2 : 3", "error"),
            ("!1", "error"),
            ("[1] < 5", "error"), ("[1] == 5", "error"), ("[1] == [1.0]", "true"), ("true == 'true'", "false"),
            ("", "error"),
            ("1 +", "error"), ("(1", "error"), ("1 2", "error"), ("{a: 1", "error"), ("#", "error"), ("'abc", "error"),
            ("/* x", "error"),
            ("10 - 2 ** 2", "6"), ("- 3", "-3"), ("2 * -3", "-6"), ("not (1 in [2])", "true"), ("5 not 3", "error"),
        ])
    func operators(source: String, expected: String) { #expect(outcome(source) == expected) }

    @Test(
        "times are asked as in triggers of notifications",
        arguments: [
            ("time.Now().Unix()", "1800000000"), ("time.Parse('2027-01-15T07:00:00Z').Day()", "15"),
            ("time.Now().Sub(time.Parse('2027-01-15T07:00:00Z')).Minutes() >= 60", "true"),
            ("time.Parse('2027-01-15T07:00:00Z').Add(duration('1h')).After(time.Now())", "false"),
            ("time.Parse('2027-01-15T07:00:00Z').Before(time.Now())", "true"), ("time.Parse('x')", "error"),
            ("time.Later()", "error"), ("time.Now", "error"), ("let time = {Now: 1}; time.Now", "1"),
            ("time.Now().Sub()", "error"), ("time", "error"),
        ])
    func times(source: String, expected: String) { #expect(outcome(source) == expected) }

    @Test(
        "numbers that a query gives",
        arguments: [
            ("result >= 0.9", Value.float(.nan), "false"), ("result < 5", .float(.nan), "false"),
            ("result == result", .float(.nan), "false"),
            ("result != 1", .float(.nan), "true"), ("isNaN(result) || result < 5", .float(.nan), "true"),
            ("isInf(result)", .float(-.infinity), "true"),
            ("isInf(result)", .int(3), "false"), ("isNaN(result)", .string("x"), "error"),
            ("0.95 in result", .list([.float(0.95)]), "true"),
            ("result[0] >= 0.95", .list([.float(0.97)]), "true"), ("result < 5", .list([.float(1)]), "error"),
            ("result > 1", .string("2"), "error"),
            ("asFloat(result) > 1", .string("2.5"), "true"), ("asInt(result)", .float(2.9), "2"),
            ("asInt(result)", .float(-2.9), "-2"),
            ("asInt(result)", .string("12"), "12"), ("asInt(result)", .string("1.5"), "error"),
            ("asInt(result)", .bool(true), "error"),
            ("asInt(result)", .float(.nan), "error"), ("asFloat(result)", .int(2), "2"),
            ("result.ok && result.n > 2", .map(["ok": .bool(true), "n": .float(3)]), "true"),
            ("result.items[0].name", .map(["items": .list([.map(["name": .string("a")])])]), "a"),
            ("isNil(result.x)", .map([:]), "true"),
            ("default(result.x, 3)", .map([:]), "3"),
        ])
    func numbers(source: String, result: Value, expected: String) { #expect(outcome(source, result) == expected) }

    @Test(
        "an empty list is no data, and only what looks at it notices",
        arguments: [
            ("result[0] < 1", "error"), ("result?.[0] < 1", "error"), ("(result[0] ?? 0) < 1", "error"),
            ("len(result) == 0 || result[0] < 1", "true"), ("all(result, # < 1)", "true"),
            ("any(result, # < 1)", "false"),
            ("none(result, # < 1)", "true"), ("one(result, # < 1)", "false"), ("isNil(result)", "false"),
            ("result == nil", "false"),
            ("default(result, 0) < 5", "error"), ("first(result)", "<nil>"), ("max(result)", "<nil>"),
            ("get(result, 0)", "<nil>"),
            ("first(result) < 5", "error"), ("sum(result)", "0"), ("mean(result)", "0"), ("median(result)", "0"),
            ("mean(result) < 5", "true"),
            ("result == []", "true"),
        ])
    func empty(source: String, expected: String) { #expect(outcome(source, .list([])) == expected) }

    @Test(
        "nil can be tested for before it is used",
        arguments: [
            ("isNil(result)", "true"), ("default(result, 0) < 5", "true"), ("(result ?? 0) < 5", "true"),
            ("result == nil", "true"),
            ("result < 5", "error"), ("len(result)", "error"), ("result == nil || result < 5", "true"),
            ("result != nil && result < 5", "false"),
        ])
    func null(source: String, expected: String) { #expect(outcome(source, .null) == expected) }
}
