import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Leases") struct LeaseTests {
    private static let key = ObjectKey(namespace: "sluice-system", name: "sluice")
    private let start = ContinuousClock.now
    private let wall = Timestamp(seconds: 1_800_000_000)

    private static func lease(_ holder: String, renewed: String = "t1", seconds: Int64 = 15, transitions: Int64 = 3)
        -> JSON
    {
        [
            "metadata": ["name": "sluice", "namespace": "sluice-system", "resourceVersion": "5"],
            "spec": [
                "holderIdentity": .string(holder), "renewTime": .string(renewed), "leaseDurationSeconds": .int(seconds),
                "acquireTime": "t0", "leaseTransitions": .int(transitions),
            ],
        ]
    }

    private func rules() -> LeaseRules { LeaseRules(key: Self.key, identity: "me", duration: .seconds(15)) }

    @Test("a missing Lease is created, a free one taken, our own renewed without a transition")
    func takes() throws {
        var rules = rules()
        guard case .create(let created) = rules.decide(nil, now: start, wall: wall) else {
            Issue.record("not created")
            return
        }
        #expect(created.at("spec", "leaseTransitions") == 0)
        #expect(created.at("spec", "renewTime") == "2027-01-15T08:00:00.000000Z")
        guard case .update(let taken) = rules.decide(Self.lease(""), now: start, wall: wall) else {
            Issue.record("not taken")
            return
        }
        #expect(LeaseRecord(taken).transitions == 4)
        #expect(LeaseRecord(taken).holder == "me")
        #expect(taken.resourceVersion == "5")
        guard case .update(let renewed) = rules.decide(Self.lease("me"), now: start, wall: wall) else {
            Issue.record("not renewed")
            return
        }
        #expect(LeaseRecord(renewed).transitions == 3)
        #expect(LeaseRecord(renewed).acquireTime == "t0")
    }

    @Test("another's Lease is taken only when it has not changed for its duration on our clock")
    func waits() {
        var rules = rules()
        #expect(rules.decide(Self.lease("other"), now: start, wall: wall) == .wait)
        #expect(rules.decide(Self.lease("other"), now: start + .seconds(14), wall: wall) == .wait)
        #expect(rules.decide(Self.lease("other", renewed: "t2"), now: start + .seconds(16), wall: wall) == .wait)
        #expect(rules.decide(Self.lease("other", renewed: "t2"), now: start + .seconds(30), wall: wall) == .wait)
        guard case .update = rules.decide(Self.lease("other", renewed: "t2"), now: start + .seconds(32), wall: wall)
        else {
            Issue.record("not taken over")
            return
        }
    }

    @Test("leads while the work runs, and leaves the Lease free")
    func election() async {
        let api = ScriptedAPI()
        var timing = LeaderElector.Timing()
        timing.retryPeriod = .milliseconds(1)
        let elector = LeaderElector(
            api, lease: Self.key, identity: "me", timing: timing, clock: ManualWallClock())
        let held = Lock("")
        let end = await elector.run {
            held.withLock { $0 = api.state.withLock { LeaseRecord($0.objects[Self.key] ?? .null).holder } }
        }
        #expect(end == .finished)
        #expect(held.withLock { $0 } == "me")
        let left = api.state.withLock { LeaseRecord($0.objects[Self.key] ?? .null) }
        #expect(left.holder == "")
        #expect(left.durationSeconds == 1)
    }

    @Test("a Lease can be observed without being taken")
    func observed() async throws {
        let api = ScriptedAPI()
        api.state.withLock { $0.objects[Self.key] = Self.lease("gone", renewed: "t1") }
        var timing = LeaderElector.Timing()
        // One look has to do: the next would come after the test.
        timing.retryPeriod = .seconds(3_600)
        let elector = LeaderElector(
            api, lease: Self.key, identity: "me", timing: timing, clock: ManualWallClock())
        let observation = Task { await elector.observe() }
        while elector.holder != "gone" { await Task.yield() }
        observation.cancel()
        await observation.value
        #expect(!api.calls.contains { $0.hasPrefix("update") }, "it only looks")
    }

    @Test("a holder's time runs from the first look on, also from one that takes nothing")
    func observedRules() {
        var rules = LeaseRules(key: Self.key, identity: "me", duration: .seconds(15))
        rules.observe(Self.lease("gone", renewed: "t1"), now: start)
        #expect(rules.decide(Self.lease("gone", renewed: "t1"), now: start + .seconds(14), wall: wall) == .wait)
        guard case .update = rules.decide(Self.lease("gone", renewed: "t1"), now: start + .seconds(16), wall: wall)
        else {
            Issue.record("not taken over")
            return
        }
        rules.observe(nil, now: start + .seconds(17))
        guard case .create = rules.decide(nil, now: start + .seconds(17), wall: wall) else {
            Issue.record("not made anew")
            return
        }
    }

    @Test("Events of the Lease tell who leads, from when to when")
    func electionEvents() async {
        let api = ScriptedAPI()
        let recorder = EventRecorder(api, component: "sluice")
        let elector = LeaderElector(
            api, lease: Self.key, identity: "me", recorder: recorder, clock: ManualWallClock())
        _ = await elector.run {}
        await withTaskGroup { group in
            group.addTask { await recorder.run() }
            await recorder.drain(for: .seconds(20))
            group.cancelAll()
        }
        let events = api.state.withLock { $0.objects.values.filter { $0["kind"] == "Event" } }
        #expect(
            Set(events.compactMap { $0["message"]?.stringValue }) == ["me became leader", "me stopped leading"])
        for event in events {
            #expect(event["reason"] == "LeaderElection")
            #expect(event["type"] == "Normal")
            #expect(event.at("involvedObject", "kind") == "Lease")
            #expect(event.at("involvedObject", "apiVersion") == "coordination.k8s.io/v1")
            #expect(event.at("involvedObject", "name")?.stringValue == Self.key.name)
            #expect(event.objectKey.namespace == Self.key.namespace)
        }
    }

    @Test("the Lease's namespace is made where there is none")
    func namespaceMissing() async {
        let api = ScriptedAPI(.init(missingNamespaces: [Self.key.namespace]))
        var timing = LeaderElector.Timing()
        timing.retryPeriod = .milliseconds(1)
        let elector = LeaderElector(api, lease: Self.key, identity: "me", timing: timing, clock: ManualWallClock())
        let end = await elector.run {}
        #expect(end == .finished)
        #expect(
            api.calls.prefix(4) == [
                "get sluice-system/sluice", "create sluice", "create sluice-system", "create sluice",
            ])
    }

    @Test("who may not make the namespace is told how to mend it")
    func namespaceForbidden() async {
        let api = ScriptedAPI(.init(missingNamespaces: [Self.key.namespace], forbidsNamespaces: true))
        var timing = LeaderElector.Timing()
        timing.retryPeriod = .milliseconds(1)
        let log = LogLines()
        let elector = LeaderElector(
            api, lease: Self.key, identity: "me", timing: timing, clock: ManualWallClock(), logger: log.logger)
        let waiting = Task { await elector.run {} }
        #expect(await log.line { $0.contains("kubectl create namespace sluice-system") }.contains("not you"))
        #expect(!elector.isLeading)
        waiting.cancel()
        _ = await waiting.value
    }

    @Test("work ends when the Lease cannot be renewed in time")
    func lost() async {
        let api = ScriptedAPI()
        var timing = LeaderElector.Timing()
        timing.retryPeriod = .milliseconds(1)
        timing.renewDeadline = .milliseconds(30)
        let elector = LeaderElector(
            api, lease: Self.key, identity: "me", timing: timing, clock: ManualWallClock())
        let end = await elector.run {
            let down = KubernetesError(code: 500, reason: "InternalError", message: "")
            api.state.withLock { $0.failures = Array(repeating: down, count: 100_000) }
            _ = await Latch().wait()
        }
        #expect(end == .lost)
    }
}

