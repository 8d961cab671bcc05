import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show one object with all that belongs to it.", subcommands: [GetRollout.self])
}

struct GetRollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout", abstract: "Show a Rollout: its summary and the tree of its revisions.",
        aliases: ["ro", "rollouts"])

    @Argument(help: "The Rollout's name.")
    var name: String

    @Flag(name: [.short, .long], help: "Go on and show every change.")
    var watch = false

    @Flag(help: "Print no colours.")
    var noColor = false

    @Option(help: "End a watch after this many seconds; 0 never ends it.")
    var timeoutSeconds = 0

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let session = try connection.connect("get")
            let style = noColor ? TextStyle.plain : Terminal.style
            guard watch else {
                let rollout = try await session.get(.rollouts, name)
                if output.print([rollout], list: false) { return }
                var others: [[JSON]] = []
                for kind in [Resource.replicaSets, .pods, .analysisRuns, Kinds.experiments] {
                    others.append(try await session.list(kind, namespace: session.namespace))
                }
                Terminal.write(Self.view(rollout, others).text(style))
                return
            }
            let follow = RolloutWatch(session, namespace: session.namespace, name: name, isDetailed: true)
            let limit = timeoutSeconds > 0 ? Duration.seconds(timeoutSeconds) : nil
            _ = try await follow.run(repeats: Terminal.isTerminal, limit: limit) { seen in
                guard let rollout = seen.rollouts.first else {
                    throw CommandError(
                        "there is no Rollout \(name) in namespace \(session.namespace); choose another with -n")
                }
                if !output.print([rollout], list: false) {
                    let problem = seen.problem.map { "(not up to date: \($0))\n" } ?? ""
                    Terminal.redraw(Self.view(rollout, seen.others).text(style) + problem)
                }
                return true
            }
        }
    }

    /// - Parameter others: ReplicaSets, pods, AnalysisRuns and Experiments.
    private static func view(_ rollout: JSON, _ others: [[JSON]]) -> RolloutView {
        RolloutView(
            rollout: rollout, replicaSets: others[0], pods: others[1], analysisRuns: others[2], experiments: others[3],
            now: SystemClock().now())
    }
}
