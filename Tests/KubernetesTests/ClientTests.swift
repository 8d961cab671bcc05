import Glibc
import Kubernetes
import Manifest
import SluiceTestKit
import Testing
import Transport

@Suite("Kubernetes client against strange servers") struct ClientTests {
    private static let pods = Resource(group: "", version: "v1", plural: "pods", kind: "Pod")
    private let key = ObjectKey(namespace: "shop", name: "web")

    private func client(
        _ server: LoopbackServer,
        _ change: (inout ClusterConfiguration, inout KubernetesClient.Options) -> Void = { _, _ in }
    ) -> KubernetesClient {
        var configuration = ClusterConfiguration(server: server.url)
        var options = KubernetesClient.Options()
        change(&configuration, &options)
        return KubernetesClient(configuration, options: options, clock: ManualWallClock())
    }

    /// A server that answers the n-th request with the n-th script, and the last one for ever.
    private func server(_ scripts: [LoopbackServer.Script], log: Lock<[String]> = Lock([])) -> LoopbackServer {
        LoopbackServer { request, connection in
            let count = log.withLock { log in
                log.append("\(request.method) \(request.path)")
                return log.count
            }
            return scripts[min(count, scripts.count) - 1](request, connection)
        }
    }

    private static func status(_ code: Int, _ reason: String, headers: [String] = []) -> LoopbackServer.Script {
        { _, connection in
            let body =
                #"{"kind":"Status","status":"Failure","message":"told so","reason":"\#(reason)","code":\#(code)}"#
            connection.respond("\(code) X", headers: headers, body: body)
            return true
        }
    }

    private static func body(_ text: String) -> LoopbackServer.Script {
        { _, connection in
            connection.respond(body: text)
            return true
        }
    }

