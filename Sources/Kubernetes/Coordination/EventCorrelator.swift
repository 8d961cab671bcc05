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

    private struct Occurrence {
        var count: Int64
        var first: Timestamp
        var last: Timestamp
    }
    private struct Variety {
        /// Of different messages; most objects have one.
        var first: UInt64
        var others: [UInt64] = []
        var last: Timestamp

        var count: Int { 1 + others.count }

        mutating func note(_ message: UInt64) {
            if message != first, !others.contains(message) { others.append(message) }
        }
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
    // Thousands are remembered: by digests of what they tell, for the texts would be most of the memory.
    private var occurrences: [TextDigest: Occurrence] = [:]
    private var varieties: [TextDigest: Variety] = [:]
    private var buckets: [TextDigest: Bucket] = [:]

    package init(component: String) { self.component = component }

    /// What to send for an event; `nil` when its object has had too many.
    package mutating func correlate(_ event: ObjectEvent, now: Timestamp) -> Action? {
        let target = event.regarding
        let object = [target.key.namespace, target.key.name, target.uid, target.kind]
        let source = TextDigest(object)
        let similar = TextDigest(object + [event.level.rawValue, event.reason])
        let message = aggregated(event.message, similar, now)
        guard spend(source, now) else { return nil }
        makeRoom()
        let exact = TextDigest([message.key], beside: similar)
        if var occurrence = occurrences[exact], now - occurrence.last <= Self.window {
            occurrence.count &+= 1
            occurrence.last = now
            occurrences[exact] = occurrence
            let patch: JSON = [
                "count": .int(occurrence.count), "lastTimestamp": .string(now.rfc3339),
                "message": .string(message.text),
            ]
            return .repeated(
                Self.name(target, occurrence), patch: patch, otherwise: json(event, message.text, occurrence))
        }
        let occurrence = Occurrence(count: 1, first: now, last: now)
        occurrences[exact] = occurrence
        return .create(json(event, message.text, occurrence))
    }

    private static func name(_ target: ObjectEvent.Target, _ occurrence: Occurrence) -> ObjectKey {
        let time = occurrence.first
        let suffix = String(UInt64(bitPattern: time.seconds &* 1_000_000_000 &+ Int64(time.nanoseconds)), radix: 16)
        return ObjectKey(namespace: target.eventNamespace, name: "\(target.key.name.prefix(230)).\(suffix)")
    }

    private mutating func aggregated(
        _ message: String, _ similar: TextDigest, _ now: Timestamp
    ) -> (key: String, text: String) {
        let text = clipped(message, to: 1_024)
        let digest = TextDigest([text]).low
        var variety = varieties[similar] ?? Variety(first: digest, last: now)
        if now - variety.last > Self.window { variety = Variety(first: digest, last: now) }
        variety.last = now
        if variety.count <= Self.similarLimit { variety.note(digest) }
        varieties[similar] = variety
        guard variety.count > Self.similarLimit else { return (text, text) }
        return ("", clipped("(combined from similar events): " + message, to: 1_024))
    }

    private mutating func spend(_ source: TextDigest, _ now: Timestamp) -> Bool {
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
        let name = Self.name(event.regarding, occurrence)
        return [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string(name.name), "namespace": .string(name.namespace)],
            "involvedObject": event.regarding.json,
            "reason": .string(clipped(event.reason, to: 128)), "message": .string(message),
            "type": .string(event.level.rawValue), "source": ["component": .string(component)],
            "reportingComponent": .string(component),
            "count": .int(occurrence.count), "firstTimestamp": .string(occurrence.first.rfc3339),
            "lastTimestamp": .string(occurrence.last.rfc3339),
        ]
    }
}

/// 128 bits that stand for a list of texts within this process; no two lists that differ have the same ones but by a chance of one in 2^64 and less.
private struct TextDigest: Hashable {
    private(set) var low: UInt64
    private var high: UInt64

    /// - Parameter other: Counts as the head of the list.
    init(_ texts: [String], beside other: TextDigest? = nil) {
        func digest(_ salt: UInt8) -> UInt64 {
            var hasher = Hasher()
            hasher.combine(salt)
            hasher.combine(other)
            for text in texts { hasher.combine(text) }
            return UInt64(bitPattern: Int64(hasher.finalize()))
        }
        low = digest(0)
        high = digest(1)
    }
}