@Suite("Events") struct EventTests {
    private let target = ObjectEvent.Target(
        apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", key: ObjectKey(namespace: "shop", name: "web"), uid: "u")
    private let now = Timestamp(seconds: 1_800_000_000)

    private func event(_ message: String) -> ObjectEvent {
        ObjectEvent(.warning, "RolloutAborted", message, regarding: target)
    }

    @Test("a repetition raises the count of the first, until ten minutes of silence")
    func series() {
        var correlator = EventCorrelator(component: "sluice")
        guard case .create(let first) = correlator.correlate(event("a"), now: now) else {
            Issue.record("not created")
            return
        }
        #expect(first["count"] == 1)
        #expect(first.at("involvedObject", "name") == "web")
        #expect(first.at("source", "component") == "sluice")
        #expect(first["type"] == "Warning")
        #expect(first.objectKey.name.hasPrefix("web."))
        guard case .repeated(let key, let patch, _)? = correlator.correlate(event("a"), now: now + .seconds(60)) else {
            Issue.record("not repeated")
            return
        }
        #expect(key == first.objectKey)
        #expect(patch["count"] == 2)
        guard case .create? = correlator.correlate(event("a"), now: now + .seconds(700)) else {
            Issue.record("not new")
            return
        }
    }

    @Test("more than ten different messages become one Event, and a flood is cut off")
    func flood() {
        var correlator = EventCorrelator(component: "sluice")
        var created = 0
        var repeated = 0
        var dropped = 0
        for number in 0..<40 {
            switch correlator.correlate(event("problem \(number)"), now: now) {
            case .create: created += 1
            case .repeated: repeated += 1
            case nil: dropped += 1
            }
        }
        #expect(created == 11)
        #expect(repeated == 14)
        #expect(dropped == 15)
        #expect(correlator.correlate(event("later"), now: now + .seconds(600)) != nil, "the bucket fills again")
    }

    @Test("long texts are cut at the end of a character, cluster-scoped objects have theirs in default")
    func limits() {
        var correlator = EventCorrelator(component: "sluice")
        let target = ObjectEvent.Target(apiVersion: "v1", kind: "Namespace", key: ObjectKey(name: "shop"))
        let event = ObjectEvent(.normal, "X", String(repeating: "é", count: 2_000), regarding: target)
        guard case .create(let json) = correlator.correlate(event, now: now) else {
            Issue.record("not created")
            return
        }
        #expect((json["message"]?.stringValue?.utf8.count ?? 0) <= 1_024)
        #expect(json.objectKey.namespace == "default")
    }

    @Test("events are written in the background, without credentials; a failure never comes back")
    func recorder() async {
        let api = ScriptedAPI()
        api.state.withLock { $0.failures = [KubernetesError(code: 500, reason: "InternalError", message: "")] }
        let recorder = EventRecorder(
            api, component: "sluice", clock: ManualWallClock(), retryDelay: .milliseconds(1))
        recorder.record(event("cannot clone https://me:hunter2@git/x"))
        recorder.record(event("cannot clone https://me:hunter2@git/x"))
        await withTaskGroup { group in
            group.addTask { await recorder.run() }
            await recorder.drain(for: .seconds(60))
            group.cancelAll()
        }
        let events = api.state.withLock { Array($0.objects.values) }
        #expect(events.count == 1)
        #expect(events.first?["message"] == "cannot clone https://***@git/x")
        #expect(events.first?["count"] == 2)
    }

    private static func pod(_ index: Int) -> ObjectEvent.Target {
        ObjectEvent.Target(apiVersion: "v1", kind: "Pod", key: ObjectKey(namespace: "shop", name: "\(index)"))
    }

    @Test("a crowd is many objects that wait, from when they are many until they are few") func crowd() {
        var crowd = EventCrowd()
        let objects = (0..<129).map { Self.pod($0).key }
        for object in objects.dropLast() { for _ in 0..<9 { crowd.begin(object) } }
        #expect(!crowd.isCrowded, "many Events of few objects are none")
        crowd.begin(objects[128])
        #expect(crowd.isCrowded)
        crowd.finish(objects[128])
        for object in objects.prefix(124) { for _ in 0..<9 { crowd.finish(object) } }
        #expect(crowd.isCrowded, "four still wait")
        for _ in 0..<9 { crowd.finish(objects[127]) }
        #expect(!crowd.isCrowded)
        crowd.finish(objects[127])
        crowd.begin(objects[0])
        #expect(!crowd.isCrowded)
    }

    @Test("what others imply is left out in a crowd, and nothing else is") func implied() async {
        let api = ScriptedAPI()
        let recorder = EventRecorder(api, component: "x")
        for index in 0..<200 {
            recorder.record(.normal, "Created", "m", regarding: Self.pod(index))
            recorder.record(.normal, "Implied", "m", regarding: Self.pod(index), isImplied: true)
        }
        #expect(recorder.dropped == 200 - 128)
        await withTaskGroup { group in
            group.addTask { await recorder.run() }
            await recorder.drain(for: .seconds(60))
            group.cancelAll()
        }
        let reasons = api.state.withLock { $0.objects.values.map { $0["reason"]?.stringValue ?? "" } }
        #expect(reasons.count { $0 == "Created" } == 200 && reasons.count { $0 == "Implied" } == 128)
        recorder.record(.normal, "Implied", "later", regarding: Self.pod(0), isImplied: true)
        #expect(recorder.dropped == 200 - 128)
    }

    @Test("who waits for an object's Events finds them written, but waits for no others and not for long")
    func settled() async {
        let api = ScriptedAPI()
        let recorder = EventRecorder(api, component: "x", retryDelay: .seconds(3_600))
        recorder.record(.normal, "Early", "m", regarding: Self.pod(0))
        await recorder.settle(Self.pod(0).key, within: .seconds(3_600))
        #expect(api.calls.isEmpty, "nobody writes yet")
        await withTaskGroup { group in
            group.addTask { await recorder.run() }
            await recorder.drain(for: .seconds(60))
            recorder.record(.normal, "First", "m", regarding: Self.pod(0))
            recorder.record(.normal, "Second", "m", regarding: Self.pod(0))
            await recorder.settle(Self.pod(0).key, within: .seconds(60))
            let written = api.state.withLock { $0.objects.values.map { $0["reason"]?.stringValue ?? "" } }
            #expect(Set(written) == ["Early", "First", "Second"])
            api.state.withLock { $0.failures = [KubernetesError(code: 500, reason: "InternalError", message: "")] }
            recorder.record(.normal, "Third", "m", regarding: Self.pod(1))
            await recorder.settle(Self.pod(1).key, within: .milliseconds(1))
            await recorder.settle(Self.pod(0).key, within: .seconds(3_600))
            group.cancelAll()
        }
        let isCrowdQuiet = { (count: Int) in
            var crowd = EventCrowd()
            for index in 0..<count { crowd.begin(Self.pod(index).key) }
            return crowd.isQuiet
        }
        #expect(isCrowdQuiet(4) && !isCrowdQuiet(5))
    }

    @Test("an Event that cannot be written holds up its own object's alone, and one object's stay in order")
    func lanes() async throws {
        let api = ScriptedAPI()
        api.state.withLock { $0.failures = [KubernetesError(code: 500, reason: "InternalError", message: "")] }
        let recorder = EventRecorder(api, component: "sluice", retryDelay: .seconds(600))
        func record(_ name: String, _ reason: String) {
            recorder.record(
                ObjectEvent(
                    .normal, reason, "m",
                    regarding: .init(apiVersion: "v1", kind: "Pod", key: ObjectKey(namespace: "shop", name: name))))
        }
        // The first call fails, and its lane waits for ten minutes.
        for index in 0..<64 { record("object-\(index)", "First") }
        for index in 0..<64 { record("object-\(index)", "Second") }
        let isDone = {
            api.state.withLock { state in
                let whole = Dictionary(grouping: state.objects.values) { $0.at("involvedObject", "name") }
                return whole.values.count { $0.count == 2 } >= 8
            }
        }
        try await withThrowingTaskGroup { group in
            group.addTask { await recorder.run() }
            try await eventually("both Events of eight objects are written") { isDone() }
            group.cancelAll()
        }
        let calls = api.calls.filter { $0.hasPrefix("create ") }
        let events = api.state.withLock { $0.objects }
        var reasons: [String: [String]] = [:]
        for call in calls {
            let name = String(call.dropFirst("create ".count))
            guard let event = events.values.first(where: { $0.objectKey.name == name }) else { continue }
            let object = event.at("involvedObject", "name")?.stringValue ?? ""
            reasons[object, default: []].append(event["reason"]?.stringValue ?? "")
        }
        #expect(reasons.values.allSatisfy { $0 == ["First"] || $0 == ["First", "Second"] }, "\(reasons)")
    }
}
