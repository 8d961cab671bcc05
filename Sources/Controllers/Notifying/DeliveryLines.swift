package import Manifest
package import Notifications

/// Deliveries that wait for their service, each line bounded: a service that hangs costs its own messages alone.
///
/// Pure.
package struct DeliveryLines {
    /// What to do with a line now.
    package enum Step: Equatable {
        /// Deliver this one, then tell with ``remove(_:from:)`` or ``postpone(_:in:until:)``.
        case deliver(Delivery)
        /// All that wait are to be tried again, the first at this moment.
        case wait(ContinuousClock.Instant)
        case nothing
    }

    private struct Entry {
        var delivery: Delivery
        var due: ContinuousClock.Instant?
    }

    /// Messages that wait in one line, and in all lines.
    static let maxEach = 100
    static let maxAll = 10_000

    private var lines: [DeliveryLine: [Entry]] = [:]
    /// What is being delivered, by line.
    private var inFlight: [DeliveryLine: String] = [:]
    package private(set) var count = 0

    package init() {}

    /// Puts a delivery at the end of its line, unless it stands there already.
    /// - Returns: The oldest one, where it had to go for this.
    package mutating func add(_ delivery: Delivery) -> Delivery? {
        let line = DeliveryLine(delivery)
        let entries = lines[line] ?? []
        guard !entries.contains(where: { $0.delivery.id == delivery.id }) else { return nil }
        var dropped: Delivery?
        if entries.count >= DeliveryLines.maxEach {
            dropped = dropOldest(of: line)
        } else if count >= DeliveryLines.maxAll,
            let longest = lines.max(by: { $0.value.count < $1.value.count })?.key
        {
            dropped = dropOldest(of: longest)
        }
        lines[line, default: []].append(Entry(delivery: delivery))
        count += 1
        return dropped
    }

    package func all(of object: ObjectKey) -> [DeliveryLine] {
        lines.keys.filter { $0.object == object }.sorted { $0.description < $1.description }
    }

    private mutating func dropOldest(of line: DeliveryLine) -> Delivery? {
        guard let oldest = lines[line]?.first(where: { $0.delivery.id != inFlight[line] })?.delivery else { return nil }
        remove(oldest.id, from: line)
        return oldest
    }

    /// The first that is due, which is in flight from now on.
    package mutating func next(_ line: DeliveryLine, at now: ContinuousClock.Instant) -> Step {
        guard let entries = lines[line], !entries.isEmpty else { return .nothing }
        if let ready = entries.first(where: { $0.due.map { $0 <= now } ?? true }) {
            inFlight[line] = ready.delivery.id
            return .deliver(ready.delivery)
        }
        return entries.compactMap(\.due).min().map { .wait($0) } ?? .nothing
    }

    /// It was delivered, or given up.
    package mutating func remove(_ id: String, from line: DeliveryLine) {
        if inFlight[line] == id { inFlight[line] = nil }
        guard var entries = lines[line] else { return }
        let before = entries.count
        entries.removeAll { $0.delivery.id == id }
        count -= before - entries.count
        lines[line] = entries.isEmpty ? nil : entries
    }

    /// It is to be tried again; the others of the line do not wait for it.
    package mutating func postpone(_ id: String, in line: DeliveryLine, until due: ContinuousClock.Instant) {
        if inFlight[line] == id { inFlight[line] = nil }
        guard let index = lines[line]?.firstIndex(where: { $0.delivery.id == id }) else { return }
        lines[line]?[index].due = due
    }
}
