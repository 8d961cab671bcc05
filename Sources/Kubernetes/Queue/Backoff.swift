/// Delays that double from try to try, with jitter, so that many who failed together do not come back together.
package struct Backoff: Hashable, Sendable {
    package var base: Duration
    package var cap: Duration
    /// The delay is multiplied by 1 up to 1 + this.
    package var jitter: Double

    package init(base: Duration, cap: Duration, jitter: Double = 0.2) {
        self.base = base
        self.cap = cap
        self.jitter = jitter
    }

    /// Of lists and watches.
    package static let watch = Backoff(base: .milliseconds(800), cap: .seconds(30), jitter: 1)
    /// Of failed reconciles.
    package static let reconcile = Backoff(base: .milliseconds(5), cap: .seconds(300))
    /// Of failed reconciles of Rollouts.
    package static let rollout = Backoff(base: .milliseconds(1), cap: .seconds(10))

    /// The delay after `failures` tries in a row have failed; the first is 1.
    package func delay(after failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        var delay = base
        var left = min(failures, 64)
        while left > 1, delay < cap {
            delay *= 2
            left -= 1
        }
        return min(delay, cap) * (1 + Double.random(in: 0...max(0, jitter), using: &random))
    }
}
