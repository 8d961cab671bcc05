import Kubernetes
import Manifest
import SluiceTestKit
import Testing

/// An object whose `spec.size` must be an integer.
private struct Box: CachedObject, Equatable {
    var key = ObjectKey(name: "")
    var resourceVersion = ""
    var uid = ""
    var ownerUID: String?
    var size: Int64 = 0

    static func decode(_ reader: inout JSONReader) throws(JSONError) -> Box {
        var box = Box()
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata":
                try reader.readObject { reader, name throws(JSONError) in
                    switch name {
                    case "name": box.key.name = try reader.readString()
                    case "resourceVersion": box.resourceVersion = try reader.readString()
                    case "uid": box.uid = try reader.readString()
                    default: break
                    }
                }
            case "spec":
                try reader.readObject { reader, name throws(JSONError) in
                    if name == "size" { box.size = try reader.readInt() }
                }
            default: break
            }
        }
        return box
    }
}

@Suite("Informer") struct InformerTests {
    private static let resource = Resource(group: "x", version: "v1", plural: "boxes", kind: "Box")

    private static func text(_ name: String, _ version: Int, _ size: String = "1") -> String {
        #"{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)","uid":"\#(name)"},"spec":{"size":\#(size)}}"#
    }

    private static func event(_ kind: WatchEvent.Kind, _ name: String, _ version: Int, _ size: String = "1")
        -> WatchEvent
    {
        WatchEvent(kind: kind, object: Array(text(name, version, size).utf8))
    }

