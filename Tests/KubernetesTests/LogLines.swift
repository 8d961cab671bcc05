import Logging
import Manifest

/// Keeps what is logged, for tests of what people are told.
final class LogLines: LogHandler {
    private let lines = Lock<[String]>([])
    private let latest = Lock<AsyncStream<String>.Continuation?>(nil)

    var logger: Logger { Logger(label: "test") { _ in self } }

    /// Waits for a line, of those so far or to come.
    func line(where holds: @Sendable (String) -> Bool) async -> String {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        let known = lines.withLock { lines in
            latest.withLock { $0 = continuation }
            return lines
        }
        if let found = known.first(where: holds) { return found }
        for await line in stream where holds(line) { return line }
        return ""
    }

    func log(event: LogEvent) {
        let line = "\(event.message) \(event.metadata ?? [:])"
        lines.withLock { lines in
            lines.append(line)
            _ = latest.withLock { $0?.yield(line) }
        }
    }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
