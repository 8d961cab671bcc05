import EmbeddedCluster
import Glibc
import Manifest

/// Writes the demo's story: JSON lines, plain lines, or a live picture on a terminal.
final class DemoScreen: Sendable {
    private let output: DemoCommand.Output
    private let isLive: Bool
    private let view: DemoView
    private let notes = Lock<[String]>([])
    private let ended = Lock(false)

    init(output: DemoCommand.Output, isLive: Bool) {
        self.output = output
        self.isLive = isLive
        let environment = { (name: String) in getenv(name).map { String(cString: $0) } }
        view = DemoView(usesColour: isLive && environment("NO_COLOR") == nil && environment("TERM") != "dumb")
    }

    /// Shows one transition.
    func show(_ line: DemoLine) {
        switch output {
        case .json: write(line.json.description, to: STDOUT_FILENO)
        case .text:
            let verdict = line.verdict.isEmpty ? "" : "  → \(line.verdict)"
            let note = line.note.isEmpty ? "" : "  \(line.note.prefix(160))"
            add(
                "\(line.time.rfc3339.dropFirst(11).prefix(8))  \(line.object)  \(line.phase)  \(line.weight) %\(verdict)\(note)"
            )
        }
    }

    /// Tells people where things are; a live picture shows that at all times.
    func welcome(_ lines: [String]) {
        if !isLive { tell(lines) }
    }

    /// Tells people something that is no transition.
    func tell(_ lines: [String]) {
        for line in lines {
            if output == .json { write(line, to: STDERR_FILENO) } else { add(line) }
        }
    }

    /// Tells people that the acts are over.
    func end(_ lines: [String]) {
        ended.withLock { $0 = true }
        tell(lines)
    }

    /// Whether the acts are over.
    var hasEnded: Bool { ended.withLock { $0 } }

    func fail(_ reason: String) {
        write("The demo did not end as told: \(reason)", to: STDERR_FILENO)
    }

    /// Redraws until cancelled.
    func live(_ director: DemoDirector, _ stage: DemoStage) async -> (any Error)? {
        while !Task.isCancelled {
            draw(director, stage)
            try? await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }

    /// Draws the picture as it is now.
    func draw(_ director: DemoDirector, _ stage: DemoStage) {
        guard isLive else { return }
        let (act, commit, state) = director.snapshot
        let frame = TerminalFrame.present
        let lines = view.picture(
            welcome: stage.welcome,
            story: view.lines(act: act, commit: commit, state: state, load: stage.load.counts),
            notes: notes.withLock { $0 }, rows: frame.rows)
        write(frame.drawing(lines), to: STDOUT_FILENO, end: "")
    }

    private func add(_ line: String) {
        notes.withLock { notes in
            notes.append(line)
            if notes.count > 100 { notes.removeFirst(50) }
        }
        if !isLive { write(line, to: STDOUT_FILENO) }
    }

    private func write(_ line: String, to descriptor: Int32, end: String = "\n") {
        let bytes = Array((line + end).utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
