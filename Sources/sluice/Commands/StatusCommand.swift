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

    @Flag(
        name: [.short, .long], inversion: .prefixedNo, exclusivity: .chooseLast,
        help: "Wait for the end, or say how it stands now; also --watch=false.")
    var watch = true

    @Option(name: [.short, .long], help: "How long to wait, such as 90s or 5m; 0 waits for ever.")
    var timeout = "0"

    @OptionGroup var connection: ConnectionOptions

    /// `nil` waits for ever.
    private var limit: Duration? { Duration(go: timeout).flatMap { $0 > .zero ? $0 : nil } }

    func validate() throws {
        guard let limit = Duration(go: timeout), limit >= .zero else {
            throw ValidationError("--timeout \(timeout) is no length of time; use such as 90s or 5m")
        }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("status")
            guard watch else {
                let view = RolloutStatusView(try await session.get(.rollouts, name))
                Terminal.write(view.line(isFinal: true) + "\n")
                if view.exitCode == 1 { throw ExitCode(1) }
                return
            }
            let follow = ObjectWatch(session, .rollouts, namespace: session.namespace, name: name, isDetailed: false)
            var last = ""
            var code: Int32 = 1
            let hasEnded = try await follow.run(repeats: false, limit: limit) { seen in
                guard let rollout = seen.objects.first else { throw session.missing(.rollouts, name) }
                let view = RolloutStatusView(rollout)
                let line = view.line(isFinal: false)
                if line != last {
                    Terminal.write(line + "\n")
                    if let hint = view.hint(name, program: Invocation.current.typed, namespace: session.namespace) {
                        Terminal.complain(hint)
                    }
                }
                last = line
                code = view.exitCode ?? 1
                return view.exitCode == nil
            }
            if !hasEnded {
                Terminal.complain("error: rollout '\(name)' was not done within \(timeout); it is \(last)")
            }
            if !hasEnded || code != 0 { throw ExitCode(1) }
        }
    }
}
