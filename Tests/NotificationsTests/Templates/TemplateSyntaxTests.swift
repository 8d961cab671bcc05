import Manifest
import Notifications
import Testing

/// What the tests of templates are filled in with.
let templateContext: JSON = [
    "rollout": [
        "metadata": [
            "name": "web", "labels": ["b": "2", "a": "1"], "creationTimestamp": "2026-11-21T08:53:07Z",
            "annotations": ["rollout.argoproj.io/revision": "7"],
        ],
        "status": ["replicas": 3, "ratio": 0.5, "abort": true, "message": ""],
        "steps": ["one", "two", "three"],
    ],
    "recipient": "#ops", "secrets": ["token": "t0ken"],
]

/// 2026-11-21T10:00:00Z.
let templateNow = Timestamp(seconds: 1_795_255_200)

/// A template's text, or its error.
func rendered(_ text: String) -> String {
    do {
        return try Template(text).render(templateContext, now: templateNow)
    } catch {
        return "error: \(error)"
    }
}

@Suite("Template syntax") struct TemplateSyntaxTests {
    @Test(
        "a template says what Go's would",
        arguments: [
            ("plain", "plain"), ("{{.rollout.metadata.name}}", "web"), ("a {{ .recipient }} b", "a #ops b"),
            ("{{.rollout.status.replicas}} {{.rollout.status.ratio}} {{.rollout.status.abort}}", "3 0.5 true"),
            ("{{.rollout.metadata.labels}} {{.rollout.steps}}", "map[a:1 b:2] [one two three]"),
            ("x {{- .recipient -}} \n y", "x#opsy"), ("x {{- /* no */ -}} y", "xy"), ("a{{/* {{no}} */}}b", "ab"),
            ("{{.recipient | upper}} {{upper .recipient}} {{(upper .recipient) | lower}}", "#OPS #OPS #ops"),
            ("{{if .rollout.status.abort}}yes{{else}}no{{end}}", "yes"),
            ("{{if .rollout.status.message}}a{{else if .rollout.steps}}b{{else}}c{{end}}", "b"),
            ("{{with .rollout.metadata}}{{.name}}{{$.recipient}}{{end}}", "web#ops"),
            ("{{with .rollout.nope}}x{{else with .recipient}}{{.}}{{else}}y{{end}}", "#ops"),
            ("{{with $x := .recipient}}{{$x}}{{end}}", "#ops"),
            ("{{range .rollout.steps}}<{{.}}>{{end}}", "<one><two><three>"),
            ("{{range $i, $s := .rollout.steps}}{{$i}}{{$s}} {{end}}", "0one 1two 2three "),
            ("{{range $s := .rollout.steps}}{{$s}}{{end}}", "onetwothree"),
            ("{{range $k, $v := .rollout.metadata.labels}}{{$k}}={{$v}};{{end}}", "a=1;b=2;"),
            ("{{range .rollout.nope}}x{{else}}empty{{end}}", "empty"), ("{{range 3}}{{.}}{{end}}", "012"),
            ("{{range .rollout.steps}}{{if eq . \"two\"}}{{continue}}{{end}}{{.}}{{end}}", "onethree"),
            ("{{range .rollout.steps}}{{if eq . \"two\"}}{{break}}{{end}}{{.}}{{end}}!", "one!"),
            ("{{$x := 1}}{{range .rollout.steps}}{{$x = add $x 1}}{{end}}{{$x}}", "4"),
            ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
            (
                "{{define \"t\"}}<{{.}}{{$}}>{{end}}{{template \"t\" .recipient}}{{template \"t\"}}",
                "<#ops#ops><<no value><no value>>"
            ),
            ("{{block \"b\" .recipient}}[{{.}}]{{end}}{{template \"b\" 1}}", "[#ops][1]"),
            ("{{`raw \"q\"`}}{{\"a\\n\\\"\\x41\\u00e9\"}}", "raw \"q\"a\n\"Aé"), ("{{\"{{\"}}", "{{"),
            ("{{12}} {{-3}} {{1.5}} {{0x1F}} {{1e3}} {{'a'}} {{1_000}}", "12 -3 1.5 31 1000 97 1000"),
            ("{{index .rollout.steps 1}} {{index .rollout.metadata.labels \"a\"}}", "two 1"),
            ("{{index .rollout.metadata.annotations \"rollout.argoproj.io/revision\"}}", "7"),
            ("{{(index .rollout.steps 0) | printf \"%s-%s\" \"x\" | len}}", "5"),
            ("{{(dict \"a\" (dict \"b\" 1)).a.b}}", "1"),
            ("{{$m := dict \"a\" 1}}{{$_ := set $m \"b\" 2}}{{$m.b}}", "2"),
            (
                "{{and 1 0 nope2}}",
                "error: line 1: unknown function nope2; see the list of functions in docs/reference/notifications.md"
            ),
            ("{{and 1 0}} {{or 0 \"\" 3}} {{not 0}} {{or .rollout.nope \"x\"}}", "0 3 true x"),
            ("{{if and (eq .recipient \"#ops\") (gt .rollout.status.replicas 2)}}y{{end}}", "y"),
            ("{{or true (fail \"x\")}} {{and false (fail \"x\")}}", "true false"),
            ("{{\n  if true\n}}x{{ end }}", "x"), ("{{- 3 -}} x", "3x"), ("{{print -3}}", "-3"),
            ("{{(call .time.Now).Format \"2006-01-02 15:04\"}}", "2026-11-21 10:00"),
            ("{{(call .time.Parse .rollout.metadata.creationTimestamp).Unix}}", "1795251187"),
            ("{{((call .time.Now).Sub (call .time.Parse .rollout.metadata.creationTimestamp)).Minutes | floor}}", "66"),
            ("{{now.Year}} {{now.Weekday}}", "2026 Saturday"), ("{{\"x\" | now.Format}}", "x"),
        ])
    func renders(_ text: String, _ expected: String) { #expect(rendered(text) == expected) }

    @Test(
        "what is not there is nothing, and stops no message",
        arguments: [
            ("{{.rollout.nope.deep.deeper}}", "<no value>"), ("{{.rollout.nope | default \"none\"}}", "none"),
            ("{{index .rollout.nope \"x\" \"y\"}}", "<no value>"), ("{{range .rollout.nope.list}}x{{end}}", ""),
            ("{{if eq .rollout.nope \"x\"}}y{{else}}n{{end}}", "n"), ("{{upper .rollout.nope}}", ""),
            ("{{len (default list .rollout.nope)}}", "0"),
        ])
    func missing(_ text: String, _ expected: String) { #expect(rendered(text) == expected) }

    @Test(
        "what cannot be read is named with its line, and how to mend it",
        arguments: [
            ("\n\n{{.a | nope}}", "line 3: unknown function nope; see the list"),
            ("{{env \"HOME\"}}", "unknown function env: it would read the machine"),
            ("{{toJSON .}}", "did you mean toJson?"), ("{{if .a}}", "{{if}} is not closed; add {{end}}"),
            ("{{end}}", "without {{if}}"),
            ("{{range .a}}{{else if .b}}{{end}}", "after {{range}} comes {{else}} alone"),
            ("{{.a", "{{ is not closed; add }}"), ("{{upper}}", "upper takes 1 values, not 0"),
            ("{{$x}}", "unknown variable $x; declare it with {{$x := …}} before"),
            ("{{$x = 1}}", "unknown variable $x"),
            ("{{define \"t\"}}{{$y}}{{end}}", "unknown variable $y"),
            ("{{if $x := 1}}{{end}}{{$x}}", "unknown variable $x"),
            ("{{}}", "a value is missing"), ("{{.a.}}", "ends with a dot"), ("{{(.a}}", "a ( is not closed; add )"),
            ("{{.a)}}", "a ) has no (; remove it"), ("{{1 | 2}}", "after | comes a function"),
            ("{{1 2}}", "a value takes no arguments"),
            ("{{\"a}}", "a string is not closed"), ("{{\"a\n\"}}", "a string is not closed on its line"),
            ("{{/* }}", "a comment is not closed"), ("{{else}}", "without"), ("{{if}}x{{end}}", "a value is missing"),
            ("{{#}}", "unexpected \"#\"; put text into quotes"), ("{{break}}", "stands inside {{range}} only"),
            ("{{define x}}{{end}}", "write {{define \"name\"}}"), ("{{template x}}", "needs a name in quotes"),
            ("{{nil}}", "nil alone is no command"), ("{{12x}}", "12x is no number"), ("{{'ab'}}", "one character"),
            ("{{if true}}{{else}}{{else}}{{end}}", "{{else}} is not closed"), ("{{a := 1}}", "unknown function a"),
            ("{{\"\\q\"}}", "unknown escape"),
        ])
    func refused(_ text: String, _ part: String) {
        #expect { try Template(text) } throws: { "\($0)".contains(part) }
    }

    @Test(
        "what goes wrong while it is filled in is named with its line, and never with the value",
        arguments: [
            ("a\n{{template \"x\"}}", "line 2: no template is named \"x\""),
            ("{{index .rollout.steps 9}}", "line 1: index 9 is out of the range"),
            ("\n{{len 3}}", "line 2: len needs a text, a list or a map, not an integer"),
            ("{{lt .secrets.token 1}}", "lt cannot order a string and an integer"),
            ("{{fail .secrets.token}}", "called fail"),
            ("{{toDate \"2006\" .secrets.token}}", "toDate cannot read the text"),
            ("{{fromJson .secrets.token}}", "fromJson got no JSON"),
            ("{{.recipient.name}}", "a string has no field or method name"), ("{{.time.Now}}", "call .time.Now"),
            ("{{eq .recipient 1}}", "eq cannot compare a string with an integer"), ("{{div 1 0}}", "div by zero"),
            ("{{duration .secrets.token}}", "needs a length of time"),
            ("{{regexMatch \"(\" \"x\"}}", "regular expression"),
            ("{{call .time.Parse .secrets.token}}", "needs a text such as"),
            ("{{add 9223372036854775807 1}}", "64 bits"),
        ])
    func failures(_ text: String, _ part: String) {
        let outcome = rendered(text)
        #expect(outcome.hasPrefix("error: line ") && outcome.contains(part), "\(outcome)")
        #expect(!outcome.contains("t0ken"))
    }

    @Test(
        "hostile templates end",
        arguments: [
            "{{range .l}}{{range $.l}}{{range $.l}}{{end}}{{end}}{{end}}",
            "{{range .l}}{{repeat 1000 \"x\"}}{{end}}", "{{repeat 1000000000 \"x\"}}", "{{len (repeat 5000000 \"x\")}}",
            "{{len (until 200000)}}", "{{until 1000000000}}",
            "{{define \"t\"}}{{template \"t\" .}}{{end}}{{template \"t\" .}}",
            "{{$x := \"ab\"}}{{range .l}}{{$x = print $x $x}}{{end}}",
            "{{$x := list 1}}{{range .l}}{{$x = list $x $x}}{{end}}",
            "{{$m := dict}}{{$_ := set $m \"a\" $m}}{{$m}}", "{{$m := dict}}{{$_ := set $m \"a\" $m}}{{toJson $m}}",
            "{{$m := dict}}{{$_ := set $m \"a\" $m}}{{$_ := set $m \"b\" $m}}{{deepEqual $m (deepCopy $m)}}",
            "{{$m := dict}}{{range .l}}{{$m = dict \"m\" $m}}{{end}}{{toJson $m}}",
            "{{printf \"%1000000d\" 1}}", "{{uniq (until 20000)}}",
            "{{range .l}}{{range $.l}}{{sha256sum (toJson $.l)}}{{end}}{{end}}",
            "{{range .l}}{{regexMatch \"(a*)*b\" (repeat 4000 \"a\")}}{{end}}",
            "{{replace \"a\" (repeat 4000 \"b\") (repeat 4000 \"a\")}}",
        ])
    func bounded(_ text: String) throws {
        let list = JSON.array((0..<1000).map { .int($0) })
        #expect(throws: TemplateError.self) { try Template(text).render(["l": list], now: templateNow) }
    }

    @Test("what is too deep or too long is refused when it is read")
    func boundedSource() {
        #expect(throws: TemplateError.self) { try Template(String(repeating: "x", count: 70_000)) }
        #expect(throws: TemplateError.self) { try Template(String(repeating: "{{if .a}}", count: 1000)) }
        #expect(throws: TemplateError.self) { try Template("{{" + String(repeating: "(", count: 200) + ".a}}") }
        #expect(throws: TemplateError.self) {
            try Template("{{if .a}}" + String(repeating: "{{else if .a}}", count: 500) + "{{end}}")
        }
    }

    @Test("any bytes are read or refused, never a trap")
    func fuzz() {
        let parts = [
            "{{", "}}", "-", " ", ".", "$", "|", "(", ")", "if ", "else", "end", "range ", "\"", "`", "/*", "*/", "a",
            "9", "\\",
            "\n", "é", ":=", "=", ",", "$x", "with ", "define ", "template ", "\"t\"", "break", "slice ", "printf ",
            "%d", "0x", "'",
        ]
        var seed: UInt64 = 42
        for _ in 0..<6000 {
            var text = "{{"
            for _ in 0..<14 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += parts[Int(seed >> 33) % parts.count]
            }
            _ = try? Template(text).render(templateContext, now: templateNow)
        }
    }
}
