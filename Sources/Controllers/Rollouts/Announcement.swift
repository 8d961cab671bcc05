import RolloutEngine

/// The Events of one decision, in their order, until they are written.
///
/// An Event goes out as soon as the write is done that it tells of, and the others just before the status that shows what
/// they tell of: clients look for the Events once they see the status. Where that status is then refused because somebody
/// else has written, the next decision tells the same again, and is not repeated.
struct Announcement {
    /// What attempts that failed have told.
    struct Known: Sendable {
        /// All that the last one has decided; they are written as Events.
        var told: [RolloutEvent] = []
        /// Those that metrics and notifications know of too, for a status that shows them was written.
        var noticed: [RolloutEvent] = []
    }

    private var waiting: ArraySlice<RolloutEvent>
    /// All have gone out.
    private(set) var isComplete = false

    /// - Parameter known: What an attempt that failed has told already.
    init(_ events: [RolloutEvent], without known: [RolloutEvent]) {
        waiting = Self.untold(events, without: known)[...]
    }

    /// Those that are not among `known`, each as often as it is there more often.
    static func untold(_ events: [RolloutEvent], without known: [RolloutEvent]) -> [RolloutEvent] {
        var known = known
        return events.filter { event in
            guard let index = known.firstIndex(of: event) else { return true }
            known.remove(at: index)
            return false
        }
    }

    /// Takes those at the head of the line that fulfil `test`.
    mutating func next(_ test: (RolloutEvent) -> Bool) -> [RolloutEvent] {
        let ready = Array(waiting.prefix(while: test))
        waiting = waiting.dropFirst(ready.count)
        return ready
    }

    /// Takes all that are left.
    mutating func rest() -> [RolloutEvent] {
        defer { waiting = [] }
        isComplete = true
        return Array(waiting)
    }

    /// Takes those that are left and among `events`, whatever stands before them.
    mutating func rest(among events: [RolloutEvent]) -> [RolloutEvent] {
        let taken = waiting.filter(events.contains)
        waiting.removeAll(where: events.contains)
        return taken
    }
}
