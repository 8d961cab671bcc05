import Glibc

/// Tells the time of day.
///
/// Read once for each reconcile; decisions get the value.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The machine's clock.
package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        // Read as two words: in whole-module builds the compiler attributes the members of timespec to a module of its
        // own that nobody imports.
        var time: (seconds: Int64, nanoseconds: Int64) = (0, 0)
        withUnsafeMutableBytes(of: &time) { bytes in
            guard let address = bytes.baseAddress else { return }
            clock_gettime(CLOCK_REALTIME, address.assumingMemoryBound(to: timespec.self))
        }
        return Timestamp(seconds: time.seconds, nanoseconds: Int32(truncatingIfNeeded: time.nanoseconds))
    }
}
