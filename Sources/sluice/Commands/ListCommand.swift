import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List objects.", subcommands: [ListRollouts.self, ListExperiments.self])
}

struct ListRollouts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollouts", abstract: "List Rollouts with their steps and weights.", aliases: ["ro", "rollout"])

    @Option(help: "List only the Rollout of this name.")
    var name: String?

    @Flag(name: [.customShort("A"), .long], help: "List those of all namespaces.")
    var allNamespaces = false

    @Flag(name: [.short, .long], help: "Go on and print every line that changes.")
    var watch = false

    @Flag(help: "Print the time of each line.")
    var timestamps = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let session = try connection.connect("list")
            let namespace = allNamespaces ? nil : session.namespace
            guard watch else {
                let rollouts = try await session.list(.rollouts, namespace: namespace)
                    .filter { name == nil || $0.objectKey.name == name }
                if output.print(rollouts, list: true) { return }
                if rollouts.isEmpty { return Terminal.complain("No resources found.") }
                Terminal.write(table(rollouts).text())
                return
            }
            let follow = ObjectWatch(session, .rollouts, namespace: namespace, name: name, isDetailed: false)
            var shown: [ObjectKey: RolloutRow] = [:]
            var isFirst = true
            _ = try await follow.run(repeats: false, limit: nil) { seen in
                let rows = seen.objects.map { ($0.objectKey, RolloutRow($0)) }
                // All rows, so that the columns of every line agree.
                let lines = table(seen.objects).lines()
                if isFirst, let header = lines.first { Terminal.write(header + "\n") }
                for ((key, row), line) in zip(rows, lines.dropFirst()) where shown[key] != row {
                    Terminal.write(line + "\n")
                }
                shown = Dictionary(rows, uniquingKeysWith: { $1 })
                isFirst = false
                return true
            }
        }
    }

    private func table(_ rollouts: [JSON]) -> TextTable {
        RolloutRow.table(
            rollouts, timestamp: timestamps ? Terminal.now().wholeSeconds.rfc3339 : nil,
            showsNamespace: allNamespaces, isWide: output.output == .wide)
    }
}

struct ListExperiments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiments", abstract: "List Experiments and how long they still run.",
        aliases: ["exp", "experiment"])

    @Flag(name: [.customShort("A"), .long], help: "List those of all namespaces.")
    var allNamespaces = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let session = try connection.connect("list")
            let experiments = try await session.list(
                .experiments, namespace: allNamespaces ? nil : session.namespace)
            if output.print(experiments, list: true) { return }
            if experiments.isEmpty { return Terminal.complain("No resources found.") }
            Terminal.write(
                ExperimentRow.table(experiments, showsNamespace: allNamespaces, now: Terminal.now()).text())
        }
    }
}
