import ArgumentParser
import Controllers
import EmbeddedCluster
import Glibc
import Kubernetes
import Logging
import Manifest
import Transport
import UnixSignals

/// Plays a guarded release on a cluster in this process.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Play three acts of a guarded release on a cluster in this process.",
        discussion: """
            Act 1: a good version is promoted. Act 2: a version that answers one request in ten with an error is rejected
            and everything that its commit changed is put back. Act 3: a hand edit is healed.
            It needs git and Prometheus on this machine, and nothing else.
            """)

    enum Output: String, ExpressibleByArgument { case text, json }

    @Flag(help: "End after the acts; exit code 0 only if each ended as told.") var once = false
    @Flag(help: "Leave everything running after the acts, to play with.") var stay = false
    @Option(name: .shortAndLong, help: "text, or json: one object a line for each transition.") var output = Output.text
    @Option(help: "Port of the dashboard; 0 takes any.") var port = 0
    @Option(help: "Port of the shop; 0 takes any.") var shopPort = 0
    @Option(help: "Log level of the controller, written to standard error.") var loglevel = "error"

    func validate() throws {
        if once, stay { throw ValidationError("--once and --stay exclude each other") }
    }

    func run() async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1 && output == .text
        let stage = try await DemoStage.open(dashboardPort: port, shopPort: shopPort, loglevel: loglevel)
        let screen = DemoScreen(output: output, isLive: isTerminal)
        let director = DemoDirector(
            api: stage.api, repository: stage.repository, receiver: stage.receiver, load: stage.load,
            prometheus: stage.prometheus.address, emit: { screen.show($0) })
        await withTaskGroup(of: (any Error)?.self) { group in
            stage.run(in: &group)
            group.addTask {
                do {
                    try await director.follow()
                    return nil
                } catch { return error }
            }
            if isTerminal { group.addTask { await screen.live(director, stage) } }
            group.addTask { await play(director, stage, screen) ?? DemoEnd() }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return Interrupted() }
                return nil
            }
            // The play ends the rest; whatever else ends before it is a failure. Ten servers and their connections are
            // not unwound one by one: the process ends, and takes them with it.
            for await end in group {
                guard let end else { continue }
                screen.draw(director, stage)
                stage.close()
                if end is DemoEnd { Glibc.exit(0) }
                if end is Interrupted { Glibc.exit(screen.hasEnded ? 0 : 130) }
                screen.fail("\(end)")
                Glibc.exit(end is CancellationError ? 130 : 1)
            }
        }
    }

    /// What ends the play as told.
    private struct DemoEnd: Error {}

    /// Ctrl-C: what a stage that stays is ended by; before that the acts were not seen to their end.
    private struct Interrupted: Error {}

    private func play(_ director: DemoDirector, _ stage: DemoStage, _ screen: DemoScreen) async -> (any Error)? {
        do {
            try await stage.waitUntilReady()
            screen.welcome(stage.welcome)
            try await director.setUp()
            try await director.actOne()
            try await director.actTwo()
            try await director.actThree()
            screen.end(["All three acts ended as told."])
            if stay || !once {
                screen.tell(stay ? stage.invitation : [])
                if stay { try await Task.sleep(for: .seconds(86_400 * 365)) }
            }
            return nil
        } catch { return error }
    }
}
