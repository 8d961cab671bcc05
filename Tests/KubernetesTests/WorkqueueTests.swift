import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Work queue") struct WorkqueueTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func drain(_ rules: inout WorkqueueRules<String>, now: ContinuousClock.Instant) -> [String] {
        rules.fire(now: now)
        var keys: [String] = []
        while let (key, _) = rules.take(now: now) {
            keys.append(key)
            rules.done(key)
        }
        return keys
    }

    @Test("a key waits once, is processed once at a time, and an addition meanwhile is not lost")
    func coalescing() {
        var rules = WorkqueueRules<String>(backoff: .reconcile)
        for key in ["a", "b", "a"] { rules.add(key, isPatient: false, now: start) }
        #expect(rules.depth == 2)
        #expect(rules.take(now: start)?.key == "a")
        rules.add("a", isPatient: false, now: start)
        #expect(rules.take(now: start)?.key == "b")
        #expect(rules.take(now: start) == nil, "a is still being processed")
        rules.done("a")
        #expect(rules.take(now: start)?.key == "a")
        rules.done("a")
        rules.done("b")
        #expect(rules.isIdle)
    }

    @Test("patient keys come last, unless something happens to them")
    func priority() {
        var rules = WorkqueueRules<String>(backoff: .reconcile)
        for key in ["p1", "p2", "p3"] { rules.add(key, isPatient: true, now: start) }
        rules.add("now", isPatient: false, now: start)
        rules.add("p3", isPatient: false, now: start)
        rules.add("now", isPatient: true, now: start)
        #expect(drain(&rules, now: start) == ["now", "p3", "p1", "p2"])
    }

    @Test("patient keys get their turn though urgent ones never end")
    func fairness() {
        var rules = WorkqueueRules<String>(backoff: .reconcile)
        for key in ["p1", "p2", "p3"] { rules.add(key, isPatient: true, now: start) }
        rules.add("p1", isPatient: false, now: start)
        var taken: [String] = []
        for index in 0..<16 {
            rules.add("u\(index)", isPatient: false, now: start)
            rules.add("v\(index)", isPatient: false, now: start)
            guard let key = rules.take(now: start)?.key else { break }
            taken.append(key)
            rules.done(key)
        }
        #expect(taken.count == 16)
        #expect(taken.filter { $0.hasPrefix("p") } == ["p1", "p2", "p3"])
        // Places: four urgent ones before each patient one, and none is skipped for the key that became urgent.
        #expect(taken.firstIndex(of: "p2") == 4 && taken.firstIndex(of: "p3") == 9, "\(taken)")
    }

    @Test("an earlier due time replaces a later one, never the other way")
    func dueTimes() {
        var rules = WorkqueueRules<String>(backoff: .reconcile)
        rules.add("a", at: at(10), now: start)
        rules.add("a", at: at(5), now: start)
        rules.add("a", at: at(20), now: start)
        rules.add("b", at: at(7), now: start)
        #expect(rules.nextDue() == at(5))
        #expect(drain(&rules, now: at(4)) == [])
        #expect(drain(&rules, now: at(6)) == ["a"])
        #expect(rules.nextDue() == at(7))
        #expect(drain(&rules, now: at(30)) == ["b"])
        #expect(rules.nextDue() == nil)
    }

    @Test("back-off doubles up to its cap and starts anew after success")
    func backoff() {
        var random = SeededGenerator(seed: 1)
        let plain = Backoff(base: .milliseconds(1), cap: .seconds(10), jitter: 0)
        let delays = (1...16).map { plain.delay(after: $0, using: &random) }
        #expect(Array(delays.prefix(4)) == [.milliseconds(1), .milliseconds(2), .milliseconds(4), .milliseconds(8)])
        #expect(delays.last == .seconds(10))
        #expect(plain.delay(after: .max, using: &random) == .seconds(10))
        var rules = WorkqueueRules<String>(backoff: plain)
        rules.addRateLimited("a", now: start, using: &random)
        #expect(rules.nextDue() == start + .milliseconds(1))
        #expect(drain(&rules, now: at(1)) == ["a"])
        rules.addRateLimited("a", now: start, using: &random)
        #expect(rules.nextDue() == start + .milliseconds(2))
        rules.forget("a")
        #expect(rules.failureCount("a") == 0)
    }

    @Test("random additions never hand a key out twice at a time and lose none", arguments: 0..<20)
    func invariants(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var rules = WorkqueueRules<Int>(backoff: .reconcile)
        var processing: Set<Int> = []
        var owed: Set<Int> = []
        var now = start
        for _ in 0..<2_000 {
            now += .milliseconds(Int.random(in: 0..<5, using: &random))
            rules.fire(now: now)
            let key = Int.random(in: 0..<20, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                rules.add(key, isPatient: Bool.random(using: &random), now: now)
                owed.insert(key)
            case 1:
                rules.add(key, at: now + .milliseconds(3), now: now)
                owed.insert(key)
            case 2:
                if let (key, _) = rules.take(now: now) {
                    #expect(processing.insert(key).inserted, "seed \(seed)")
                    owed.remove(key)
                }
            default:
                if let key = processing.randomElement(using: &random) {
                    processing.remove(key)
                    rules.done(key)
                }
            }
        }
        for key in processing { rules.done(key) }
        now += .seconds(1)
        rules.fire(now: now)
        while let (key, _) = rules.take(now: now) {
            owed.remove(key)
            rules.done(key)
        }
        #expect(owed.isEmpty, "seed \(seed)")
        #expect(rules.isIdle)
    }

    @Test("workers get keys as they come and end at shutdown with the key in hand done")
    func workers() async {
        let queue = Workqueue<String>("test")
        let seen = Lock<[String]>([])
        let loop = ControllerLoop(queue, workers: 3) { key in
            let count = seen.withLock { seen in
                seen.append(key)
                return seen.count
            }
            if key == "later" { return nil }
            if count == 3 { queue.shutDown() }
            return nil
        }
        queue.add("a")
        queue.add("b")
        queue.add("c", after: .milliseconds(2))
        await loop.run()
        #expect(seen.withLock { $0.sorted() } == ["a", "b", "c"])
    }

    @Test("a failure comes again, a terminal one does not, a conflict is quiet")
    func failures() async {
        struct Broken: Error {}
        struct Hopeless: TerminalError {}
        let queue = Workqueue<String>("test", backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(2)))
        let calls = Lock<[String: Int]>([:])
        let reports = Lock<[String]>([])
        let loop = ControllerLoop(
            queue, workers: 1,
            report: { report in reports.withLock { $0.append(report.result.rawValue) } }
        ) { key in
            let count = calls.withLock { calls in
                calls[key, default: 0] += 1
                return calls[key] ?? 0
            }
            switch (key, count) {
            case ("fails", 1...2): throw Broken()
            case ("conflicts", 1): throw KubernetesError(code: 409, reason: "Conflict", message: "")
            case ("hopeless", _): throw Hopeless()
            default: break
            }
            if calls.withLock({ $0["fails"] == 3 && $0["conflicts"] == 2 && $0["hopeless"] == 1 }) { queue.shutDown() }
            return nil
        }
        for key in ["hopeless", "conflicts", "fails"] { queue.add(key) }
        await loop.run()
        #expect(calls.withLock { $0 } == ["fails": 3, "conflicts": 2, "hopeless": 1])
        #expect(reports.withLock { $0.filter { $0 == "error" }.count } == 3)
        #expect(reports.withLock { $0.filter { $0 == "requeue" }.count } == 1)
    }

    @Test("a cancelled worker leaves the queue at once")
    func cancellation() async {
        let queue = Workqueue<String>("test")
        let task = Task { await queue.next() }
        task.cancel()
        #expect(await task.value == nil)
    }
}