    @Test("429 with Retry-After is obeyed for any verb")
    func throttled() async throws {
        let log = Lock<[String]>([])
        let server = server(
            [Self.status(429, "TooManyRequests", headers: ["Retry-After: 0"]), Self.body(#"{"a":1}"#)], log: log)
        let created = try await client(server).create(
            Self.pods, namespace: "shop", ["kind": "Pod"], subresource: nil, WriteOptions(fieldManager: "m"))
        #expect(created == ["a": 1])
        #expect(log.withLock { $0 } == Array(repeating: "POST /api/v1/namespaces/shop/pods?fieldManager=m", count: 2))
    }

    @Test("a create without an answer is not repeated, a read is")
    func broken() async throws {
        let hangUp: LoopbackServer.Script = { _, _ in false }
        let log = Lock<[String]>([])
        let first = server([hangUp], log: log)
        let error = await #expect(throws: KubernetesError.self) {
            try await client(first).create(Self.pods, namespace: "shop", [:], subresource: nil, WriteOptions())
        }
        #expect(error?.code == 0)
        #expect(log.withLock { $0.count } == 1)
        let second = server([hangUp, Self.body(#"{"a":1}"#)])
        #expect(try await client(second).get(Self.pods, key, subresource: nil) == ["a": 1])
    }

    @Test("a Status becomes an error with its reason; 404 of a read is no error")
    func statuses() async throws {
        let server = server([
            Self.status(409, "AlreadyExists"), Self.status(404, "NotFound"), Self.status(403, "Forbidden"),
        ])
        let client = client(server)
        let exists = await #expect(throws: KubernetesError.self) {
            try await client.create(Self.pods, namespace: "shop", [:], subresource: nil, WriteOptions())
        }
        #expect(exists?.isAlreadyExists == true)
        #expect(exists?.message == "told so")
        #expect(try await client.get(Self.pods, key, subresource: nil) == nil)
        let forbidden = await #expect(throws: KubernetesError.self) {
            try await client.get(Self.pods, key, subresource: "status")
        }
        #expect(forbidden?.isForbidden == true)
    }

    @Test(
        "names that would lead elsewhere are refused before anything is sent",
        arguments: ["", ".", "..", "a/b", "a%2fb"])
    func paths(_ name: String) async throws {
        let log = Lock<[String]>([])
        let server = server([Self.body("{}")], log: log)
        await #expect(throws: KubernetesError.self) {
            try await client(server).get(Self.pods, ObjectKey(namespace: "shop", name: name), subresource: nil)
        }
        await #expect(throws: KubernetesError.self) {
            try await client(server).get(Self.pods, ObjectKey(namespace: name, name: "web"), subresource: nil)
        }
        #expect(log.withLock { $0 } == [])
    }

    @Test("a list in pages gives all items and the version; chunks may be cut anywhere")
    func pages() async throws {
        let log = Lock<[String]>([])
        let slow: LoopbackServer.Script = { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in [
                #"{"metadata":{"resourceVersion":"5","cont"#, #"inue":"t k"},"items":[{"n"#, #"":1},{"n":2}]}"#,
            ] {
                connection.chunk(piece)
            }
            connection.chunk("")
            return true
        }
        let server = server([slow, Self.body(#"{"metadata":{"resourceVersion":"5"},"items":[{"n":3}]}"#)], log: log)
        let items = Lock<[String]>([])
        let version = try await client(server).list(Self.pods, ListOptions(labelSelector: "a=b")) { bytes in
            items.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        }
        #expect(version == "5")
        #expect(items.withLock { $0 } == [#"{"n":1}"#, #"{"n":2}"#, #"{"n":3}"#])
        #expect(
            log.withLock { $0 } == [
                "GET /api/v1/pods?labelSelector=a%3Db&limit=500",
                "GET /api/v1/pods?labelSelector=a%3Db&limit=500&continue=t%20k",
            ])
    }

    @Test("a list that breaks off after an item is an error, for the item may be gone when it is read again")
    func truncatedList() async {
        let log = Lock<[String]>([])
        let server = server(
            [
                { _, connection in
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"items\":[{\"n\":1},")
                    return false
                }
            ], log: log)
        let error = await #expect(throws: KubernetesError.self) {
            try await client(server).list(Self.pods, ListOptions(resourceVersion: "0"), item: { _ in })
        }
        #expect(error?.reason == "Unreachable")
        #expect(log.withLock { $0 } == ["GET /api/v1/pods?resourceVersion=0"])
    }

    @Test("a watch tells that it works, delivers events as they come, and ends with the server's error")
    func watching() async {
        let server = server([
            { _, connection in
                connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                connection.chunk(#"{"type":"ADDED","object":{"n":1}}"# + "\n" + #"{"type":"MODI"#)
                connection.chunk(#"FIED","object":{"n":2}}"# + "\n")
                connection.chunk(#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"# + "\n")
                connection.chunk("")
                return true
            }
        ])
        let events = Lock<[String]>([])
        let error = await #expect(throws: KubernetesError.self) {
            try await client(server).watch(Self.pods, ListOptions(), from: "9") { event in
                events.withLock { $0.append("\(event.kind.rawValue) \(String(decoding: event.object, as: UTF8.self))") }
            }
        }
        #expect(error?.isExpired == true)
        #expect(
            events.withLock { $0 } == [
                #"BOOKMARK {"kind":"Pod","metadata":{"resourceVersion":"9"}}"#, #"ADDED {"n":1}"#, #"MODIFIED {"n":2}"#,
            ])
    }

    @Test("a refused watch is an error with its code, and is not tried again by itself", arguments: [410, 429, 500])
    func refusedWatch(_ code: Int) async {
        let log = Lock<[String]>([])
        let server = server([Self.status(code, "X", headers: ["Retry-After: 7"])], log: log)
        let error = await #expect(throws: KubernetesError.self) {
            try await client(server).watch(Self.pods, ListOptions(), from: "9") { _ in }
        }
        #expect(error?.code == code)
        #expect(error?.retryAfter == .seconds(7))
        #expect(log.withLock { $0.count } == 1)
    }

    /// A watch's answer that stays open.
    private static func events(_ lines: String...) -> LoopbackServer.Script {
        { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for line in lines { connection.chunk(line + "\n") }
            return true
        }
    }

    private struct Enough: Error {}

    @Test("a streaming list brings what exists and marks its end")
    func streamingList() async {
        let log = Lock<[String]>([])
        let mark = #""annotations":{"k8s.io/initial-events-end":"true"}"#
        let server = server(
            [
                Self.events(
                    #"{"type":"ADDED","object":{"n":1}}"#,
                    #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7",\#(mark)}}}"#,
                    #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#)
            ], log: log)
        let events = Lock<[String]>([])
        await #expect(throws: KubernetesError.self) {
            try await client(server).watch(Self.pods, ListOptions(sendsInitialEvents: true), from: "0") { event in
                let count = events.withLock { events in
                    events.append("\(event.kind.rawValue) \(event.endsInitialEvents)")
                    return events.count
                }
                if count == 3 { throw Enough() }
            }
        }
        #expect(events.withLock { $0 } == ["ADDED false", "BOOKMARK true", "BOOKMARK false"])
        let query = log.withLock { $0 }.first ?? ""
        #expect(query.contains("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0"))
        #expect(query.contains("allowWatchBookmarks=true"))
    }

    @Test(
        "that a server refuses or ignores streaming lists is remembered for its group",
        arguments: [
            ("refused", Self.status(422, "Invalid")),
            ("a bookmark of another kind", Self.events(#"{"type":"BOOKMARK","object":{"metadata":{}}}"#)),
            ("silence", Self.events(#"{"type":"ADDED","object":{"n":1}}"#)),
        ])
    func noStreamingLists(_ name: String, _ script: @escaping LoopbackServer.Script) async {
        let log = Lock<[String]>([])
        let server = server([script], log: log)
        let client = client(server) { _, options in options.streamingListPatience = .milliseconds(500) }
        let deployments = Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
        for resource in [Self.pods, Self.pods, deployments] {
            let error = await #expect(throws: KubernetesError.self) {
                try await client.watch(resource, ListOptions(sendsInitialEvents: true), from: "") { _ in }
            }
            #expect(error?.code == 422)
        }
        let paths = log.withLock { $0.compactMap { $0.split(separator: "?").first.map(String.init) } }
        #expect(paths == ["GET /api/v1/pods", "GET /apis/apps/v1/deployments"])
    }

    @Test("a server that has not sent streaming lists is asked for one again after some time")
    func streamingListsAgain() async {
        let log = Lock<[String]>([])
        let server = server([Self.status(422, "Invalid")], log: log)
        let client = client(server) { _, options in options.streamingListRetry = .zero }
        for _ in 0..<2 {
            await #expect(throws: KubernetesError.self) {
                try await client.watch(Self.pods, ListOptions(sendsInitialEvents: true), from: "") { _ in }
            }
        }
        #expect(log.withLock { $0.count } == 2)
    }

    @Test("a server that takes its time to accept a streaming list has not ignored it")
    func slowStreamingList() async {
        let mark = #""annotations":{"k8s.io/initial-events-end":"true"}"#
        let end = #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7",\#(mark)}}}"# + "\n"
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let asked = Latch()
        let slow = Lock<LoopbackServer.Connection?>(nil)
        let server = LoopbackServer { request, connection in
            if request.path.hasPrefix("/api/v1/pods") {
                slow.withLock { $0 = connection }
                asked.open()
            } else {
                // Accepted, and silent from then on.
                connection.write(head)
            }
            return true
        }
        let client = client(server) { _, options in
            options.streamingListAcceptance = .seconds(600)
            options.streamingListPatience = .seconds(2)
        }
        let events = Lock<[Bool]>([])
        async let ending: KubernetesError? = #expect(throws: KubernetesError.self) {
            try await client.watch(Self.pods, ListOptions(sendsInitialEvents: true), from: "0") { event in
                events.withLock { $0.append(event.endsInitialEvents) }
                throw Enough()
            }
        }
        #expect(await asked.wait())
        // The silent one, which was asked for later, uses up all of the client's patience.
        let deployments = Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
        let silence = await #expect(throws: KubernetesError.self) {
            try await client.watch(deployments, ListOptions(sendsInitialEvents: true), from: "0") { _ in }
        }
        #expect(silence?.code == 422)
        slow.withLock { $0 }?.write(head + String(end.utf8.count, radix: 16) + "\r\n" + end + "\r\n")
        let error = await ending
        #expect(events.withLock { $0 } == [true], "\(error?.description ?? "")")
    }

    @Test("a streaming list that is never accepted ends in time, which is not remembered as a refusal")
    func unacceptedStreamingList() async {
        let log = Lock<[String]>([])
        let server = server(
            [
                { _, connection in
                    connection.waitForClose()
                    return false
                }
            ], log: log)
        let client = client(server) { _, options in options.streamingListAcceptance = .milliseconds(200) }
        for _ in 0..<2 {
            let error = await #expect(throws: KubernetesError.self) {
                try await client.watch(Self.pods, ListOptions(sendsInitialEvents: true), from: "0") { _ in }
            }
            #expect(error?.code == 0)
            #expect(error?.reason == KubernetesError.unanswered)
        }
        #expect(log.withLock { $0.count } == 2)
    }

