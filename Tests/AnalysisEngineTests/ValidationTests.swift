import AnalysisEngine
import Manifest
import Testing

@Suite("AnalysisRun validation and arguments")
struct ValidationTests {
    static let invalid: [(JSON, String)] = [
        (["metrics": []], "invalid spec: there is no metric to measure"),
        ([:], "invalid spec: there is no metric to measure"),
        (["metrics": "x"], "invalid spec: spec: metrics must be a list, not a string"),
        (["metrics": [7]], "invalid spec: a metric must be an object, not an integer"),
        (["metrics": [metric("a"), metric("a")]], "invalid spec: two metrics are called \"a\""),
        (["metrics": [metric("a", ["failureLimit": -2])]], "failureLimit must be at least -1"),
        (["metrics": [metric("a", ["count": -1])]], "count must be at least 0"),
        (["metrics": [metric("a", ["failureLimit": -1])]], "failureLimit -1 needs a consecutiveSuccessLimit"),
        (["metrics": [metric("a", ["count": 2])]], "count 2 needs an interval"),
        (
            ["metrics": [metric("a", ["count": 2, "interval": "1s", "failureLimit": 3])]],
            "count 2 is below failureLimit"
        ),
        (
            ["metrics": [metric("a", ["count": 2, "interval": "1s", "inconclusiveLimit": 3])]],
            "count 2 is below inconclusiveLimit 3"
        ),
        (["metrics": [metric("a", ["count": "many"])]], "count must be an integer, not \"many\""),
        (["metrics": [metric("a", ["interval": "5 minutes"])]], "interval \"5 minutes\" is no duration"),
        (["metrics": [metric("a", ["interval": "-5s"])]], "interval \"-5s\" is no duration"),
        (["metrics": [metric("a", ["provider": .null])]], "exactly one provider is needed, found none"),
        (
            ["metrics": [metric("a", ["provider": ["web": ["url": "x"]]])]],
            "exactly one provider is needed, found prometheus, web"
        ),
        (["metrics": [metric()], "dryRun": [["metricName": "x("]]], "dryRun[0]: regular expression"),
        (
            ["metrics": [metric()], "dryRun": [["metricName": "zzz"]]],
            "dryRun[0]: \"zzz\" matches no metric; there is m"
        ),
        (
            ["metrics": [metric()], "measurementRetention": [["metricName": "zzz", "limit": 1]]],
            "measurementRetention[0]"
        ),
        (
            ["metrics": [metric("a", ["successCondition": "{{args.missing}}"])]],
            "arguments: {{args.missing}} has no value"
        ),
        (["metrics": [metric("a", ["successCondition": "{{inputs.x}}"])]], "arguments: {{inputs.x}} is unknown"),
        (
            ["metrics": [metric("a", ["successCondition": "{{args.x"])]],
            "arguments: \"{{args.x\" opens {{ and never closes it"
        ),
        (["metrics": [metric()], "args": [["name": "x"]]], "arguments: argument \"x\" has no value"),
        (["metrics": [metric()], "args": [["name": "x", "value": 5]]], "argument \"x\": value must be a string"),
    ]

    @Test("a run that cannot be run ends with phase Error and the reason", arguments: invalid)
    func endsInError(spec: JSON, message: String) throws {
        var harness = AnalysisHarness(spec: spec)
        let decision = try harness.reconcile()
        #expect(harness.status.phase == .error)
        #expect(harness.status.message.contains(message))
        #expect(harness.status.completedAt != nil)
        #expect(decision.events.map(\.reason) == ["AnalysisRunError"])
        #expect(try harness.reconcile().statusPatch == nil)
    }

    @Test("arguments reach every text of a metric, and nothing is escaped wrongly")
    func substitutes() throws {
        let source: JSON = [
            "name": "{{ args.name }}", "count": "{{args.n}}",
            "provider": [
                "web": [
                    "url": "http://{{args.host}}/{{args.host}}",
                    "jsonBody": ["{{args.name}}": ["x", "a \"{{args.quote}}\""]],
                ]
            ],
        ]
        let values = ["name": "m", "n": "3", "host": "h", "quote": "\"\u{1}\\"]
        let resolved = try Substitution.resolve(source, values)
        #expect(resolved.at("name") == "m")
        #expect(resolved.at("count") == "3")
        #expect(resolved.at("provider", "web", "url") == "http://h/h")
        #expect(resolved.at("provider", "web", "jsonBody", "m")?[1] == "a \"\"\u{1}\\\"")
        #expect(try Substitution.arguments(in: source) == ["name", "n", "host", "quote"])
    }

    @Test("arguments cannot grow a metric without bound")
    func bounded() {
        let source = JSON.string(String(repeating: "{{args.x}}", count: 1_000))
        #expect(throws: AnalysisError.self) {
            try Substitution.resolve(source, ["x": String(repeating: "x", count: 100_000)])
        }
    }

    @Test("a secret is filled in for the measurement and hidden from all that is recorded")
    func secrets() throws {
        let spec: JSON = [
            "metrics": [
                metric("m", ["provider": ["prometheus": .null, "web": ["url": "http://x/?token={{args.token}}"]]]),
                metric("other"),
            ],
            "args": [["name": "token", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]]],
        ]
        let harness = AnalysisHarness(spec: spec)
        let tasks = AnalysisEngine.decide(try harness.run, now: harness.now).tasks
        #expect(tasks.map(\.secrets) == [[SecretReference(name: "s", key: "k")], []])
        #expect(throws: AnalysisError.self) { try tasks[0].resolving([:]) }
        let task = try tasks[0].resolving([SecretReference(name: "s", key: "k"): "p&ss \"w"])
        #expect(task.metric.settings["url"] == "http://x/?token=p&ss \"w")
        var reading = MetricReading(json: "p&ss \"w")
        reading.metadata = ["a": "p%26ss%20%22w"]
        reading.resultMetadata = ["query": "x p&ss \"w y"]
        let result = task.judge(reading, startedAt: harness.now, finishedAt: harness.now)
        #expect(result.measurement.value == "\"*****\"")
        #expect(result.measurement.metadata["a"] == "*****")
        #expect(result.metadata == ["query": "x ***** y"])
        #expect(!result.measurement.message.contains("p&ss"))
    }

    @Test("a secret that a message quotes in part is hidden too")
    func partOfSecret() {
        let redactor = Redactor(["correct-horse-battery"])
        #expect(redactor.redact("cannot make a number of \"correct-horse\"") == "cannot make a number of \"*****\"")
        #expect(redactor.redact("x correct-horse-battery y") == "x ***** y")
        #expect(redactor.redact("corre") == "corre")
    }
}
