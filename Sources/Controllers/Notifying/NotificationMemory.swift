import Manifest
import Notifications

/// What a process knows of one Rollout's notifications beyond the record in its annotations.
///
/// Pure.
struct NotificationMemory {
    /// A fact of which someone is still to be told.
    struct OpenFact {
        var trigger: String
        var name: String
        /// All its deliveries that the record did not hold.
        var deliveries: [String]
    }

    /// Events that wait for one Rollout.
    static let maxFired = 100

    /// Events that nobody has looked at, oldest first.
    var fired: [FiredEvent] = []
    private(set) var open: [OpenFact] = []
    /// Rising edges whose messages are under way, with their deliveries.
    var edges: [String: String] = [:]
    /// Deliveries that were made or given up, and when, of edges and of facts of which someone is still to be told.
    private var made: [String: Timestamp] = [:]
    /// Those that the written record does not hold yet.
    private(set) var unrecorded: Set<String> = []
    /// Facts that were recorded as old news, though their events may still come.
    var assumed: Set<String> = []
    /// This process has looked at the Rollout before: what changes from then on, it hears of by events.
    var hasLooked = false
    /// The version for which conditions were evaluated last.
    var evaluated: String?

    var isEmpty: Bool {
        fired.isEmpty && open.isEmpty && edges.isEmpty && assumed.isEmpty && evaluated == nil && !hasLooked
    }

    /// Puts an event behind the others.
    /// - Returns: The oldest one, where it had to go for this.
    mutating func note(_ event: FiredEvent) -> FiredEvent? {
        let oldest = fired.count >= NotificationMemory.maxFired ? fired.removeFirst() : nil
        fired.append(event)
        return oldest
    }

    /// Whether a state that stands for the trigger's event shows that somebody is to be told.
    func proves(_ trigger: String) -> Bool { !hasLooked || !FactIdentity.isAmbiguous(trigger) }

    func isOpen(_ fact: String) -> Bool { open.contains { $0.name == fact } }

    mutating func noteOpen(_ fact: OpenFact) { open.append(fact) }

    /// Notes a delivery that is done; `false` where nothing waits for it.
    mutating func noteMade(_ id: String, at now: Timestamp) -> Bool {
        guard edges.values.contains(id) || open.contains(where: { $0.deliveries.contains(id) }) else { return false }
        made[id] = now
        unrecorded.insert(id)
        return true
    }

    /// Brings a record up to what was delivered since.
    func fold(into record: inout NotificationRecord) {
        for fact in open {
            let done = fact.deliveries.filter { made[$0] != nil }
            if done.count == fact.deliveries.count {
                record.noteTold(fact.name, of: fact.trigger, deliveries: done)
            } else {
                for id in done { record.noteDelivered(id) }
            }
        }
        for (edge, id) in edges { if let time = made[id] { record.noteEdge(edge, at: time) } }
    }

    /// Forgets what a written record holds.
    mutating func noteRecorded(_ ids: Set<String>) {
        unrecorded.subtract(ids)
        open.removeAll { $0.deliveries.allSatisfy { made[$0] != nil && !unrecorded.contains($0) } }
        edges = edges.filter { made[$0.value] == nil || unrecorded.contains($0.value) }
        let needed = Set(open.flatMap(\.deliveries)).union(unrecorded)
        made = made.filter { needed.contains($0.key) }
    }
}
