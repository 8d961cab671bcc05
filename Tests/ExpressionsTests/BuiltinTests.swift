import Expressions
import Manifest
import Testing

@Suite("Expression functions")
struct BuiltinTests {
    @Test(
        "predicates",
        arguments: [
            ("all([1,2], # > 0)", "true"), ("all([1,2], {# > 1})", "false"), ("any([1,2], # > 1)", "true"),
            ("none([1], # > 1)", "true"),
            ("one([1,2], # > 1)", "true"), ("filter([1,2,3], # % 2 == 1)", "[1 3]"), ("map([1,2], # * 2)", "[2 4]"),
            ("map([{a: 1}], .a)", "[1]"), ("map(['x'], #index)", "[0]"), ("find([1,2,3], # > 1)", "2"),
            ("find([1], # > 1)", "<nil>"),
            ("findIndex([1,2,3], # > 1)", "1"), ("findLast([1,2,3], # > 1)", "3"),
            ("findLastIndex([1,2,3], # < 3)", "1"),
            ("count([true, false])", "1"), ("count([1,2], # > 1)", "1"), ("sum([1,2])", "3"), ("sum([1,2.5])", "3.5"),
            ("sum([1,2], # * 2)", "6"),
            ("sum(['a'])", "error"), ("groupBy([1,2,3], # % 2)", "map[0:[2] 1:[1 3]]"),
            ("sortBy([3,1,2], -#)", "[3 2 1]"),
            ("sortBy([{a: 2}, {a: 1}], .a, 'desc')", "[map[a:2] map[a:1]]"), ("reduce([1,2,3], #acc + #)", "6"),
            ("reduce([], #acc + #, 7)", "7"),
            ("reduce([], #acc + #)", "error"), ("all([1], #)", "error"), ("all(3, # > 1)", "error"),
            ("all([1])", "error"),
            ("map([[1],[2,3]], sum(#))", "[1 5]"), ("map([[1],[2,3]], map(#, # + 1))", "[[2] [3 4]]"),
            ("map([1], #wrong)", "error"),
        ])
    func predicates(source: String, expected: String) { #expect(outcome(source) == expected) }

    @Test(
        "values",
        arguments: [
            ("len('aé')", "2"), ("len([1])", "1"), ("len({a: 1})", "1"), ("first([1,2])", "1"), ("last([1,2])", "2"),
            ("take([1,2,3], 2)", "[1 2]"),
            ("get({a: 1}, 'a')", "1"), ("get({a: 1}, 'b')", "<nil>"), ("get([1], 5)", "<nil>"),
            ("reverse([1,2])", "[2 1]"), ("uniq([1,1.0,2])", "[1 2]"),
            ("concat([1],[2])", "[1 2]"), ("flatten([1,[2,[3]]])", "[1 2 3]"), ("sort([3,1,2])", "[1 2 3]"),
            ("sort([3,1,2], 'desc')", "[3 2 1]"),
            ("sort([1,'a'])", "error"), ("join(['a','b'], '-')", "a-b"), ("keys({b: 1, a: 2})", "[a b]"),
            ("values({b: 1, a: 2})", "[2 1]"),
            ("toPairs({a: 1})", "[[a 1]]"), ("fromPairs([['a', 1]])", "map[a:1]"), ("abs(-3)", "3"),
            ("abs(-3.5)", "3.5"), ("ceil(1.2)", "2"),
            ("floor(-1.2)", "-2"), ("round(2.5)", "3"), ("int('12')", "12"), ("int(2.9)", "2"), ("float('2.5')", "2.5"),
            ("min(3, [1, 2])", "1"),
            ("max([1.5, 2])", "2"), ("mean([1, 2])", "1.5"), ("median([3, 1, 2])", "2"),
            ("median([1, 2, 3, 4])", "2.5"), ("bitand(6, 3)", "2"),
            ("bitor(6, 3)", "7"), ("bitxor(6, 3)", "5"), ("bitnand(6, 3)", "4"), ("bitnot(0)", "-1"),
            ("bitshl(1, 4)", "16"), ("bitshr(16, 4)", "1"),
            ("bitushr(-1, 60)", "15"), ("bitshl(1, -1)", "error"), ("string(1.5)", "1.5"), ("trim('  a ')", "a"),
            ("trim('xax', 'x')", "a"), ("trimPrefix('abc', 'a')", "bc"),
            ("trimSuffix('abc', 'c')", "ab"), ("upper('a')", "A"), ("lower('A')", "a"), ("split('a,b', ',')", "[a b]"),
            ("split('a,b,c', ',', 2)", "[a b,c]"),
            ("splitAfter('a,b', ',')", "[a, b]"), ("replace('aaa', 'a', 'b')", "bbb"),
            ("replace('aaa', 'a', 'b', 1)", "baa"), ("repeat('ab', 2)", "abab"),
            ("indexOf('abc', 'c')", "2"), ("lastIndexOf('abab', 'ab')", "2"), ("indexOf('abc', 'x')", "-1"),
            ("hasPrefix('abc', 'a')", "true"),
            ("hasSuffix('abc', 'a')", "false"), ("toJSON({a: 1})", "{\n  \"a\": 1\n}"),
            ("fromJSON('{\"a\": [1]}').a[0]", "1"), ("fromJSON('{')", "error"),
            ("toBase64('hello')", "aGVsbG8="), ("fromBase64('aGVsbG8=')", "hello"), ("fromBase64('a')", "error"),
            ("now()", "2027-01-15T08:00:00Z"),
            ("now() - duration('1h30m')", "2027-01-15T06:30:00Z"), ("duration('90s')", "1m30s"),
            ("duration('x')", "error"), ("now() > date('2020-01-01')", "true"),
            ("now() - date('2027-01-15T07:00:00Z')", "1h0m0s"), ("now().Unix()", "1800000000"),
            ("duration('90s').Minutes()", "1.5"), ("type(1)", "int"),
            ("type(nil)", "nil"), ("type([1])", "array"), ("type(now())", "time.Time"), ("duration('1m') * 2", "2m0s"),
            ("len(1, 2)", "error"), ("len()", "error"),
            ("timezone('UTC')", "UTC"), ("now().Year()", "2027"), ("max()", "error"), ("isNil()", "error"),
        ])
    func values(source: String, expected: String) { #expect(outcome(source) == expected) }
}
