import Kubernetes
import Manifest
import Testing

@testable import Controllers

@Suite("Writes that the watch has yet to show") struct PendingWritesTests {
    private let key = ObjectKey(namespace: "default", name: "web")

    @Test("each is waited for until it is shown or its own time is over, which leaves a doubt") func deadlines() {
        let start = ContinuousClock.now
        let passed = Lock(Duration.zero)
        let pending = PendingWrites { start + passed.withLock { $0 } }
        let isShown = Lock(false)
        pending.note(key, for: .seconds(3)) { true }
        pending.note(key) { !isShown.withLock { $0 } }
        #expect(pending.isBehind(key) && !pending.isLate(key))
        passed.withLock { $0 = .seconds(2) }
        #expect(pending.isBehind(key) && pending.isLate(key) && !pending.takeDoubt(key))

        passed.withLock { $0 = .seconds(3) }
        #expect(pending.isBehind(key), "the other one has thirty seconds")
        #expect(pending.takeDoubt(key) && !pending.takeDoubt(key))
        isShown.withLock { $0 = true }
        #expect(!pending.isBehind(key) && !pending.isLate(key) && !pending.takeDoubt(key))

        pending.note(key) { true }
        passed.withLock { $0 = .seconds(32) }
        #expect(pending.isBehind(key))
        passed.withLock { $0 = .seconds(33) }
        #expect(!pending.isBehind(key) && pending.takeDoubt(key))
    }
}
