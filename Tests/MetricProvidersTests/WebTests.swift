import AnalysisEngine
import Manifest
import SluiceTestKit
import Testing

@Suite("Web")
struct WebTests {
    @Test(
        "takes a value out of the answer",
        arguments: [
            ("{\"data\":{\"ok\":true}}", "{$.data.ok}", "result == true", "true", AnalysisPhase.successful),
            ("{\"n\":3}", "{$.n}", "result >= 3", "3", .successful),
            ("{\"n\":3}", "", "result.n == 3.0", "{\"n\":3}", .successful),
            ("[1,2]", "{$[1]}", "result == 2", "2", .successful),
            ("{\"items\":[{\"v\":1},{\"v\":2}]}", "{$.items[*].v}", "result == 1", "1", .successful),
            ("plain text", "{$.x}", "result contains 'text'", "\"plain text\"", .successful),
            ("{\"n\":3}", "{$.missing}", "result > 1", "", .error),
            ("{\"n\":3}", "{$.n", "result > 1", "", .error), ("{\"n\":\"3\"}", "{$.n}", "result > 1", "\"3\"", .error),
            ("null", "", "result == nil", "null", .successful),
        ])
    func values(body: String, path: String, success: String, value: String, phase: AnalysisPhase) async throws {
        let server = RecordingServer(body)
        let result = try await measure(
            ["web": ["url": .string(server.url), "jsonPath": .string(path)]], success: success)
        #expect(result.measurement.phase == phase)
        #expect(result.measurement.value == value)
    }

    @Test(
        "a status outside of 200 to 299 is an error that names it",
        arguments: ["404 Not Found", "500 Oops", "302 Found"])
    func statuses(status: String) async throws {
        let server = RecordingServer("{}", status: status)
        let result = try await measure(["web": ["url": .string(server.url)]])
        #expect(result.measurement.outcome == .unavailable)
        #expect(result.measurement.message.contains(String(status.prefix(3))))
    }

    @Test("sends method, headers and body")
    func request() async throws {
        let server = RecordingServer("{}")
        _ = try await measure([
            "web": [
                "url": .string(server.url + "/x?y=1"), "method": "PUT", "headers": [["key": "X-A", "value": "b"]],
                "jsonBody": ["a": [1, "x"]],
            ]
        ])
        _ = try await measure(["web": ["url": .string(server.url), "method": "POST", "body": "text"]])
        #expect(server.seen.map(\.method) == ["PUT", "POST"])
        #expect(server.seen[0].path == "/x?y=1")
        #expect(server.seen[0].header("X-A") == "b")
        #expect(server.seen[0].header("Content-Type") == "application/json")
        #expect(server.seen[0].body == "{\"a\":[1,\"x\"]}")
        #expect(server.seen[1].body == "text")
    }

    @Test(
        "a request that makes no sense is refused",
        arguments: [
            ["url": "nope"], ["url": "http://127.0.0.1:1", "method": "DELETE"],
            ["url": "http://127.0.0.1:1", "body": "x"],
            ["url": "http://127.0.0.1:1", "method": "POST", "body": "x", "jsonBody": [:]],
            ["url": "http://127.0.0.1:1", "timeoutSeconds": -1],
            ["url": "http://127.0.0.1:1", "headers": [["key": "x"]]],
            ["url": "http://127.0.0.1:1", "headers": [["key": "X-A", "value": "a\r\nB: c"]]],
        ] as [JSON])
    func misconfigured(settings: JSON) async throws {
        let result = try await measure(["web": settings])
        #expect(result.measurement.phase == .error)
        #expect(result.measurement.outcome == .invalid)
    }

    @Test("a provider that is not there yet is named", arguments: ["datadog", "newRelic"])
    func unsupported(name: String) async throws {
        let result = try await measure(.object([name: ["query": "x"]]))
        #expect(result.measurement.phase == .error)
        #expect(result.measurement.message == "provider \(name) is not supported yet; use prometheus, web or job")
    }
}