    @Test("an error in the midst of a streaming list is not taken for a refusal")
    func brokenStreamingList() async {
        let log = Lock<[String]>([])
        let server = server(
            [
                Self.events(
                    #"{"type":"ADDED","object":{"n":1}}"#,
                    #"{"type":"ERROR","object":{"kind":"Status","code":422,"reason":"Invalid"}}"#)
            ], log: log)
        let client = client(server)
        for _ in 0..<2 {
            await #expect(throws: KubernetesError.self) {
                try await client.watch(Self.pods, ListOptions(sendsInitialEvents: true), from: "") { _ in }
            }
        }
        #expect(log.withLock { $0.count } == 2)
    }

    @Test("a rate spaces requests out, once the burst is spent; leases never wait")
    func rate() async throws {
        let server = server([Self.body("{}")])
        let spaced = client(server) { _, options in options.rate = RequestRate(perSecond: 200, burst: 2) }
        let start = ContinuousClock.now
        for _ in 0..<6 { _ = try await spaced.get(Self.pods, key, subresource: nil) }
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        let stopped = client(server) { _, options in options.rate = RequestRate(perSecond: 0.0001, burst: 1) }
        _ = try await stopped.get(Self.pods, key, subresource: nil)
        _ = try await stopped.get(.leases, key, subresource: nil)
    }

