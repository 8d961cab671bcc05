import Manifest
import Notifications
import Testing

@Suite("Template functions") struct TemplateFunctionTests {
    @Test(
        "texts",
        arguments: [
            ("trim \"  a \"", "a"), ("trimAll \"$\" \"$5$\"", "5"), ("trimall \"$\" \"$5$\"", "5"), ("hello", "Hello!"),
            ("trimSuffix \"-\" \"a-\"", "a"),
            ("trimPrefix \"v\" \"v1\"", "1"), ("title \"hello wide world\"", "Hello Wide World"),
            ("untitle \"First Try\"", "first try"),
            ("repeat 3 \"ab\"", "ababab"), ("substr 1 3 \"hello\"", "el"), ("substr 1 -1 \"hello\"", "ello"),
            ("trunc 3 \"hello\"", "hel"), ("trunc -3 \"hello\"", "llo"), ("abbrev 5 \"hello world\"", "he..."),
            ("nospace \"h e l\"", "hel"), ("swapcase \"aB\"", "Ab"), ("initials \"First Try\"", "FT"),
            ("contains \"ll\" \"hello\"", "true"), ("hasPrefix \"he\" \"hello\"", "true"),
            ("hasSuffix \"x\" \"hello\"", "false"),
            ("quote \"a\\\"b\"", "\"a\\\"b\""), ("squote \"a\" 1", "'a' '1'"), ("cat \"a\" nil 1", "a 1"),
            ("indent 2 \"a\\nb\"", "  a\n  b"), ("nindent 2 \"a\"", "\n  a"),
            ("replace \" \" \"-\" \"a b c\"", "a-b-c"),
            ("plural \"pod\" \"pods\" 1", "pod"), ("plural \"pod\" \"pods\" 2", "pods"),
            ("snakecase \"FirstName\"", "first_name"),
            ("camelcase \"http_server\"", "HttpServer"), ("kebabcase \"FirstName\"", "first-name"),
            ("wrap 5 \"aaa bbb ccc\"", "aaa\nbbb\nccc"), ("wrapWith 5 \"|\" \"aa bb cc\"", "aa bb|cc"),
            ("join \"-\" (list 1 \"a\" nil true)", "1-a-true"), ("splitList \",\" \"a,b\"", "[a b]"),
            ("(split \"$\" \"a$b\")._1", "b"),
            ("(splitn \"$\" 2 \"a$b$c\")._1", "b$c"), ("sortAlpha (list \"b\" \"a\")", "[a b]"),
            ("toString 1.5", "1.5"),
            ("upper \"é\"", "É"), ("lower \"AB\"", "ab"), ("abbrevboth 5 10 \"1234 5678 9123\"", "...5678..."),
        ])
    func texts(_ call: String, _ expected: String) { #expect(rendered("{{\(call)}}") == expected) }

    @Test(
        "lists and maps",
        arguments: [
            ("first (list 1 2)", "1"), ("last (list 1 2)", "2"), ("rest (list 1 2 3)", "[2 3]"),
            ("initial (list 1 2 3)", "[1 2]"),
            ("append (list 1) 2", "[1 2]"), ("prepend (list 1) 0", "[0 1]"), ("concat (list 1) (list 2)", "[1 2]"),
            ("reverse (list 1 2)", "[2 1]"), ("uniq (list 1 1 2)", "[1 2]"), ("without (list 1 2 3) 2", "[1 3]"),
            ("has 2 (list 1 2)", "true"), ("compact (list 1 0 \"\" 2)", "[1 2]"),
            ("chunk 2 (list 1 2 3)", "[[1 2] [3]]"),
            ("until 3", "[0 1 2]"), ("untilStep 3 9 3", "[3 6]"), ("seq 1 3", "1 2 3"), ("seq 3", "1 2 3"),
            ("seq 0 2 4", "0 2 4"),
            ("seq 2 0", "2 1 0"), ("slice (list 1 2 3) 1 2", "[2]"), ("slice \"hello\" 1 3", "el"), ("len \"é\"", "2"),
            ("get (dict \"a\" 1) \"a\"", "1"), ("hasKey (dict \"a\" 1) \"b\"", "false"),
            ("keys (dict \"b\" 1 \"a\" 2)", "[a b]"),
            ("values (dict \"b\" 1 \"a\" 2)", "[2 1]"), ("pick (dict \"a\" 1 \"b\" 2) \"a\"", "map[a:1]"),
            ("omit (dict \"a\" 1 \"b\" 2) \"a\"", "map[b:2]"), ("pluck \"a\" (dict \"a\" 1) (dict \"a\" 2)", "[1 2]"),
            ("dig \"a\" \"b\" \"no\" (dict \"a\" (dict \"b\" 1))", "1"),
            ("dig \"a\" \"c\" \"no\" (dict \"a\" (dict \"b\" 1))", "no"),
            ("merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3)", "map[a:1 b:3]"),
            ("mergeOverwrite (dict \"a\" 1) (dict \"a\" 2)", "map[a:2]"), ("unset (dict \"a\" 1) \"a\"", "map[]"),
            ("deepEqual (list 1 (dict \"a\" 1)) (list 1 (dict \"a\" 1))", "true"), ("mustFirst (list 1)", "1"),
            ("tuple 1 2", "[1 2]"), ("toStrings (list 1 2) | first", "1"),
        ])
    func collections(_ call: String, _ expected: String) { #expect(rendered("{{\(call)}}") == expected) }

    @Test(
        "numbers, defaults and types",
        arguments: [
            ("add 1 2 3", "6"), ("add1 1", "2"), ("sub 5 2", "3"), ("mul 2 3", "6"), ("div 7 2", "3"), ("mod 7 2", "1"),
            ("max 1 3 2", "3"), ("min 1 3 2", "1"), ("ceil 1.1", "2"), ("floor 1.9", "1"), ("round 1.235 2", "1.24"),
            ("addf 1.5 1", "2.5"), ("subf 3 0.5", "2.5"), ("mulf 1.5 2", "3"), ("divf 3 2", "1.5"),
            ("maxf 1 2.5", "2.5"),
            ("default 1 0", "1"), ("default 1 2", "2"), ("empty \"\"", "true"), ("coalesce 0 \"\" 3", "3"),
            ("all 1 0", "false"),
            ("any 1 0", "true"), ("ternary \"y\" \"n\" true", "y"), ("int \"12\"", "12"), ("int64 1.9", "1"),
            ("float64 \"1.5\"", "1.5"),
            ("atoi \"x\"", "0"), ("toDecimal \"777\"", "511"), ("kindOf (list)", "slice"),
            ("kindIs \"map\" (dict)", "true"),
            ("typeOf 1", "int64"), ("typeIs \"string\" \"\"", "true"), ("eq 1 2 1", "true"), ("ne 1 2", "true"),
            ("lt 1 1.5", "true"),
            ("le 2 2", "true"), ("gt \"b\" \"a\"", "true"), ("ge 1 2", "false"), ("eq 1 1.0", "true"),
            ("fromJson \"{\\\"a\\\":[1]}\"", "map[a:[1]]"), ("toJson (dict \"a\" \"<\")", "{\"a\":\"\\u003c\"}"),
            ("toRawJson (dict \"a\" \"<\")", "{\"a\":\"<\"}"),
        ])
    func values(_ call: String, _ expected: String) { #expect(rendered("{{\(call)}}") == expected) }

    @Test(
        "printing and escaping",
        arguments: [
            ("printf \"%s|%5s|%-5s|%q\" \"a\" \"b\" \"c\" \"d\"", "a|    b|c    |\"d\""),
            (
                "printf \"%d|%5d|%05d|%+d|%x|%X|%b|%o|%c|%U\" 7 7 -7 7 255 255 5 8 65 65",
                "7|    7|-0007|+7|ff|FF|101|10|A|U+0041"
            ),
            ("printf \"%.2f|%8.3f|%g|%e\" 1.005 3.14159 0.5 1234.5", "1.00|   3.142|0.5|1.234500e+03"),
            ("printf \"%v %v %v %T %t %%\" (list 1) nil \"s\" 1 true", "[1] <nil> s int64 true %"),
            ("printf \"%d\" \"x\"", "%!d(string)"),
            ("printf \"%s\"", "%!s(MISSING)"), ("printf \"a\" 1", "a%!(EXTRA int64)"), ("printf \"%*d\" 4 1", "   1"),
            ("printf \"%.2s\" \"abc\"", "ab"),
            ("print \"a\" 1 2 \"b\"", "a1 2b"), ("println 1 \"a\"", "1 a\n"),
            ("html \"<a href='x'>&\\\"\"", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"),
            ("js \"a'b\\\"<\\n\"", "a\\'b\\\"\\u003C\\u000A"), ("urlquery \"a b&c/é\"", "a+b%26c%2F%C3%A9"),
        ])
    func printing(_ call: String, _ expected: String) { #expect(rendered("{{\(call)}}") == expected) }

    @Test(
        "dates, in UTC",
        arguments: [
            ("now | date \"2006-01-02 15:04:05\"", "2026-11-21 10:00:00"),
            ("date \"Mon Jan _2 3:04PM 2006\" now", "Sat Nov 21 10:00AM 2026"),
            (
                "date \"Monday, 02-Jan-06 15:04:05.000 MST Z07:00 -0700\" now",
                "Saturday, 21-Nov-26 10:00:00.000 UTC Z +0000"
            ),
            ("date \"002 .999 15h\" now", "325  10h"), ("htmlDate .rollout.metadata.creationTimestamp", "2026-11-21"),
            ("dateInZone \"15:04\" now \"UTC\"", "10:00"), ("now | dateModify \"-90m\" | date \"15:04\"", "08:30"),
            ("toDate \"02.01.2006 3:04 PM\" \"21.11.2026 9:30 PM\" | date \"2006-01-02T15:04\"", "2026-11-21T21:30"),
            ("toDate \"2006-01-02T15:04:05Z07:00\" \"2026-11-21T12:00:00+02:00\" | unixEpoch", "1795255200"),
            ("now | must_date_modify \"-90m\" | date \"15:04\"", "08:30"),
            ("(now.AddDate 0 1 0).Format \"2006-01-02 15:04:05\"", "2026-12-21 10:00:00"),
            ("(now.AddDate 1 -12 0).Format \"2006-01-02\"", "2026-11-21"),
            ("(now.AddDate 0 0 10).Format \"2006-01-02\"", "2026-12-01"),
            ("(now.AddDate 0 3 7).Format \"2006-01-02\"", "2027-02-28"),
            ("(now.AddDate -1 -11 -21).Format \"2006-01-02\"", "2024-11-30"),
            ("(now.AddDate 0 25 0).Format \"2006-01-02\"", "2028-12-21"),
            ("(now.AddDate 0 -10 8).Format \"2006-01-02\"", "2026-01-29"),
            ("(now.AddDate 0 0 -400).Format \"2006-01-02\"", "2025-10-17"),
            ("((toDate \"2006-01-02\" \"2024-01-31\").AddDate 0 1 0).Format \"2006-01-02\"", "2024-03-02"),
            ("((toDate \"2006-01-02\" \"2024-01-31\").AddDate 0 -2 0).Format \"2006-01-02\"", "2023-12-01"),
            ("((toDate \"2006-01-02\" \"2024-02-29\").AddDate 1 0 0).Format \"2006-01-02\"", "2025-03-01"),
            ("ago .rollout.metadata.creationTimestamp", "1h6m53s"), ("duration 95", "1m35s"),
            ("durationRound \"2h10m5s\"", "2h"),
            ("unixEpoch now", "1795255200"), ("date \"2006\" 0", "1970"), ("date \"2006-01-02\" -1", "1969-12-31"),
        ])
    func dates(_ call: String, _ expected: String) { #expect(rendered("{{\(call)}}") == expected) }

    @Test(
        "encodings, expressions, versions and paths",
        arguments: [
            ("b64enc \"hello\"", "aGVsbG8="), ("b64dec \"aGVsbG8=\"", "hello"), ("b32enc \"hello\"", "NBSWY3DP"),
            ("b32enc \"a\"", "ME======"),
            ("b32dec \"NBSWY3DP\"", "hello"), ("sha1sum \"a\"", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
            ("sha256sum \"\"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("adler32sum \"Wikipedia\"", "300286872"),
            ("regexMatch \"^a.c$\" \"abc\"", "true"), ("regexFind \"[0-9]+\" \"ab12c3\"", "12"),
            ("regexFindAll \"[0-9]\" \"1a2b3\" 2", "[1 2]"),
            ("regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\"", "-W-xxW-"),
            ("regexReplaceAllLiteral \"a\" \"aba\" \"$1\"", "$1b$1"),
            ("regexSplit \"z+\" \"pizza\" -1", "[pi a]"), ("regexQuoteMeta \"1.2\"", "1\\.2"),
            ("(semver \"1.2.3-rc.1\").Minor", "2"),
            ("semverCompare \">=1.2 <2\" \"1.5.0\"", "true"), ("semverCompare \"^1\" \"2.0.0\"", "false"),
            ("base \"a/b.txt\"", "b.txt"), ("dir \"/a/b/c\"", "/a/b"),
            ("ext \"a.tar.gz\"", ".gz"), ("clean \"a//b/../c/.\"", "a/c"), ("isAbs \"/a\"", "true"),
            ("clean \"/../a\"", "/a"), ("osBase \"a/b/\"", "b"), ("osBase \"\"", "."), ("osDir \"a/b/\"", "a/b"),
            ("osDir \"\"", "."), ("osExt \"a.b/c\"", ""), ("osExt \"a.tar.gz\"", ".gz"), ("osClean \"\"", "."),
            ("osClean \"/a/../b.c/\"", "/b.c"), ("osIsAbs \"/\"", "true"), ("osIsAbs \"a/b\"", "false"),
        ])
    func encodings(_ call: String, _ expected: String) { #expect(rendered("{{\(call)}}") == expected) }
}
