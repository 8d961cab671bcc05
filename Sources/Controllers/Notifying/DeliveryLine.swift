package import Manifest
package import Notifications

/// What one Rollout sends to one service, one message after the other.
package struct DeliveryLine: Hashable, Sendable, CustomStringConvertible {
    package var object: ObjectKey
    /// Where the service is configured, for a self-service one; `nil` for the controller's own.
    package var namespace: String?
    package var service: String

    package init(_ delivery: Delivery) {
        object = delivery.object
        namespace = delivery.namespace
        service = delivery.service
    }

    /// The service, as the gate tells it from others.
    var gate: String { "\(namespace ?? "")/\(service)" }

    package var description: String { "\(object) to \(gate)" }
}
