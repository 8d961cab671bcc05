import Hummingbird
import Logging
import Manifest
import SluiceTestKit
import Testing
import Transport

@testable import Console

@Suite("Listener") struct ListenerTests {
    private struct Broken: Error {}

    @Test("answers carry the date, whatever they are, and a listener that is cancelled stops")
    func answers() async throws {
        let router = Router()
        router.get("good") { _, _ in "good" }
        router.get("bad") { _, _ -> String in throw Broken() }
        router.post("echo") { request, _ in
            var request = request
            return Response(status: .ok, body: .init(byteBuffer: try await request.collectBody(upTo: 8)))
        }
        let bound = AsyncStream.makeStream(of: Int.self)
        let listener = Listener(
            router, address: "127.0.0.1", port: 0, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: ManualWallClock(Timestamp(seconds: 784_111_777)), bound: { bound.continuation.yield($0) })
        let serving = Task {
            defer { bound.continuation.finish() }
            try await listener.run()
        }
        var ports = bound.stream.makeAsyncIterator()
        let base = "http://127.0.0.1:\(try #require(await ports.next()))"
        let client = HTTPClient()
        for (path, status) in [("/good", 200), ("/missing", 404), ("/bad", 500)] {
            let answer = try await client.send(Transport.HTTPRequest(base + path))
            #expect(answer.status == status)
            #expect(answer.headers["date"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        }
        let echo = try await client.send(
            Transport.HTTPRequest("POST", base + "/echo", headers: [:], body: Array("12345678".utf8)))
        #expect(echo.status == 200 && echo.text == "12345678")
        let long = try await client.send(
            Transport.HTTPRequest("POST", base + "/echo", headers: [:], body: Array("123456789".utf8)))
        #expect(long.status == 413)
        serving.cancel()
        try await serving.value
        await #expect(throws: TransportError.self) { try await client.send(Transport.HTTPRequest(base + "/good")) }
    }

    @Test("a port that is taken is told with its number") func taken() async throws {
        let other = LoopbackListener { _ in }
        defer { other.stop() }
        let listener = Listener(
            Router(), address: "127.0.0.1", port: other.port,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, bound: { _ in })
        await #expect { try await listener.run() } throws: { "\($0)".contains("\(other.port)") }
    }
}
