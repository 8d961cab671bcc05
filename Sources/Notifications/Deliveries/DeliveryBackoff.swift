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
