import AnalysisEngine
import Manifest
import MetricProviders
import SluiceTestKit
import Testing

@Suite("Prometheus")
struct PrometheusTests {
    static func answer(_ type: String, _ result: String, _ more: String = "") -> String {
        "{\"status\":\"success\",\"data\":{\"resultType\":\"\(type)\",\"result\":\(result)}\(more)}"
    }

    struct Row: CustomStringConvertible, Sendable {
        let description: String
        let body: String
        var status = "200 OK"
        var value = ""
        let phase: AnalysisPhase
        var outcome: MeasurementOutcome?
        var message = ""
    }

    static let rows = [
        Row(
            description: "scalar", body: answer("scalar", "[1700000000,\"0.5\"]"), value: "0.5", phase: .error,
            outcome: .invalid),
        Row(
            description: "vector",
            body: answer(
                "vector", "[{\"metric\":{\"a\":\"b\"},\"value\":[1,\"0.5\"]},{\"metric\":{},\"value\":[1,\"0.7\"]}]"),
            value: "[0.5,0.7]", phase: .successful),
        Row(
            description: "empty vector", body: answer("vector", "[]"), value: "[]", phase: .error, outcome: .noData,
            message: "the provider returned no data"),
        Row(
            description: "NaN", body: answer("vector", "[{\"metric\":{},\"value\":[1,\"NaN\"]}]"), value: "[NaN]",
            phase: .failed, outcome: .noData),
        Row(
            description: "infinity", body: answer("vector", "[{\"metric\":{},\"value\":[1,\"+Inf\"]}]"),
            value: "[+Inf]", phase: .failed, outcome: .bad),
        Row(
            description: "negative infinity", body: answer("vector", "[{\"value\":[1,\"-Inf\"],\"metric\":{}}]"),
            value: "[-Inf]", phase: .successful),
        Row(
            description: "bad value", body: answer("vector", "[{\"metric\":{},\"value\":[1,\"1e21\"]}]"),
            value: "[1e+21]", phase: .failed, outcome: .bad),
        Row(
            description: "matrix",
            body: answer(
                "matrix",
                "[{\"metric\":{},\"values\":[[1,\"0.1\"],[2,\"0.2\"]]},{\"metric\":{},\"values\":[[1,\"0.3\"]]}]"),
            value: "[0.1,0.2,0.3]", phase: .successful),
        Row(
            description: "type after result",
            body: "{\"data\":{\"result\":[{\"value\":[1,\"0.5\"]}],\"resultType\":\"vector\"},\"status\":\"success\"}",
            value: "[0.5]", phase: .successful),
        Row(
            description: "string", body: answer("string", "[1,\"x\"]"), phase: .error, outcome: .invalid,
            message: "unsupported result type \"string\""),
        Row(
            description: "query error",
            body: "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}",
            status: "400 Bad Request", phase: .error, outcome: .unavailable,
            message: "prometheus: bad_data: parse error"),
        Row(
            description: "proxy error page", body: "<html>Bad\n gateway</html>", status: "502 Bad Gateway",
            phase: .error, outcome: .unavailable, message: "status 502: <html>Bad gateway</html>"),
        Row(
            description: "no JSON", body: "hello", phase: .error, outcome: .unavailable,
            message: "cannot read the answer"),
        Row(
            description: "cut short", body: "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{",
            phase: .error, outcome: .unavailable, message: "cannot read the answer"),
        Row(
            description: "wrong types", body: answer("vector", "[{\"value\":[1,0.5]}]"), phase: .error,
            outcome: .unavailable),
        Row(
            description: "no number", body: answer("vector", "[{\"value\":[1,\"abc\"]}]"), phase: .error,
            outcome: .unavailable, message: "\"abc\" is no number"),
    ]

    @Test("what the server answers becomes a value, an absence or an error", arguments: rows)
    func answers(row: Row) async throws {
        let server = RecordingServer(row.body, status: row.status)
        let result = try await measure(
            ["prometheus": ["address": .string(server.url), "query": "up"]], success: "result[0] < 1")
        #expect(result.measurement.phase == row.phase)
        #expect(result.measurement.value == row.value)
        #expect(result.measurement.outcome == row.outcome)
        #expect(result.measurement.message.contains(row.message))
        #expect(result.metadata == ["ResolvedPrometheusQuery": "up"])
    }

    @Test("asks by form, at the moment of the measurement, with the headers and the user it was given")
    func request() async throws {
        let server = RecordingServer(
            Self.answer("vector", "[{\"value\":[1,\"1\"]}]", ",\"warnings\":[\"a \\\"b\\\"\",\"c\"]"))
        let result = try await measure([
            "prometheus": [
                "address": .string(server.url + "/"), "query": "sum(x{a=\"b c\"})",
                "headers": [["key": "X-Scope-OrgID", "value": "t"]],
                "authentication": ["basicAuth": ["username": "u", "password": "p"]],
            ]
        ])
        let request = try #require(server.seen.first)
        #expect(request.method == "POST")
        #expect(request.path == "/api/v1/query")
        #expect(request.body == "query=sum%28x%7Ba%3D%22b%20c%22%7D%29&time=1800000000.250")
        #expect(request.header("X-Scope-OrgID") == "t")
        #expect(request.header("Authorization") == "Basic dTpw")
        #expect(result.measurement.metadata["warnings"] == "\"a \\\"b\\\"\", \"c\"")
    }

