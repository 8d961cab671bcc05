package import Manifest

/// What a `coordination.k8s.io/v1` Lease says.
package struct LeaseRecord: Hashable, Sendable {
    package var holder = ""
    package var durationSeconds: Int64 = 0
    package var acquireTime: String?
    package var renewTime: String?
    package var transitions: Int64 = 0

    package init(_ lease: JSON) {
        let spec = lease["spec"]
        holder = spec?["holderIdentity"]?.stringValue ?? ""
        durationSeconds = spec?["leaseDurationSeconds"]?.intValue ?? 0
        acquireTime = spec?["acquireTime"]?.stringValue
        renewTime = spec?["renewTime"]?.stringValue
        transitions = spec?["leaseTransitions"]?.intValue ?? 0
    }
}

extension Resource {
    package static let leases = Resource(
        group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")
    package static let namespaces = Resource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
    package static let events = Resource(group: "", version: "v1", plural: "events", kind: "Event", shortNames: ["ev"])
}

/// When to take a Lease.
///
/// No I/O; both clocks are handed in.
///
/// Remote times are never compared: another holder counts as gone when its record has not *changed* for a lease
/// duration on the local monotonic clock.
package struct LeaseRules {
    package typealias Instant = ContinuousClock.Instant

    package enum Action: Equatable {
        case create(JSON)
        case update(JSON)
        /// Another holds it.
        case wait
    }

    let key: ObjectKey
    let identity: String
    let duration: Duration
    package private(set) var observed: LeaseRecord?
    private var changedAt: Instant?

    package init(key: ObjectKey, identity: String, duration: Duration) {
        self.key = key
        self.identity = identity
        self.duration = duration
    }

    /// Notes what a Lease says now: from its last change on its holder's time runs.
    package mutating func observe(_ lease: JSON?, now: Instant) {
        let record = lease.map { LeaseRecord($0) }
        guard record != observed else { return }
        observed = record
        changedAt = record == nil ? nil : now
    }

    package mutating func decide(_ lease: JSON?, now: Instant, wall: Timestamp) -> Action {
        observe(lease, now: now)
        guard let lease, let record = observed else { return .create(write(on: nil, wall)) }
        if record.holder.isEmpty || record.holder == identity { return .update(write(on: lease, wall)) }
        // The longer of both durations: a holder that renews rarely says so in its record.
        let patience = max(duration, .seconds(min(record.durationSeconds, 3_600)))
        if let changedAt, now - changedAt >= patience { return .update(write(on: lease, wall)) }
        return .wait
    }

    /// The Lease as this identity holds it.
    private func write(on lease: JSON?, _ wall: Timestamp) -> JSON {
        var result = lease ?? base
        let before = LeaseRecord(result)
        let isOurs = before.holder == identity
        result.set(.string(identity), at: "spec", "holderIdentity")
        result.set(.int(max(1, duration.components.seconds)), at: "spec", "leaseDurationSeconds")
        result.set(.string(wall.rfc3339Micro), at: "spec", "renewTime")
        if !isOurs || before.acquireTime == nil { result.set(.string(wall.rfc3339Micro), at: "spec", "acquireTime") }
        let transitions = before.transitions &+ (isOurs || lease == nil ? 0 : 1)
        result.set(.int(transitions), at: "spec", "leaseTransitions")
        return result
    }

    /// The Lease as it is left behind: whoever comes next need not wait.
    package func released(_ lease: JSON, _ wall: Timestamp) -> JSON? {
        guard LeaseRecord(lease).holder == identity else { return nil }
        var result = lease
        result.set("", at: "spec", "holderIdentity")
        result.set(1, at: "spec", "leaseDurationSeconds")
        result.set(.string(wall.rfc3339Micro), at: "spec", "renewTime")
        return result
    }

    private var base: JSON {
        [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": .string(key.name), "namespace": .string(key.namespace)],
        ]
    }
}
