import Glibc
import Manifest
import Subprocess
import SystemPackage

/// A long-running program beside ours, such as Prometheus: its last lines are kept, and it never outlives us.
package final class ChildProcess: Sendable {
    private struct State: Sendable {
        var pid: pid_t?
        var lines: [String] = []
        var onLine: (@Sendable (String) -> Void)?
    }

    /// Every child that runs, for `killAll()`.
    private static let running = Lock<Set<Int32>>([])

    /// Kills every child; for a process that is about to end without unwinding its tasks.
    package static func killAll() {
        for pid in running.withLock({ $0 }) { _ = kill(pid, SIGKILL) }
    }

    /// Asks every child to end, so that it can give up what it holds, and kills those that take too long.
    package static func endAll(within limit: Duration = .seconds(3)) {
        for pid in running.withLock({ $0 }) { _ = kill(pid, SIGTERM) }
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline, running.withLock({ $0.contains { waitpid($0, nil, WNOHANG) == 0 } }) {
            usleep(50_000)
        }
        killAll()
    }

    /// Lines of output that are kept for an error message.
    private static let keptLines = 400

    package let executable: String
    private let arguments: [String]
    private let environment: [String: String]
    private let state = Lock(State())

    /// - Parameters:
    ///   - executable: A path, or a name that is looked up in `PATH`.
    ///   - environment: Added to what we inherit.
    package init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// The process id while it runs.
    package var pid: Int32? { state.withLock { $0.pid } }

    /// The last lines that it wrote, both streams together.
    package var output: String { state.withLock { $0.lines.joined(separator: "\n") } }

    /// Called with each line that it writes.
    package func onLine(_ body: @escaping @Sendable (String) -> Void) { state.withLock { $0.onLine = body } }

    /// Runs the program until it ends; when the task is cancelled it is asked to end, and after two seconds made to.
    /// - Returns: How it ended, in words: `exited with 1`, `ended by signal 9`.
    @discardableResult
    package func run() async throws -> String {
        var updates: [Environment.Key: String?] = [:]
        for (key, value) in environment { updates[Environment.Key(stringLiteral: key)] = value }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            executable.contains("/") ? .path(.init(executable)) : .name(executable),
            arguments: Arguments(arguments), environment: .inherit.updating(updates), platformOptions: options,
            input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            let pid = execution.processIdentifier.value
            state.withLock { $0.pid = pid }
            Self.running.withLock { _ = $0.insert(pid) }
            defer { Self.running.withLock { _ = $0.remove(pid) } }
            for try await line in execution.standardOutput.strings() { keep(line) }
        }
        state.withLock { $0.pid = nil }
        return switch result.terminationStatus {
        case .exited(let code): "exited with \(code)"
        case .signaled(let signal): "ended by signal \(signal)"
        }
    }

    /// Sends a signal, such as `SIGKILL`; does nothing when it is not running.
    package func signal(_ number: Int32) {
        if let pid { _ = kill(pid, number) }
    }

    private func keep(_ line: String) {
        let line = line.hasSuffix("\n") ? String(line.dropLast()) : line
        let onLine = state.withLock { state in
            state.lines.append(line)
            if state.lines.count > Self.keptLines { state.lines.removeFirst(Self.keptLines / 2) }
            return state.onLine
        }
        onLine?(line)
    }
}
