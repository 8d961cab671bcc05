import Manifest
import Notifications
import Testing

@Suite("Templates") struct TemplateTests {
    static let context: JSON = [
        "rollout": [
            "metadata": ["name": "web", "labels": ["b": "2", "a": "1"]],
            "status": ["replicas": 3, "ratio": 0.5, "abort": true, "message": ""],
            "steps": ["one", "two"],
        ],
        "recipient": "#ops",
    ]

    @Test(
        "a template says what Go's would",
        arguments: [
            ("plain", "plain"), ("{{.rollout.metadata.name}}", "web"), ("a {{ .recipient }} b", "a #ops b"),
            ("{{.rollout.nope.deep}}", "<no value>"),
            ("{{.rollout.status.replicas}} {{.rollout.status.ratio}} {{.rollout.status.abort}}", "3 0.5 true"),
            ("{{.rollout.metadata.labels}}", #"{"a":"1","b":"2"}"#), ("x {{- .recipient -}} \n y", "x#opsy"),
            ("x {{- /* no */ -}} y", "xy"),
            ("{{.recipient | upper}} {{upper .recipient}}", "#OPS #OPS"),
            ("{{.rollout.nope | default \"none\"}}", "none"),
            ("{{default \"none\" .recipient | upper | lower}}", "#ops"), ("{{.recipient | toJson}}", "\"#ops\""),
            ("{{toJson .rollout.steps}}", #"["one","two"]"#),
            ("{{if .rollout.status.abort}}yes{{else}}no{{end}}", "yes"),
            ("{{if .rollout.status.message}}yes{{else if .rollout.steps}}steps{{else}}no{{end}}", "steps"),
            ("{{range .rollout.steps}}<{{.}}>{{end}}", "<one><two>"),
            ("{{range .rollout.metadata.labels}}{{.}}{{end}}", "12"),
            ("{{range .rollout.nope}}x{{else}}empty{{end}}", "empty"),
            ("{{range .rollout.steps}}{{$.recipient}}{{end}}", "#ops#ops"),
            ("{{if (default false .rollout.nope)}}y{{else}}n{{end}}", "n"),
            ("{{`raw \"q\"`}}{{\"a\\n\\\"\"}}", "raw \"q\"a\n\""),
            ("{{\"{{\"}}", "{{"), ("{{12}} {{-3}} {{1.5}}", "12 -3 1.5"), ("{{(upper .recipient) | lower}}", "#ops"),
        ])
    func renders(_ text: String, _ expected: String) throws {
        #expect(try Template(text).render(Self.context) == expected)
    }

    @Test(
        "what cannot be read is named with its line",
        arguments: [
            ("{{sha256sum .x}}", "line 1: unknown function sha256sum; known are default, lower, toJson, upper"),
            ("\n\n{{.a | nope}}", "line 3: unknown function nope"),
            ("{{if .a}}", "{{if}} is not closed"), ("{{end}}", "without {{if}}"),
            ("{{range .a}}{{else if .b}}{{end}}", "{{range}} has no {{else if}}"),
            ("{{.a", "not closed by }}"), ("{{upper}}", "upper takes 1 values, not 0"),
            ("{{$x := 1}}", "variables are not supported"), ("{{}}", "a value is missing"),
            ("{{.a.}}", "ends with a dot"), ("{{(.a}}", "a ( is not closed"), ("{{.a)}}", "a ) has no ("),
            ("{{.a | .b}}", "after | comes a function"), ("{{\"a}}", "not closed"),
            ("{{/* }}", "comment"), ("{{else}}", "without"), ("{{if}}x{{end}}", "a value is missing"),
            ("{{#}}", "unexpected"),
        ])
    func refused(_ text: String, _ part: String) {
        #expect { try Template(text) } throws: { "\($0)".contains(part) }
    }

    @Test("hostile templates end") func bounded() throws {
        #expect(throws: TemplateError.self) { try Template(String(repeating: "x", count: 70_000)) }
        #expect(throws: TemplateError.self) { try Template(String(repeating: "{{if .a}}", count: 1000)) }
        #expect(throws: TemplateError.self) { try Template("{{" + String(repeating: "(", count: 200) + ".a}}") }
        #expect(throws: TemplateError.self) {
            try Template("{{if .a}}" + String(repeating: "{{else if .a}}", count: 500) + "{{end}}")
        }
        let nested = try Template("{{range .l}}{{range $.l}}{{range $.l}}{{end}}{{end}}{{end}}")
        let list = JSON.array((0..<1000).map { .int($0) })
        #expect(throws: TemplateError.self) { try nested.render(["l": list]) }
        let loud = try Template("{{range .l}}" + String(repeating: "x", count: 1000) + "{{end}}")
        #expect(throws: TemplateError.self) { try loud.render(["l": list]) }
    }

    @Test("any bytes are read or refused, never a trap") func fuzz() {
        let parts = [
            "{{", "}}", "-", " ", ".", "$", "|", "(", ")", "if", "else", "end", "range", "\"", "`", "/*", "*/", "a",
            "9", "\\", "\n", "é",
        ]
        var seed: UInt64 = 42
        for _ in 0..<3000 {
            var text = ""
            for _ in 0..<12 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += parts[Int(seed >> 33) % parts.count]
            }
            _ = try? Template(text).render(Self.context)
        }
    }
}
