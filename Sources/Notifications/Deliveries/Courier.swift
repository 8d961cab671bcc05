/// Carries notifications to the services.
package protocol Courier: Sendable {
    /// Hands one delivery over; a repeated call sends it again, with the same id for the receiver to tell.
    func deliver(_ delivery: Delivery) async throws(DeliveryError)
}

/// Why a delivery did not arrive; names the service, never its address, headers or keys.
package struct DeliveryError: Error, Hashable, CustomStringConvertible {
    package var service: String
    package var why: String
    /// Whether sending the same again later can help.
    package var isRetriable: Bool
    /// What the receiver asked for.
    package var retryAfter: Duration?
    /// Whether the receiver took the time and gave no answer.
    package var isTimeout: Bool

    package init(
        service: String, why: String, isRetriable: Bool, retryAfter: Duration? = nil, isTimeout: Bool = false
    ) {
        self.service = service
        self.why = why
        self.isRetriable = isRetriable
        self.retryAfter = retryAfter
        self.isTimeout = isTimeout
    }

    package var description: String { "cannot deliver to service \(service): \(why)" }
}