    @Test("a bucket fills at its rate, up to its burst, and hands out tokens that are still to come")
    func bucket() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(RequestRate(perSecond: 10, burst: 2), now: start)
        // When a request comes, and how long it waits, in milliseconds.
        let rows: [(at: Int, wait: Int)] = [
            (0, 0), (0, 0), (0, 100), (0, 200), (100, 200), (400, 0), (10_000, 0), (10_000, 0), (10_000, 100),
        ]
        for row in rows {
            let wait = bucket.take(at: start + .milliseconds(row.at))
            #expect(abs((wait - .milliseconds(row.wait)) / .milliseconds(1)) < 0.01, "at \(row.at): \(wait)")
        }
        let later = start + .milliseconds(10_000)
        bucket.giveBack()
        #expect(abs((bucket.take(at: later) - .milliseconds(100)) / .milliseconds(1)) < 0.01)
        for _ in 0..<9 { bucket.giveBack() }
        let waits = (0..<3).map { _ in bucket.take(at: later) }
        #expect(waits[0] == .zero && waits[1] == .zero && waits[2] > .zero, "no more than the burst: \(waits)")
    }

    @Test("a request that is cancelled while it waits for its token leaves it to the next")
    func cancelledToken() async throws {
        let server = server([Self.body("{}")])
        let spaced = client(server) { _, options in options.rate = RequestRate(perSecond: 1, burst: 1) }
        _ = try await spaced.get(Self.pods, key, subresource: nil)
        for _ in 0..<100 {
            let call = Task { try await spaced.get(Self.pods, key, subresource: nil) }
            call.cancel()
            _ = await call.result
        }
        let start = ContinuousClock.now
        _ = try await spaced.get(Self.pods, key, subresource: nil)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("a request that is cancelled while others are in flight gives its token back")
    func cancelledInGate() async throws {
        let log = Lock<[String]>([])
        let held = Lock<LoopbackServer.Connection?>(nil)
        let server = LoopbackServer { request, connection in
            let isFirst = log.withLock { log in
                log.append(request.path)
                return log.count == 1
            }
            if isFirst { held.withLock { $0 = connection } } else { connection.respond(body: "{}") }
            return true
        }
        // Two tokens, and no third in an hour.
        let client = client(server) { _, options in
            options.maxInFlight = 1
            options.rate = RequestRate(perSecond: 0.0001, burst: 2)
            options.timeout = .seconds(300)
        }
        let key = key
        let first = Task { _ = try await client.get(Self.pods, key, subresource: nil) }
        try await eventually("the first is in flight") { held.withLock { $0 != nil } }
        // It has a token at once, so it is in the gate that it ends.
        let second = Task { _ = try await client.get(Self.pods, key, subresource: nil) }
        second.cancel()
        await #expect(throws: KubernetesError.self) { try await second.value }
        held.withLock { $0 }?.respond(body: "{}")
        try await first.value

        let isDone = Lock(false)
        let third = Task {
            _ = try await client.get(Self.pods, key, subresource: nil)
            isDone.withLock { $0 = true }
        }
        defer { third.cancel() }
        try await eventually("the third has the second's token") { isDone.withLock { $0 } }
        #expect(log.withLock { $0.count } == 2)
    }

    @Test("a refused token file is read again once")
    func rotation() async throws {
        let folder = TemporaryFolder()
        let path = folder.write("token", "old\n")
        let tokens = Lock<[String]>([])
        let server = LoopbackServer { request, connection in
            let token = request.header("Authorization") ?? ""
            tokens.withLock { $0.append(token) }
            if token == "Bearer old" {
                folder.write("token", "new\n")
                connection.respond("401 Unauthorized")
            } else {
                connection.respond(body: "{}")
            }
            return true
        }
        let client = client(server) { configuration, _ in configuration.identity = .tokenFile(path) }
        _ = try await client.get(Self.pods, key, subresource: nil)
        _ = try await client.get(Self.pods, key, subresource: nil)
        #expect(tokens.withLock { $0 } == ["Bearer old", "Bearer new", "Bearer new"])
    }

    @Test("headers say who asks, and as whom")
    func headers() async throws {
        let lines = Lock<[String]>([])
        let server = LoopbackServer { request, connection in
            lines.withLock { $0 = request.lines }
            connection.respond(body: "{}")
            return true
        }
        let client = client(server) { configuration, options in
            configuration.identity = .basic(user: "me", password: "pass")
            options.userAgent = "sluice/1 (linux/amd64) test"
        }
        _ = try await client.patch(
            Self.pods, key, .apply, [:], subresource: "status",
            WriteOptions(fieldManager: "m", force: true, dryRun: true, impersonate: "system:serviceaccount:a:b"))
        let seen = lines.withLock { $0 }
        #expect(
            seen.first == "PATCH /api/v1/namespaces/shop/pods/web/status?fieldManager=m&force=true&dryRun=All HTTP/1.1")
        #expect(seen.contains("Impersonate-User: system:serviceaccount:a:b"))
        #expect(seen.contains("Authorization: Basic bWU6cGFzcw=="))
        #expect(seen.contains("User-Agent: sluice/1 (linux/amd64) test"))
        #expect(seen.contains("Content-Type: application/apply-patch+yaml"))
    }

    @Test("the bound on requests in flight halves on 429 and grows back; leases never wait")
    func gate() {
        var rules = GateRules(maximum: 4)
        var isIn: [Bool] = []
        for id in 1...6 { isIn.append(rules.enter(UInt64(id), id == 6 ? .status : .reconcile)) }
        #expect(isIn == [true, true, true, true, false, false])
        let isLeaseIn = rules.enter(7, .lease)
        #expect(isLeaseIn)
        #expect(rules.done(wasThrottled: false) == [])
        #expect(rules.done(wasThrottled: false) == [6], "a status write goes before a reconcile")
        #expect(rules.done(wasThrottled: true) == [])
        #expect(rules.limit == 2)
        #expect(rules.done(wasThrottled: false) == [])
        #expect(rules.done(wasThrottled: false) == [5])
        #expect(rules.limit == 3)
    }
}