    /// Runs an informer until `isDone` and gives it with the changes that it told.
    private func run(
        _ api: ScriptedAPI, until isDone: @escaping @Sendable (Informer<Box>) -> Bool
    ) async throws -> (informer: Informer<Box>, changes: [String]) {
        let informer = Informer<Box>(
            api, Self.resource, clock: ManualWallClock(),
            backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)))
        let changes = Lock<[String]>([])
        informer.onChange { key, old, new in
            changes.withLock { $0.append("\(key) \(old.map(\.size) ?? -1)>\(new.map(\.size) ?? -1)") }
        }
        try await withThrowingTaskGroup { group in
            group.addTask { await informer.run() }
            try await eventually("the informer is done") { isDone(informer) }
            group.cancelAll()
        }
        return (informer, changes.withLock { $0 })
    }

    @Test("lists, then follows the watch from the list's version")
    func follows() async throws {
        let api = ScriptedAPI()
        api.state.withLock { state in
            state.lists = [.success([Self.text("a", 90), Self.text("b", 91)])]
            state.watches = [
                .init(events: [
                    Self.event(.bookmark, "", 100), Self.event(.modified, "a", 101, "2"),
                    Self.event(.deleted, "b", 102),
                    Self.event(.added, "c", 103), Self.event(.bookmark, "", 110),
                ])
            ]
        }
        let (informer, changes) = try await run(api) { _ in api.calls.count >= 3 }
        #expect(changes == ["a -1>1", "b -1>1", "a 1>2", "b 1>-1", "c -1>1"])
        #expect(api.calls == ["list 0", "watch 100", "watch 110"])
        #expect(informer.hasSynced)
        #expect(informer.failingSince == nil)
    }

    private static func end(_ version: Int) -> WatchEvent {
        WatchEvent(kind: .bookmark, object: Array(text("", version).utf8), endsInitialEvents: true)
    }

    @Test("a streaming list is a list and a watch in one; it has synced at its end")
    func streams() async throws {
        let api = ScriptedAPI()
        api.state.withLock { state in
            state.streams = [
                .init(
                    events: [
                        Self.event(.added, "a", 90), Self.event(.added, "b", 80), Self.end(100),
                        Self.event(.modified, "b", 101, "2"),
                    ], error: KubernetesError(code: 0, reason: "Unreachable", message: "")),
                .init(events: [Self.event(.added, "a", 90), Self.end(120)], staysOpen: true),
            ]
            state.watches = [.init(error: KubernetesError(code: 410, reason: "Expired", message: ""))]
        }
        let (informer, changes) = try await run(api) { $0.health.lists == 2 }
        #expect(changes == ["a -1>1", "b -1>1", "b 1>2", "b 2>-1"])
        #expect(api.calls == ["stream 0", "watch 101", "stream "])
        #expect(informer.hasSynced)
        #expect(informer.failingSince == nil)
    }

    @Test("a streaming list that breaks off has not synced and takes nothing out; the next one does")
    func brokenStream() async throws {
        let api = ScriptedAPI()
        let lost = KubernetesError(code: 0, reason: "Unreachable", message: "")
        api.state.withLock { state in
            state.streams = [
                .init(events: [Self.event(.added, "a", 90), Self.event(.added, "b", 91)], error: lost),
                // It closes without an end, and says that all is well.
                .init(events: [Self.event(.added, "a", 90)]),
                .init(
                    events: [Self.event(.added, "a", 90), Self.event(.added, "c", 95), Self.event(.deleted, "c", 96)],
                    error: lost),
                .init(
                    events: [
                        Self.event(.added, "a", 90), Self.event(.added, "c", 95), Self.event(.deleted, "c", 97),
                        Self.end(100),
                    ], staysOpen: true),
            ]
        }
        let (informer, changes) = try await run(api) { $0.hasSynced }
        #expect(changes == ["a -1>1", "b -1>1", "c -1>1", "c 1>-1", "c -1>1", "c 1>-1", "b 1>-1"])
        #expect(api.calls == Array(repeating: "stream 0", count: 4))
        #expect(informer.store.all.map(\.key.name) == ["a"])
    }

    @Test("a refused streaming list is no failure, and is asked for again when all is read again")
    func noStreams() async throws {
        let api = ScriptedAPI()
        api.state.withLock { state in
            state.refusedStreams = 1
            state.watches = [.init(error: KubernetesError(code: 410, reason: "Expired", message: ""))]
            state.streams = [.init(staysOpen: true)]
        }
        let (informer, _) = try await run(api) { _ in api.calls.count >= 3 }
        #expect(api.calls == ["list 0", "watch 100", "stream "])
        #expect(informer.failingSince == nil)
    }

    @Test("a streaming list that fails and fails gives way to a list, and so does one that cannot be read")
    func streamRules() {
        var rules = ReflectorRules()
        #expect(rules.phase == .stream(resourceVersion: "0"))
        for _ in 0..<4 { rules.closed(after: .seconds(60), events: 3) }
        #expect(rules.phase == .stream(resourceVersion: "0"))
        rules.failed(KubernetesError(code: 500, reason: "InternalError", message: ""))
        #expect(rules.phase == .list(resourceVersion: "0"))
        rules.listed("7")
        rules.failed(KubernetesError(code: 410, reason: "Expired", message: ""))
        #expect(rules.phase == .stream(resourceVersion: nil))
        rules.lostTrack()
        #expect(rules.phase == .list(resourceVersion: "7"))
    }

    @Test("a streaming list that the server does not accept in time is a failure, and a list comes next")
    func unansweredStream() {
        var rules = ReflectorRules()
        let isFailure = rules.failed(KubernetesError(code: 0, reason: KubernetesError.unanswered, message: ""))
        #expect(isFailure)
        #expect(rules.failures == 1)
        #expect(rules.phase == .list(resourceVersion: "0"))
    }

    @Test("a bad object is set aside alone, keeps its last good state, and comes back when mended")
    func quarantine() async throws {
        let api = ScriptedAPI()
        api.state.withLock { state in
            state.lists = [.success([Self.text("a", 90), Self.text("bad", 91, "\"x\""), Self.text("c", 92)])]
            state.watches = [
                .init(
                    events: [Self.event(.modified, "a", 101, "[]"), Self.event(.modified, "bad", 102, "7")],
                    staysOpen: true)
            ]
        }
        let problems = Lock<[String]>([])
        let (informer, changes) = try await run(api) { $0.store.get(ObjectKey(name: "bad")) != nil }
        problems.withLock { $0 = informer.quarantined.map { "\($0.key): \($0.value)" } }
        #expect(changes == ["a -1>1", "c -1>1", "bad -1>7"])
        #expect(informer.store.get(ObjectKey(name: "a"))?.size == 1)
        #expect(problems.withLock { $0 } == ["a: spec.size: expected a number, found a list"])
        #expect(informer.problem(ObjectKey(name: "bad")) == nil)
    }

    @Test("410 lists again from the most recent state and reports what vanished")
    func expired() async throws {
        let api = ScriptedAPI()
        api.state.withLock { state in
            state.lists = [
                .success([Self.text("a", 90), Self.text("b", 91)]), .success([Self.text("a", 95, "3")]),
            ]
            state.watches = [.init(error: KubernetesError(code: 410, reason: "Expired", message: "too old"))]
        }
        let (informer, changes) = try await run(api) { _ in api.calls.count >= 4 }
        #expect(api.calls == ["list 0", "watch 100", "list latest", "watch 100"])
        #expect(changes == ["a -1>1", "b -1>1", "a 1>3", "b 1>-1"])
        #expect(informer.store.count == 1)
    }

    @Test("failures back off and say since when; the watch goes on where it was")
    func failing() async throws {
        let refused = KubernetesError(code: 0, reason: "Unreachable", message: "refused")
        let api = ScriptedAPI()
        api.state.withLock { state in
            state.lists = [.failure(KubernetesError(code: 500, reason: "InternalError", message: "")), .success([])]
            state.watches = [
                .init(events: [Self.event(.bookmark, "", 105)], error: refused), .init(error: refused),
                .init(staysOpen: true),
            ]
        }
        let (informer, _) = try await run(api) { _ in api.calls.count >= 5 }
        #expect(api.calls == ["list 0", "list 0", "watch 100", "watch 105", "watch 105"])
        #expect(informer.health.lastError == refused)
        #expect(informer.failingSince == Timestamp(seconds: 1_800_000_000))
    }

    @Test("a kind that is not installed counts as empty, and as missing")
    func missing() async throws {
        let api = ScriptedAPI()
        let notFound = KubernetesError(code: 404, reason: "NotFound", message: "")
        api.state.withLock { $0.lists = Array(repeating: .failure(notFound), count: 1_000) }
        let (informer, _) = try await run(api) { $0.hasSynced }
        #expect(informer.health.isMissing)
        #expect(informer.store.count == 0)
    }

    @Test("five failed watches in a row end in a list; a server that hangs up at once counts as failed")
    func rules() {
        var rules = ReflectorRules()
        rules.failed(KubernetesError(code: 0, reason: "Unreachable", message: ""))
        #expect(rules.failures == 1)
        rules.failed(KubernetesError(code: 422, reason: "Invalid", message: "no streaming lists"))
        #expect(rules.phase == .list(resourceVersion: "0"))
        #expect(rules.failures == 1)
        rules.listed("7")
        #expect(rules.failures == 0)
        #expect(rules.phase == .watch(from: "7"))
        for _ in 0..<4 { rules.closed(after: .milliseconds(5), events: 0) }
        #expect(rules.phase == .watch(from: "7"))
        #expect(rules.failures == 4)
        rules.closed(after: .milliseconds(5), events: 0)
        #expect(rules.phase == .stream(resourceVersion: "7"))
        rules.listed("8")
        rules.closed(after: .seconds(300), events: 0)
        #expect(rules.failures == 0)
    }

    @Test("a kind that is not installed is asked for less and less often, also where streaming lists are refused")
    func missingBesideRefused() {
        let refused = KubernetesError(code: 422, reason: "Invalid", message: "no streaming lists")
        let missing = KubernetesError(code: 404, reason: "NotFound", message: "")
        let steady = Backoff(base: Backoff.watch.base, cap: Backoff.watch.cap, jitter: 0)
        var random = SeededGenerator(seed: 1)
        var rules = ReflectorRules()
        for (round, delay) in [800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000].enumerated() {
            let isFailure = rules.failed(refused)
            #expect(!isFailure)
            #expect(rules.failures == round)
            let isMissing = rules.failed(missing)
            #expect(isMissing)
            #expect(rules.failures == round + 1)
            #expect(steady.delay(after: rules.failures, using: &random) == .milliseconds(delay))
        }
    }
}
