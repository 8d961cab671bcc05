import ArgumentParser
import Controllers

struct SetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a Rollout.", subcommands: [SetImage.self])
}

struct SetImage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Give a container of a Rollout another image, which begins an update.")

    @Argument(help: "The Rollout's name.")
    var name: String

    @Argument(help: "CONTAINER=IMAGE; * is all containers.")
    var change: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    private var parts: [String] { change.split(separator: "=", omittingEmptySubsequences: false).map(String.init) }

    func validate() throws {
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw ValidationError("\"\(change)\" is not CONTAINER=IMAGE, such as web=registry.example.org/web:1.9")
        }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("set")
            let done = try await session.changes(dryRun).setImage(
                session.key(name), container: parts[0], image: parts[1])
            Terminal.write("\(done) image updated\(dryRun.suffix)\n")
        }
    }
}
