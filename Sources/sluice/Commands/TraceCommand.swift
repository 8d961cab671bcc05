import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Follow a commit: what it changed, which revisions came of it, what was measured, and the verdict.")

    @Argument(help: "The commit, or at least its first four digits.")
    var commit: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard commit.count >= 4 else { throw ValidationError("give at least the first four digits of the commit") }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("trace")
            let wanted = commit.lowercased()
            let releases = try await session.list(.releases, namespace: connection.namespace)
                .filter { $0.at("spec", "revision")?.stringValue?.lowercased().hasPrefix(wanted) == true }
                .sorted(by: ReleaseView.isOlder)
            if releases.isEmpty {
                Terminal.complain("no Release has the commit \(commit); it was never applied, or its Release is gone")
                throw ExitCode(1)
            }
            if output.print(releases, list: true) { return }
            for release in releases { Terminal.write(try await text(of: release, session)) }
        }
    }

    private func text(of release: JSON, _ session: ClusterSession) async throws -> String {
        let now = Terminal.now()
        var traces: [RolloutTrace] = []
        for key in ReleaseView(release, now: now).rolloutKeys {
            guard let rollout = try await session.client.get(.rollouts, key, subresource: nil) else { continue }
            traces.append(
                RolloutTrace(
                    rollout, replicaSets: try await session.list(.replicaSets, namespace: key.namespace),
                    analysisRuns: try await session.list(.analysisRuns, namespace: key.namespace)))
        }
        return ReleaseView(release, rollouts: traces, now: now).tree(Terminal.style)
    }
}
