import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show one object with all that belongs to it.",
        subcommands: [GetRollout.self, GetExperiment.self])
}

struct GetRollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout", abstract: "Show a Rollout: its summary and the tree of its revisions.",
        aliases: ["ro", "rollouts"])

    @Argument(help: "The Rollout's name.")
    var name: String

    @OptionGroup var viewing: ViewingOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting { try await viewing.show(.rollouts, name, try connection.connect("get"), output) }
    }
}

struct GetExperiment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment", abstract: "Show an Experiment: its summary and the tree of its objects.",
        aliases: ["exp", "experiments"])

    @Argument(help: "The Experiment's name.")
    var name: String

    @OptionGroup var viewing: ViewingOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting { try await viewing.show(.experiments, name, try connection.connect("get"), output) }
    }
}

/// How an object is shown: once, or again with each change.
struct ViewingOptions: ParsableArguments {
    @Flag(name: [.short, .long], help: "Go on and show every change.")
    var watch = false

    @Flag(help: "Print no colours.")
    var noColor = false

    @Option(help: "End a watch after this many seconds; 0 never ends it.")
    var timeoutSeconds = 0

    var style: TextStyle { noColor ? .plain : Terminal.style }

    func show(
        _ resource: Resource, _ name: String, _ session: ClusterSession, _ output: OutputOptions
    ) async throws {
        if watch { return try await follow(resource, name, session, output) }
        let object = try await session.get(resource, name)
        if output.print([object], list: false) { return }
        let related = try await RelatedObjects(session, namespace: session.namespace)
        Terminal.write(text(resource, object, related))
    }

    /// Shows an object again with each change, until the time is over.
    func follow(
        _ resource: Resource, _ name: String, _ session: ClusterSession, _ output: OutputOptions? = nil
    ) async throws {
        let follow = ObjectWatch(session, resource, namespace: session.namespace, name: name, isDetailed: true)
        let limit = timeoutSeconds > 0 ? Duration.seconds(timeoutSeconds) : nil
        _ = try await follow.run(repeats: Terminal.isTerminal, limit: limit) { seen in
            guard let object = seen.objects.first else { throw session.missing(resource, name) }
            if output?.print([object], list: false) != true {
                let problem = seen.problem.map { "(not up to date: \($0))\n" } ?? ""
                Terminal.redraw(text(resource, object, seen.related) + problem)
            }
            return true
        }
    }

    private func text(_ resource: Resource, _ object: JSON, _ related: RelatedObjects) -> String {
        if resource == .experiments {
            return ExperimentView(
                object, replicaSets: related.replicaSets, pods: related.pods, analysisRuns: related.analysisRuns,
                now: Terminal.now()
            ).text(style)
        }
        return RolloutView(
            rollout: object, replicaSets: related.replicaSets, pods: related.pods,
            analysisRuns: related.analysisRuns, experiments: related.experiments, now: Terminal.now()
        ).text(style)
    }
}
