import Controllers
import Glibc
import Kubernetes
package import Manifest

/// What a command meets of its process: where its output goes, what the environment says, and the time.
///
/// Tests put another one in its place and run commands in their own process.
package struct CommandSurroundings: Sendable {
    package enum Stream: Sendable { case output, error }

    package var isTerminal: Bool
    package var variable: @Sendable (String) -> String?
    package var write: @Sendable (String, Stream) -> Void
    package var now: @Sendable () -> Timestamp

    package init(
        isTerminal: Bool, variable: @escaping @Sendable (String) -> String?,
        write: @escaping @Sendable (String, Stream) -> Void,
        now: @escaping @Sendable () -> Timestamp = { SystemClock().now() }
    ) {
        self.isTerminal = isTerminal
        self.variable = variable
        self.write = write
        self.now = now
    }

    /// `nil` is the process itself.
    @TaskLocal package static var current: CommandSurroundings?

    fileprivate static let process = CommandSurroundings(
        isTerminal: isatty(STDOUT_FILENO) == 1, variable: { environmentVariable($0) },
        write: { text, stream in
            let file = stream == .output ? STDOUT_FILENO : STDERR_FILENO
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                if count < 0, errno != EINTR { return }
                bytes = bytes.dropFirst(max(0, count))
            }
        })
}

/// Standard output and standard error.
enum Terminal {
    private static var surroundings: CommandSurroundings { .current ?? .process }

    /// Whether commands write to this process's own output.
    static var isProcess: Bool { CommandSurroundings.current == nil }
    static var isTerminal: Bool { surroundings.isTerminal }
    static var style: TextStyle { TextStyle(isTerminal: isTerminal, environment: surroundings.variable) }
    static func variable(_ name: String) -> String? { surroundings.variable(name) }
    static func now() -> Timestamp { surroundings.now() }

    /// Writes to standard output, unbuffered: results and their order are what scripts read.
    static func write(_ text: String) { surroundings.write(text, .output) }

    /// Writes a line to standard error.
    static func complain(_ text: String) { surroundings.write(text + "\n", .error) }

    /// Replaces what the screen shows.
    static func redraw(_ text: String) {
        guard isTerminal else { return write(text) }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        write(TerminalFrame.present.drawing(lines))
    }
}
