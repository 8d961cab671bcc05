import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct AbortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Stop an update and put all traffic back on the stable version.")

    @OptionGroup var moving: MoveOptions

    func run() async throws {
        try await moving.move("abort", .abort, "aborted")
    }
}

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold a Rollout where it is, until it is promoted.")

    @OptionGroup var moving: MoveOptions

    func run() async throws {
        try await moving.move("pause", .pause, "paused")
    }
}

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Replace every pod of a Rollout, a few at a time.")

    @Argument(help: "The Rollout's name.")
    var name: String

    @Option(name: [.customShort("i"), .customLong("in")], help: "How long from now, such as 10s or 2m.")
    var delay = "0s"

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    private var length: Duration? { Duration(go: delay).flatMap { $0 >= .zero ? $0 : nil } }

    func validate() throws {
        guard length != nil else {
            throw ValidationError("--in \(delay) is no length of time; use such as 10s, 2m or 1h30m")
        }
    }

    func run() async throws {
        try await reporting {
            let time = Terminal.now() + (length ?? .zero)
            try await connection.connect("restart").move([name], .restart(at: time), "restarts in \(delay)", dryRun)
        }
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try an aborted update or an Experiment again.",
        subcommands: [RetryRollout.self, RetryExperiment.self], defaultSubcommand: RetryRollout.self)
}

struct RetryRollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout", abstract: "Try an aborted update again; the word rollout may be left out.",
        aliases: ["ro", "rollouts"])

    @OptionGroup var moving: MoveOptions

    func run() async throws {
        try await moving.move("retry", .retry, "retried")
    }
}

struct RetryExperiment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment", abstract: "Have an Experiment begin again.", aliases: ["exp", "experiments"])

    @OptionGroup var moving: MoveOptions

    func run() async throws {
        try await moving.move("retry", .retryExperiment, "retried", of: .experiments, called: "experiment")
    }
}

struct TerminateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terminate", abstract: "End an AnalysisRun or Experiment before its time.",
        subcommands: [TerminateAnalysisRun.self, TerminateExperiment.self])
}

struct TerminateAnalysisRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analysisrun", abstract: "End AnalysisRuns: what is being measured is stopped.",
        aliases: ["ar", "analysisruns"])

    @OptionGroup var moving: MoveOptions

    func run() async throws {
        try await moving.move("terminate", .terminate, "terminated", of: .analysisRuns, called: "analysisRun")
    }
}

struct TerminateExperiment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment", abstract: "End Experiments: their pods are removed.",
        aliases: ["exp", "experiments"])

    @OptionGroup var moving: MoveOptions

    func run() async throws {
        try await moving.move("terminate", .terminate, "terminated", of: .experiments, called: "experiment")
    }
}

/// What commands take that move one object or more.
struct MoveOptions: ParsableArguments {
    @Argument(help: "One name or more.")
    var names: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    /// Sends each object the patch of `command`, and says that it was `done`.
    func move(
        _ command: String, _ patch: RolloutPatch, _ done: String, of resource: Resource = .rollouts,
        called kind: String = "rollout"
    ) async throws {
        try await reporting {
            try await connection.connect(command).move(names, patch, done, dryRun, of: resource, called: kind)
        }
    }
}

extension ClusterSession {
    /// Sends one patch to each of several objects, and says so.
    fileprivate func move(
        _ names: [String], _ patch: RolloutPatch, _ done: String, _ dryRun: DryRunOptions,
        of resource: Resource = .rollouts, called kind: String = "rollout"
    ) async throws {
        for name in names {
            // What does not exist is said before anything is sent, also in a dry run.
            _ = try await get(resource, name)
            try await changes(dryRun).send(patch, to: resource, key(name))
            Terminal.write("\(kind) '\(name)' \(done)\(dryRun.suffix)\n")
        }
    }
}
