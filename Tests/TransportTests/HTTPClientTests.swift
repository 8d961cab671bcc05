import Manifest
import SluiceTestKit
import Testing
import Transport

@Suite("HTTP client") struct HTTPClientTests {
    let client = HTTPClient()

    @Test("sends method, headers and body, and gives back the whole answer")
    func roundTrip() async throws {
        let server = LoopbackServer { request, connection in
            connection.respond(
                "201 Created",
                headers: ["X-Seen: \(request.method) \(request.path) \(request.header("X-Mine") ?? "-")"],
                body: "got \(request.body)")
            return true
        }
        let request = HTTPRequest(
            "POST", server.url + "/a/b?c=d", headers: ["X-Mine": "yes"], body: Array("hello".utf8))
        let response = try await client.send(request)
        #expect(response.status == 201)
        #expect(response.headers["x-seen"] == "POST /a/b?c=d yes")
        #expect(response.text == "got hello")
    }

    @Test("an answer of any status is an answer", arguments: [204, 404, 429, 500])
    func statuses(_ status: Int) async throws {
        let server = LoopbackServer { _, connection in
            connection.respond("\(status) X", headers: ["Retry-After: 3"])
            return true
        }
        let response = try await client.send(HTTPRequest(server.url))
        #expect(response.status == status)
        #expect(response.headers["Retry-After"] == "3")
    }

    @Test("chunks are handed out as they come, the head before them")
    func streaming() async throws {
        let server = LoopbackServer { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in ["one ", "two ", "three"] { connection.chunk(piece) }
            connection.chunk("")
            return true
        }
        let seen = Lock("")
        let head = try await client.stream(
            HTTPRequest(server.url), onHead: { head in seen.withLock { $0 += "\(head.status): " } },
            onChunk: { chunk in
                let text = chunk.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                seen.withLock { $0 += text }
            })
        #expect(head.status == 200)
        #expect(seen.withLock { $0 } == "200: one two three")
    }

    @Test("requests that begin together do not wait for one that never ends")
    func parallel() async throws {
        let server = LoopbackServer { request, connection in
            guard request.path == "/endless" else {
                connection.respond(body: "done")
                return true
            }
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.chunk("first")
            connection.waitForClose()
            return false
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<3 {
                group.addTask { [client] in
                    _ = try? await client.stream(HTTPRequest(server.url + "/endless"), onHead: { _ in }) { _ in }
                    return "endless"
                }
                group.addTask { [client] in
                    try await client.send(HTTPRequest(server.url, timeout: .seconds(20))).text
                }
            }
            for _ in 0..<3 {
                let next = try await group.next()
                #expect(next == "done")
            }
            group.cancelAll()
        }
    }

    @Test("a server that accepts and says nothing ends in a timeout")
    func hang() async throws {
        let server = LoopbackServer { _, connection in
            connection.waitForClose()
            return false
        }
        let request = HTTPRequest(server.url, timeout: .milliseconds(150))
        let error = await #expect(throws: TransportError.self) { try await client.send(request) }
        #expect(error?.code == .timeout)
        #expect(error?.isRetriable == true)
    }

    @Test("a body that breaks off is an error, not a short answer")
    func truncated() async throws {
        let server = LoopbackServer { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            return false
        }
        let error = await #expect(throws: TransportError.self) { try await client.send(HTTPRequest(server.url)) }
        #expect(error?.code == .connectionLost)
    }

    @Test("a longer body than allowed is cut off")
    func tooLong() async throws {
        let server = LoopbackServer { _, connection in
            connection.respond(body: String(repeating: "x", count: 5_000))
            return true
        }
        var request = HTTPRequest(server.url)
        request.maxBody = 4_999
        let error = await #expect(throws: TransportError.self) { try await client.send(request) }
        #expect(error?.code == .tooLarge)
    }

    @Test("cancelling the task ends a transfer at once")
    func cancellation() async throws {
        let reached = AsyncStream<Void>.makeStream()
        let server = LoopbackServer { _, connection in
            reached.continuation.yield()
            connection.waitForClose()
            return false
        }
        let task = Task { try await client.send(HTTPRequest(server.url, timeout: nil)) }
        for await _ in reached.stream { break }
        task.cancel()
        let result = await task.result
        #expect(throws: TransportError.self) { try result.get() }
        #expect((result.failure as? TransportError)?.code == .cancelled)
    }

    @Test("a receiver that throws ends the transfer")
    func stop() async throws {
        struct Enough: Error {}
        let server = LoopbackServer { _, connection in
            connection.respond(body: "abc")
            return true
        }
        let error = await #expect(throws: TransportError.self) {
            try await client.stream(HTTPRequest(server.url), onHead: { _ in }, onChunk: { _ in throw Enough() })
        }
        #expect(error?.code == .stopped)
    }

    @Test("redirects are an answer unless they may be followed, and credentials do not follow to another host")
    func redirects() async throws {
        let second = LoopbackServer { request, connection in
            connection.respond(body: "token: \(request.header("Authorization") ?? "none")")
            return true
        }
        // The same machine under another name is another host.
        let target = "http://localhost:\(second.port)/"
        let first = LoopbackServer { _, connection in
            connection.respond("302 Found", headers: ["Location: \(target)"], body: "moved")
            return true
        }
        var request = HTTPRequest(first.url, headers: ["Authorization": "Bearer secret-token"])
        #expect(try await client.send(request).status == 302)
        request.maxRedirects = 3
        let response = try await client.send(request)
        #expect(response.status == 200)
        #expect(response.text == "token: none")
    }

    @Test("nobody listening is retriable and took no effect")
    func refused() async throws {
        let server = LoopbackServer { _, _ in false }
        server.stop()
        let error = await #expect(throws: TransportError.self) {
            try await client.send(HTTPRequest("POST", server.url))
        }
        #expect(error?.mayHaveTakenEffect == false)
        #expect(error?.isRetriable == true)
    }

    @Test("a request that cannot be sent says so without its secrets")
    func invalid() async throws {
        let error = await #expect(throws: TransportError.self) {
            try await client.send(HTTPRequest("ftp://me:hunter2@host/x"))
        }
        #expect(error?.code == .invalidRequest)
        #expect(error?.description.contains("hunter2") == false)
        let split = await #expect(throws: TransportError.self) {
            try await client.send(HTTPRequest("http://127.0.0.1:1/", headers: ["A": "b\r\nC: d"]))
        }
        #expect(split?.code == .invalidRequest)
    }

    @Test("many requests at a time all get their own answer")
    func many() async throws {
        let server = LoopbackServer { request, connection in
            connection.respond(body: request.path)
            return true
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask { try await client.send(HTTPRequest(server.url + "/\(number)")).text == "/\(number)" }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
