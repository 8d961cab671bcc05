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

    package init(service: String, why: String, isRetriable: Bool, retryAfter: Duration? = nil) {
        self.service = service
        self.why = why
        self.isRetriable = isRetriable
        self.retryAfter = retryAfter
    }

    package var description: String { "cannot deliver to service \(service): \(why)" }
}

/// When to send again what did not arrive.
///
/// Pure.
package struct DeliveryBackoff: Hashable, Sendable {
    package var base: Duration
    package var cap: Duration
    /// Tries in all; after the last one the delivery is given up.
    package var attempts: Int

    package init(base: Duration = .seconds(1), cap: Duration = .seconds(300), attempts: Int = 15) {
        self.base = base
        self.cap = cap
        self.attempts = attempts
    }

    /// How long to wait after a failure; `nil` gives up.
    ///
    /// The delivery's id spreads the retries of many over half the delay, without a random number.
    package func delay(after failures: Int, of id: String, _ error: DeliveryError) -> Duration? {
        guard error.isRetriable, failures < attempts else { return nil }
        var delay = base
        for _ in 1..<max(2, min(failures, 30)) where delay < cap && failures > 1 { delay *= 2 }
        delay = min(delay, cap)
        let spread = id.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } % 1000
        let spreadDelay = delay * (1000 + Int(spread) / 2) / 1000
        // A receiver may ask for more patience, but not for eternity.
        return max(spreadDelay, min(error.retryAfter ?? .zero, .seconds(3600)))
    }
}
