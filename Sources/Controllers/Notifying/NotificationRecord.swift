package import Manifest

/// What a Rollout's annotations remember of its notifications.
///
/// `sluice.dev/notified` holds, for each subscribed trigger, the last facts that everyone was told of, and the deliveries of
/// facts that not everyone was told of yet; `notified.notifications.argoproj.io` holds the rising edges of the state path.
/// Both hold hashes, names and times alone.
package struct NotificationRecord: Hashable, Sendable {
    package static let factsAnnotation = "sluice.dev/notified"
    package static let edgesAnnotation = "notified.notifications.argoproj.io"
    static let factsForEachTrigger = 8
    static let maxDeliveries = 100
    static let maxEdges = 100

    /// Hashes of facts by trigger, oldest first; a trigger that is absent was never looked at.
    package var facts: [String: [String]] = [:]
    /// Shortened ids, oldest first.
    package var deliveries: [String] = []
    /// Key to the second of the delivery.
    package var edges: [String: Int64] = [:]

    /// Reads the annotations; what somebody broke counts as empty.
    package init(annotations: [String: String]) {
        func read(_ name: String) -> JSON? { annotations[name].flatMap { try? JSON(parsing: $0) } }
        let record = read(NotificationRecord.factsAnnotation)
        for (trigger, list) in record?["facts"]?.objectValue ?? [:] {
            facts[trigger] = Array(
                (list.arrayValue ?? []).compactMap(\.stringValue).suffix(NotificationRecord.factsForEachTrigger))
        }
        deliveries = (record?["deliveries"]?.arrayValue ?? []).compactMap(\.stringValue).suffix(
            NotificationRecord.maxDeliveries)
        edges = read(NotificationRecord.edgesAnnotation)?.objectValue?.compactMapValues(\.intValue) ?? [:]
    }

    /// The annotations to write; `nil` for one that would be empty.
    package var annotations: [String: String?] {
        var record: JSON = ["facts": .object(facts.mapValues { JSON($0) })]
        if !deliveries.isEmpty { record["deliveries"] = JSON(deliveries) }
        return [
            NotificationRecord.factsAnnotation: facts.isEmpty && deliveries.isEmpty ? nil : record.description,
            NotificationRecord.edgesAnnotation: edges.isEmpty
                ? nil : JSON.object(edges.mapValues { .int($0) }).description,
        ]
    }

    package func isTold(_ fact: String, of trigger: String) -> Bool { facts[trigger]?.contains(hash(fact)) ?? false }
    package func isDelivered(_ id: String) -> Bool { deliveries.contains(short(id)) }

    /// Everyone was told of the fact, or nobody needs to be.
    package mutating func noteTold(_ fact: String?, of trigger: String, deliveries done: [String] = []) {
        var list = facts[trigger] ?? []
        if let fact, !list.contains(hash(fact)) { list.append(hash(fact)) }
        facts[trigger] = Array(list.suffix(NotificationRecord.factsForEachTrigger))
        let gone = Set(done.map(short))
        deliveries.removeAll { gone.contains($0) }
    }

    package mutating func noteDelivered(_ id: String) {
        guard !isDelivered(id) else { return }
        deliveries.append(short(id))
        deliveries = deliveries.suffix(NotificationRecord.maxDeliveries)
    }

    /// A message of the state path was delivered.
    package mutating func noteEdge(_ key: String, at time: Timestamp) {
        edges[key] = time.seconds
        while edges.count > NotificationRecord.maxEdges,
            let oldest = edges.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })
        {
            edges[oldest.key] = nil
        }
    }

    /// Drops triggers that nobody subscribes to any more: who subscribes again hears of what happens from then on.
    package mutating func keepTriggers(_ triggers: Set<String>) { facts = facts.filter { triggers.contains($0.key) } }

    /// 64 bits: the annotation stays small, and within one Rollout's few facts no two collide.
    private func hash(_ fact: String) -> String { short(factHash(fact)) }
    private func short(_ id: String) -> String { String(id.prefix(16)) }
}
