import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct AppCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app", abstract: "Look at Applications and sync them.",
        subcommands: [AppList.self, AppGet.self, AppSync.self, AppHistory.self],
        aliases: ["application", "applications"])
}

/// Where Applications stand, and which one is meant.
struct ApplicationOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    /// The session in the namespace of Applications: `-n`, or the part before the slash of the name, or `argocd`.
    func connect(_ command: String, _ name: String) throws -> (session: ClusterSession, name: String) {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        let session = try connection.connect(command)
        let namespace = parts.count > 1 ? parts[0] : connection.namespace.nonEmpty ?? "argocd"
        return (
            ClusterSession(client: session.client, discovery: session.discovery, namespace: namespace),
            parts.last ?? name
        )
    }
}

extension ClusterSession {
    /// The Releases of an Application.
    func releases(of application: String) async throws -> [JSON] {
        try await list(.releases, namespace: namespace)
            .filter { $0.labels["sluice.dev/application"] == application }
    }
}

struct AppList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List Applications of all namespaces, or of one with -n.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let session = try connection.connect("app")
            let applications = try await session.list(.applications, namespace: connection.namespace)
            if output.print(applications, list: true) { return }
            if applications.isEmpty { return Terminal.complain("No resources found.") }
            Terminal.write(ApplicationRow.table(applications, isWide: output.output == .wide).text())
        }
    }
}

struct AppGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show an Application and its objects.")

    @Argument(help: "The Application, as NAME or NAMESPACE/NAME.")
    var name: String

    @Flag(help: "Have it compared with its source again first.")
    var refresh = false

    @OptionGroup var options: ApplicationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let (session, name) = try options.connect("app", name)
            if refresh { try await self.refresh(session, name) }
            let application = try await session.get(.applications, name)
            if output.print([application], list: false) { return }
            let releases = try await session.releases(of: name)
            let view = ApplicationView(application, releases: releases, now: Terminal.now())
            Terminal.write(view.text(Terminal.style))
        }
    }

    private func refresh(_ session: ClusterSession, _ name: String) async throws {
        let mark = "argocd.argoproj.io/refresh"
        _ = try await session.client.patch(
            .applications, session.key(name), .merge, ["metadata": ["annotations": [mark: "normal"]]],
            subresource: nil, WriteOptions(fieldManager: "kubectl-sluice"))
        for _ in 0..<120 {
            if try await session.get(.applications, name).annotations[mark] == nil { return }
            try await Task.sleep(for: .milliseconds(500))
        }
        Terminal.complain("warning: the controller has not taken up the refresh within a minute")
    }
}

struct AppHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List what was synced, and what became of it.")

    @Argument(help: "The Application, as NAME or NAMESPACE/NAME.")
    var name: String

    @OptionGroup var options: ApplicationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let (session, name) = try options.connect("app", name)
            let application = try await session.get(.applications, name)
            let releases = try await session.releases(of: name)
            if output.print(releases, list: true) { return }
            Terminal.write(ApplicationView(application, releases: releases, now: Terminal.now()).history.text())
        }
    }
}