    @Test("falls back to GET", arguments: ["405 Method Not Allowed", "501 Not Implemented"])
    func fallsBack(status: String) async throws {
        let server = RecordingServer { request in
            request.method == "POST" ? (status, "") : ("200 OK", Self.answer("scalar", "[1,\"1\"]"))
        }
        let result = try await measure(["prometheus": ["address": .string(server.url), "query": "up"]])
        #expect(result.measurement.phase == .successful)
        #expect(server.seen.map(\.method) == ["POST", "GET"])
        #expect(server.seen.last?.path == "/api/v1/query?query=up&time=1800000000.250")
    }

    @Test("a range query's ends are expressions")
    func range() async throws {
        let server = RecordingServer(Self.answer("matrix", "[]"))
        _ = try await measure([
            "prometheus": [
                "address": .string(server.url), "query": "up",
                "rangeQuery": ["start": "now() - duration(\"1h\")", "end": "now()", "step": "1m"],
            ]
        ])
        #expect(server.seen.first?.path == "/api/v1/query_range")
        #expect(server.seen.first?.body == "query=up&start=1799996400.250&end=1800000000.250&step=60")
    }

    @Test(
        "a metric that cannot be asked is refused, and nothing is sent",
        arguments: [
            (["query": "up", "timeout": -1], "timeout must be"), (["query": ""], "query is missing"),
            (["query": "up", "address": "prometheus:9090"], "no absolute URL"),
            (["query": "up", "address": "ftp://x"], "no absolute URL"),
            (["query": "up", "address": "http://u:secret@"], "no absolute URL"),
            (["query": "up", "authentication": ["basicAuth": ["username": "u"]]], "needs both username and password"),
            (
                ["query": "up", "authentication": ["oauth2": ["tokenUrl": "x"]]],
                "oauth2 needs tokenUrl, clientId and clientSecret"
            ),
            (["query": "up", "authentication": ["sigv4": ["region": "eu-west-1"]]], "sigv4 is not supported yet"),
            (
                ["query": "up", "rangeQuery": ["start": "1", "end": "now()", "step": "1m"]],
                "cannot evaluate rangeQuery.start"
            ),
            (["query": "up", "rangeQuery": ["start": "now()", "end": "now()", "step": "x"]], "rangeQuery.step"),
        ] as [(JSON, String)])
    func misconfigured(settings: JSON, message: String) async throws {
        let server = RecordingServer("{}")
        let given = MergePatch.apply(settings, to: ["address": .string(server.url)])
        let result = try await measure(["prometheus": given])
        #expect(result.measurement.phase == .error)
        #expect(result.measurement.outcome == .invalid)
        #expect(result.measurement.message.contains(message))
        #expect(!result.measurement.message.contains("secret"))
        #expect(server.seen.isEmpty)
    }

    @Test("a server that is away, or says nothing, is unavailable")
    func away() async throws {
        let refused = try await measure(["prometheus": ["address": "http://127.0.0.1:1", "query": "up"]])
        #expect(refused.measurement.outcome == .unavailable)
        let silent = LoopbackServer { _, connection in
            connection.waitForClose()
            return false
        }
        let late = try await measure(["prometheus": ["address": .string(silent.url), "query": "up", "timeout": 1]])
        #expect(late.measurement.phase == .error)
        #expect(late.measurement.outcome == .unavailable)
    }

    @Test("an endless body is cut off")
    func endless() async throws {
        let server = LoopbackServer { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let piece = String(repeating: "x", count: 65_536)
            for _ in 0..<256 { connection.chunk(piece) }
            return false
        }
        let result = try await measure(["prometheus": ["address": .string(server.url), "query": "up"]])
        #expect(result.measurement.phase == .error)
        #expect(result.measurement.outcome == .unavailable)
    }

    @Test("an access token is fetched once and kept")
    func oauth() async throws {
        let server = RecordingServer { request in
            guard request.path == "/token" else { return ("200 OK", Self.answer("scalar", "[1,\"1\"]")) }
            // A server that takes the credentials in the form only.
            guard request.body.contains("client_id=me") else { return ("401 Unauthorized", "{}") }
            return ("200 OK", "{\"access_token\":\"tok\",\"expires_in\":3600}")
        }
        let provider: JSON = [
            "prometheus": [
                "address": .string(server.url), "query": "up",
                "authentication": [
                    "oauth2": [
                        "tokenUrl": .string(server.url + "/token"), "clientId": "me", "clientSecret": "s",
                        "scopes": ["a", "b"],
                    ]
                ],
            ]
        ]
        let metric = try Metric(["name": "m", "provider": provider])
        let task = MeasurementTask(metric: metric, run: ObjectKey(name: "r"))
        let providers = sharedProviders
        for _ in 0..<2 { _ = try await providers.measure(task, now: Timestamp(seconds: 0)) }
        #expect(server.seen.map(\.path) == ["/token", "/token", "/api/v1/query", "/api/v1/query"])
        #expect(server.seen[0].body == "grant_type=client_credentials&scope=a%20b")
        #expect(server.seen[3].header("Authorization") == "Bearer tok")
    }
}
