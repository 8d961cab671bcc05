package import Manifest

/// One write to one object: everything that is to change in it, at once.
package struct TrafficWrite: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        /// The object to create.
        case create(JSON)
        /// A merge patch whose `metadata.resourceVersion` is the version it was made from; on a conflict, read again
        /// and plan again.
        case mergePatch(JSON)
        /// Deletes the object in the version that it was seen in.
        case delete(resourceVersion: String)
    }

    /// The field manager of every write.
    package static let fieldManager = "sluice-traffic"

    package var reference: ObjectReference
    /// In which the object was read, or is to be created.
    package var apiVersion: String
    package var change: Change
    /// The event that tells of it: reason and message.
    package var eventReason: String
    package var eventMessage: String
    /// The reason of the warning that tells when it fails; empty where there is none of its own.
    package var failureReason = ""

    /// The patch that turns an object into another one; `nil` when they are equal.
    static func patch(
        _ reference: ObjectReference, from live: JSON, to desired: JSON, event reason: String, _ message: String,
        failure: String = ""
    ) -> TrafficWrite? {
        guard var patch = MergePatch.diff(from: live, to: desired) else { return nil }
        if !live.resourceVersion.isEmpty { patch.set(.string(live.resourceVersion), at: "metadata", "resourceVersion") }
        return TrafficWrite(
            reference: reference, apiVersion: live["apiVersion"]?.stringValue ?? "", change: .mergePatch(patch),
            eventReason: reason, eventMessage: message, failureReason: failure)
    }
}

/// Why traffic could not be routed.
package struct TrafficError: Error, Hashable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A referenced object does not exist.
        case notFound
        /// The objects do not fit the configuration; a person must act.
        case invalid
        /// Another owner has the object.
        case owned
        /// Nothing is wrong; look again later.
        case waiting
    }

    package var code: Code
    package var reference: ObjectReference
    package var reason: String

    package init(_ code: Code, _ reference: ObjectReference, _ reason: String) {
        self.code = code
        self.reference = reference
        self.reason = reason
    }

    package var description: String { "cannot route traffic by \(reference): \(reason)" }

    /// The reason of the warning that tells of it beside `TrafficRoutingError`; empty where there is none.
    package var eventReason = ""
}

/// Something in a Rollout's configuration, or in an object it names, that keeps traffic from being routed.
package struct TrafficProblem: Hashable, Sendable, CustomStringConvertible {
    /// `spec.strategy.canary.trafficRouting.istio.virtualService.name`.
    package var path: String
    package var message: String

    package init(_ path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    package var description: String { "\(path): \(message)" }
}

/// An object that a router reads or writes.
package struct TrafficReference: Hashable, Sendable {
    package var reference: ObjectReference
    /// Must be there before traffic can be routed; the others are created.
    package var isRequired: Bool
    /// The field that names it.
    package var path: String
}
