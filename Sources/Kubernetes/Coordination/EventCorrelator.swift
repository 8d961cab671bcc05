package import Manifest

/// Turns what happens into few Events: a repetition raises a count, a flood becomes one Event.
///
/// No I/O, no clock.
package struct EventCorrelator {
    package enum Action: Equatable {
        case create(JSON)
        /// Raises the count of an Event that exists; `otherwise` is created where it has vanished.
        case repeated(ObjectKey, patch: JSON, otherwise: JSON)
    }

    private struct Similar: Hashable {
        var target: ObjectKey
        var uid: String
        var kind: String
        var level: ObjectEvent.Level
        var reason: String
    }
    private struct Exact: Hashable {
        var similar: Similar
        var message: String
    }
    private struct Source: Hashable {
        var target: ObjectKey
        var uid: String
        var kind: String
    }
    private struct Occurrence {
        var name: ObjectKey
        var count: Int64
        var first: Timestamp
        var last: Timestamp
    }
    private struct Variety {
        var messages: Set<String>
        var last: Timestamp
    }
    private struct Bucket {
        var tokens: Double
        var last: Timestamp
    }

    private static let capacity = 4_096
    /// Past so many different messages in ten minutes, they become one Event.
    private static let similarLimit = 10
    private static let window = Duration.seconds(600)
    private static let burst = 25.0
    private static let refillSeconds = 300.0

    package let component: String
    private var occurrences: [Exact: Occurrence] = [:]
    private var varieties: [Similar: Variety] = [:]
    private var buckets: [Source: Bucket] = [:]

    package init(component: String) { self.component = component }

    /// What to send for an event; `nil` when its object has had too many.
    package mutating func correlate(_ event: ObjectEvent, now: Timestamp) -> Action? {
        let target = event.regarding
        let source = Source(target: target.key, uid: target.uid, kind: target.kind)
        let similar = Similar(
            target: target.key, uid: target.uid, kind: target.kind, level: event.level, reason: event.reason)
        let message = aggregated(event.message, similar, now)
        guard spend(source, now) else { return nil }
        makeRoom()
        let exact = Exact(similar: similar, message: message.key)
        if var occurrence = occurrences[exact], now - occurrence.last <= Self.window {
            occurrence.count &+= 1
            occurrence.last = now
            occurrences[exact] = occurrence
            let patch: JSON = [
                "count": .int(occurrence.count), "lastTimestamp": .string(now.rfc3339),
                "message": .string(message.text),
            ]
            return .repeated(occurrence.name, patch: patch, otherwise: json(event, message.text, occurrence))
        }
        let suffix = String(UInt64(bitPattern: now.seconds &* 1_000_000_000 &+ Int64(now.nanoseconds)), radix: 16)
        let name = ObjectKey(
            namespace: target.eventNamespace, name: "\(target.key.name.prefix(230)).\(suffix)")
        let occurrence = Occurrence(name: name, count: 1, first: now, last: now)
        occurrences[exact] = occurrence
        return .create(json(event, message.text, occurrence))
    }

    private mutating func aggregated(
        _ message: String, _ similar: Similar, _ now: Timestamp
    ) -> (key: String, text: String) {
        let text = clipped(message, to: 1_024)
        var variety = varieties[similar] ?? Variety(messages: [], last: now)
        if now - variety.last > Self.window { variety.messages = [] }
        variety.last = now
        if variety.messages.count <= Self.similarLimit { variety.messages.insert(text) }
        varieties[similar] = variety
        guard variety.messages.count > Self.similarLimit else { return (text, text) }
        return ("", clipped("(combined from similar events): " + message, to: 1_024))
    }

    private mutating func spend(_ source: Source, _ now: Timestamp) -> Bool {
        var bucket = buckets[source] ?? Bucket(tokens: Self.burst, last: now)
        let passed = max(0, (now - bucket.last).inSeconds)
        bucket.tokens = min(Self.burst, bucket.tokens + passed / Self.refillSeconds)
        bucket.last = now
        defer { buckets[source] = bucket }
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        return true
    }

    /// Forgets the half that was not heard of for longest when there is too much to remember.
    private mutating func makeRoom() {
        if occurrences.count >= Self.capacity {
            let middle = occurrences.values.map(\.last).sorted()[occurrences.count / 2]
            occurrences = occurrences.filter { $0.value.last > middle }
        }
        if varieties.count >= Self.capacity {
            let middle = varieties.values.map(\.last).sorted()[varieties.count / 2]
            varieties = varieties.filter { $0.value.last > middle }
        }
        if buckets.count >= Self.capacity {
            let middle = buckets.values.map(\.last).sorted()[buckets.count / 2]
            buckets = buckets.filter { $0.value.last > middle }
        }
    }

    private func json(_ event: ObjectEvent, _ message: String, _ occurrence: Occurrence) -> JSON {
        [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string(occurrence.name.name), "namespace": .string(occurrence.name.namespace)],
            "involvedObject": event.regarding.json,
            "reason": .string(clipped(event.reason, to: 128)), "message": .string(message),
            "type": .string(event.level.rawValue), "source": ["component": .string(component)],
            "reportingComponent": .string(component),
            "count": .int(occurrence.count), "firstTimestamp": .string(occurrence.first.rfc3339),
            "lastTimestamp": .string(occurrence.last.rfc3339),
        ]
    }
}
