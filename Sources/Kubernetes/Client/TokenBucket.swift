/// How many requests may begin in a second, and how many at once after a rest.
package struct RequestRate: Hashable, Sendable {
    /// Above 0.
    package var perSecond: Double
    package var burst: Int

    package init(perSecond: Double, burst: Int) {
        self.perSecond = perSecond
        self.burst = burst
    }
}

/// Spaces requests out to a rate: first come, first served.
///
/// No clock, no I/O.
package struct TokenBucket: Sendable {
    private let rate: RequestRate
    /// Below zero where takers wait for tokens that are still to come.
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant

    package init(_ rate: RequestRate, now: ContinuousClock.Instant) {
        self.rate = rate
        tokens = Double(max(1, rate.burst))
        filledAt = now
    }

    /// Takes back a token that was not used.
    package mutating func giveBack() { tokens = min(Double(max(1, rate.burst)), tokens + 1) }

    /// Takes a token and gives how long to wait until it may be used.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration {
        let passed = max(0, (now - filledAt) / .seconds(1))
        tokens = min(Double(max(1, rate.burst)), tokens + passed * rate.perSecond)
        filledAt = max(filledAt, now)
        tokens -= 1
        return tokens >= 0 ? .zero : .seconds(-tokens / rate.perSecond)
    }
}
