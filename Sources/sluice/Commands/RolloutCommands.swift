import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Move a Rollout past the pause it stands at, or to its end.")

    @Argument(help: "The Rollout's name.")
    var name: String

    @Flag(help: "Go to the end, without steps, pauses and analysis.")
    var full = false

    @Flag(name: [.customShort("c"), .long], help: "Skip the current step (deprecated).")
    var skipCurrentStep = false

    @Flag(name: [.customShort("a"), .long], help: "Skip all steps (deprecated).")
    var skipAllSteps = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func validate() throws {
        guard [full, skipCurrentStep, skipAllSteps].filter({ $0 }).count < 2 else {
            throw ValidationError("give only one of --full, --skip-current-step and --skip-all-steps")
        }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("promote")
            let promotion: Promotion =
                if full { .full } else if skipCurrentStep { .skipStep } else if skipAllSteps { .skipAllSteps } else {
                    .next
                }
            let rollout = try await session.get(.rollouts, name)
            let patches = try promotion.patches(for: rollout)
            try await session.send(
                patches, to: .rollouts, name, resourceVersion: rollout.resourceVersion, dryRun: dryRun)
            Terminal.write("rollout '\(name)' \(full ? "fully promoted" : "promoted")\(dryRun.suffix)\n")
        }
    }
}

struct AbortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Stop an update and put all traffic back on the stable version.")

    @Argument(help: "Names of Rollouts.")
    var names: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func run() async throws {
        try await reporting { try await change(names, .abort, "aborted", connection.connect("abort"), dryRun) }
    }
}

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold a Rollout where it is, until it is promoted.")

    @Argument(help: "Names of Rollouts.")
    var names: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func run() async throws {
        try await reporting { try await change(names, .pause, "paused", connection.connect("pause"), dryRun) }
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try an aborted update again.", usage: "sluice retry [rollout] <names> ...")

    @Argument(help: "Names of Rollouts; the word rollout may stand before them.")
    var names: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func run() async throws {
        var names = names
        if names.count > 1, ["rollout", "ro", "rollouts"].contains(names[0]) { names.removeFirst() }
        try await reporting { try await change(names, .retry, "retried", connection.connect("retry"), dryRun) }
    }
}

extension AsyncParsableCommand {
    fileprivate func change(
        _ names: [String], _ patch: RolloutPatch, _ done: String, _ session: ClusterSession, _ dryRun: DryRunOptions
    ) async throws {
        for name in names {
            // What does not exist is said before anything is sent, also in a dry run.
            _ = try await session.get(.rollouts, name)
            try await session.send([patch], to: .rollouts, name, resourceVersion: nil, dryRun: dryRun)
            Terminal.write("rollout '\(name)' \(done)\(dryRun.suffix)\n")
        }
    }
}
