import DequeModule
import HeapModule

/// The rules of ``Workqueue``, without its lock and clock.
///
/// A key is never handed out twice at a time, and an addition while it is processed is not lost: it comes again after
/// `done`. Due times stand in one heap; an earlier one replaces a later one.
package struct WorkqueueRules<Key: Hashable & Sendable> {
    package typealias Instant = ContinuousClock.Instant

    private struct Timer: Comparable {
        var due: Instant
        var sequence: UInt64
        var key: Key

        static func == (left: Timer, right: Timer) -> Bool { left.sequence == right.sequence }
        static func < (left: Timer, right: Timer) -> Bool {
            (left.due, left.sequence) < (right.due, right.sequence)
        }
    }

    /// After so many urgent keys in a row a patient one is handed out: a fleet that is never quiet would leave those of the
    /// first list without a look for as long.
    private static var urgentInARow: Int { 4 }

    /// Keys to hand out, and since when they wait; `urgent` first.
    private var urgent = Deque<Key>()
    private var patient = Deque<Key>()
    /// Urgent keys that were handed out since the last patient one.
    private var streak = 0
    private var dirty: [Key: (since: Instant, isPatient: Bool)] = [:]
    private var processing: [Key: Instant] = [:]
    private var failures: [Key: Int] = [:]
    private var timers = Heap<Timer>()
    private var dueTimes: [Key: Instant] = [:]
    private var sequence: UInt64 = 0
    package private(set) var isShutDown = false
    package private(set) var adds: UInt64 = 0
    package private(set) var retries: UInt64 = 0
    package let backoff: Backoff

    package init(backoff: Backoff) { self.backoff = backoff }

    /// Keys that wait to be handed out.
    package var depth: Int { dirty.count { processing[$0.key] == nil } }
    package var isIdle: Bool { dirty.isEmpty && processing.isEmpty }
    package var processingSince: [Instant] { Array(processing.values) }

    package mutating func add(_ key: Key, isPatient: Bool, now: Instant) {
        guard !isShutDown else { return }
        if let present = dirty[key] {
            guard present.isPatient, !isPatient else { return }
            // What lies in the patient queue is skipped there.
            dirty[key] = (present.since, false)
            if processing[key] == nil { urgent.append(key) }
            return
        }
        adds += 1
        dirty[key] = (now, isPatient)
        if processing[key] == nil { enqueue(key, isPatient) }
    }

    private mutating func enqueue(_ key: Key, _ isPatient: Bool) {
        if isPatient { patient.append(key) } else { urgent.append(key) }
    }

    /// Adds the key at `due`, unless it is already due earlier.
    package mutating func add(_ key: Key, at due: Instant, now: Instant) {
        guard !isShutDown else { return }
        if due <= now {
            add(key, isPatient: false, now: now)
            return
        }
        if let present = dueTimes[key], present <= due { return }
        dueTimes[key] = due
        sequence &+= 1
        timers.insert(Timer(due: due, sequence: sequence, key: key))
    }

    /// Adds the key after its back-off, which grows with each failure until `forget`.
    package mutating func addRateLimited(_ key: Key, now: Instant, using random: inout some RandomNumberGenerator) {
        let count = (failures[key] ?? 0) + 1
        failures[key] = count
        retries += 1
        add(key, at: now + backoff.delay(after: count, using: &random), now: now)
    }

    package func failureCount(_ key: Key) -> Int { failures[key] ?? 0 }

    package mutating func forget(_ key: Key) { failures[key] = nil }

    /// Moves keys whose time has come into the queue.
    package mutating func fire(now: Instant) {
        while let next = timers.min, next.due <= now {
            timers.removeMin()
            // An entry that an earlier one replaced is passed over.
            guard dueTimes[next.key] == next.due else { continue }
            dueTimes[next.key] = nil
            add(next.key, isPatient: false, now: now)
        }
    }

    /// When `fire` has something to do next.
    package mutating func nextDue() -> Instant? {
        while let next = timers.min {
            if dueTimes[next.key] == next.due { return next.due }
            timers.removeMin()
        }
        return nil
    }

    /// Hands out the next key, which counts as processing until `done`.
    package mutating func take(now: Instant) -> (key: Key, waited: Duration)? {
        while let (key, fromPatient) = pop() {
            guard let entry = dirty[key], processing[key] == nil, entry.isPatient == fromPatient else { continue }
            dirty[key] = nil
            processing[key] = now
            streak = fromPatient ? 0 : min(streak + 1, Self.urgentInARow)
            return (key, now - entry.since)
        }
        return nil
    }

    private mutating func pop() -> (Key, Bool)? {
        if streak < Self.urgentInARow || patient.isEmpty, let key = urgent.popFirst() { return (key, false) }
        if let key = patient.popFirst() { return (key, true) }
        return nil
    }

    package mutating func done(_ key: Key) {
        processing[key] = nil
        if let entry = dirty[key] { enqueue(key, entry.isPatient) }
    }

    /// Takes no more additions and forgets what waits; what is processed goes on.
    package mutating func shutDown() {
        isShutDown = true
        urgent.removeAll()
        patient.removeAll()
        dirty.removeAll()
        timers = Heap()
        dueTimes.removeAll()
    }
}
