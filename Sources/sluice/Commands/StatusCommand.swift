import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how a Rollout is doing, and wait until it is done.",
        discussion: "Ends with exit code 0 when it is healthy, 1 when it is degraded or the time is over.")

    @Argument(help: "The Rollout's name.")
    var name: String

    @Option(name: [.short, .long], help: "Wait for the end; false says how it stands now.")
    var watch = true

    @Option(name: [.short, .long], help: "How long to wait, such as 90s or 5m; 0 waits for ever.")
    var timeout = "0"

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        guard let limit = Duration(go: timeout) else {
            throw ValidationError("--timeout \(timeout) is no length of time; use such as 90s or 5m")
        }
        try await reporting {
            let session = try connection.connect("status")
            guard watch else {
                let view = RolloutStatusView(try await session.get(.rollouts, name))
                Terminal.write(view.line(isFinal: true) + "\n")
                if view.exitCode == 1 { throw ExitCode(1) }
                return
            }
            let follow = RolloutWatch(session, namespace: session.namespace, name: name, isDetailed: false)
            var last = ""
            var code: Int32 = 1
            let hasEnded = try await follow.run(repeats: false, limit: limit > .zero ? limit : nil) { seen in
                guard let rollout = seen.rollouts.first else {
                    throw CommandError(
                        "there is no Rollout \(name) in namespace \(session.namespace); choose another with -n")
                }
                let view = RolloutStatusView(rollout)
                let line = view.line(isFinal: false)
                if line != last { Terminal.write(line + "\n") }
                last = line
                code = view.exitCode ?? 1
                return view.exitCode == nil
            }
            if !hasEnded { Terminal.complain("error: the Rollout was not done within \(timeout)") }
            if !hasEnded || code != 0 { throw ExitCode(1) }
        }
    }
}
