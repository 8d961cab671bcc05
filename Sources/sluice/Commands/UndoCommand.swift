import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Go back to an earlier revision, as an update of its own.",
        discussion: "An Application that syncs by itself puts back what Git says; revert the commit there.")

    @Argument(help: "The Rollout's name.")
    var name: String

    @Option(help: "The revision to go back to; 0 is the one before the newest.")
    var toRevision: Int64 = 0

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func validate() throws {
        guard toRevision >= 0 else {
            throw ValidationError("--to-revision \(toRevision) is no revision; use 0 or more")
        }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("undo")
            let done = try await session.changes(dryRun).undo(session.key(name), to: toRevision)
            if done.wasThere {
                Terminal.write(
                    "rollout '\(name)' skipped: its template is that of revision \(done.revision) already\n")
            } else {
                Terminal.write("rollout '\(name)' undo\(dryRun.suffix)\n")
            }
        }
    }
}
