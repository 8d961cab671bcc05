package import Manifest

/// A wall clock that stands still until a test moves it.
package final class ManualWallClock: WallClock {
    private let time: Lock<Timestamp>

    package init(_ start: Timestamp = Timestamp(seconds: 1_800_000_000)) { time = Lock(start) }

    package func now() -> Timestamp { time.withLock { $0 } }

    package func advance(by length: Duration) { time.withLock { $0 = $0 + length } }
}
