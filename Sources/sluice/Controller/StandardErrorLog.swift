import Glibc
import Logging
import Manifest

/// Writes log lines to standard error, as logfmt or as JSON: time, level, message, then the facts sorted by name.
struct StandardErrorLog: LogHandler {
    enum Format: String, Sendable { case text, json }

    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: Format

    init(format: Format, level: Logger.Level) {
        self.format = format
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = SystemClock().now().rfc3339Micro
        let line: String
        switch format {
        case .text:
            line = facts.reduce("time=\(time) level=\(event.level) msg=\(quoted("\(event.message)", always: true))") {
                "\($0) \($1.key)=\(quoted("\($1.value)", always: false))"
            }
        case .json:
            var object: JSON = [
                "time": .string(time), "level": .string("\(event.level)"), "msg": .string("\(event.message)"),
            ]
            for (key, value) in facts { object[key] = .string("\(value)") }
            line = object.description
        }
        // One write, so that lines of several threads do not mix.
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func quoted(_ text: String, always: Bool) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 < 0x7F }
        return isPlain && !always && !text.isEmpty ? text : JSON.string(text).description
    }
}
