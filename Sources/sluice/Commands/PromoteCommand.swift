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

    @Flag(help: "Keep an inconclusive analysis, take it for good, and go on.")
    var acceptInconclusive = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func validate() throws {
        guard [full, skipCurrentStep, skipAllSteps, acceptInconclusive].filter({ $0 }).count < 2 else {
            throw ValidationError(
                "give only one of --full, --skip-current-step, --skip-all-steps and --accept-inconclusive")
        }
    }

    private var promotion: Promotion {
        if full { return .full }
        if skipCurrentStep { return .skipStep }
        if skipAllSteps { return .skipAllSteps }
        return acceptInconclusive ? .acceptInconclusive : .next
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("promote")
            try await session.changes(dryRun).promote(session.key(name), promotion)
            Terminal.write("rollout '\(name)' \(full ? "fully promoted" : "promoted")\(dryRun.suffix)\n")
        }
    }
}
