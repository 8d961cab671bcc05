import ArgumentParser
import Controllers
import Kubernetes
import Manifest

struct AppSync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Bring the cluster to what the source says, and wait for it.",
        discussion: "Ends with exit code 1 if the sync fails.")

    @Argument(help: "The Application, as NAME or NAMESPACE/NAME.")
    var name: String

    @Option(help: "A revision other than the Application's target.")
    var revision = ""

    @Flag(help: "Delete what the source no longer has.")
    var prune = false

    @Flag(help: "Do not wait for the end.")
    var async = false

    @Option(help: "How long to wait, such as 90s or 5m; 0 waits for ever.")
    var timeout = "0"

    @OptionGroup var options: ApplicationOptions
    @OptionGroup var dryRun: DryRunOptions

    func validate() throws {
        guard Duration(go: timeout) != nil else {
            throw ValidationError("--timeout \(timeout) is no length of time; use such as 90s or 5m")
        }
    }

    func run() async throws {
        let limit = Duration(go: timeout) ?? .zero
        try await reporting {
            let (session, name) = try options.connect("app", name)
            let application = try await session.get(.applications, name)
            let phase = application.at("status", "operationState", "phase")?.stringValue
            guard application["operation"] == nil, phase != "Running", phase != "Terminating" else {
                throw CommandError(
                    "Application \(name) is being synced already; wait for that with `sluice app get \(name)`")
            }
            var sync = JSON.emptyObject
            if !revision.isEmpty { sync["revision"] = .string(revision) }
            if prune { sync["prune"] = true }
            let user = Terminal.variable("USER") ?? ""
            let patch = RolloutPatch(
                ["operation": ["sync": sync, "initiatedBy": ["username": .string(user)]]], isStatus: false)
            try await session.changes(dryRun).change(.applications, session.key(name)) { _ in
                [patch]
            } difference: { _, newer in
                newer["operation"] == nil ? nil : "another sync was asked for"
            }
            Terminal.write("application '\(name)' sync requested\(dryRun.suffix)\n")
            if async || dryRun.dryRun != .none { return }
            try await wait(session, name, before: application.at("status", "operationState", "startedAt"), limit)
        }
    }

    private func wait(_ session: ClusterSession, _ name: String, before: JSON?, _ limit: Duration) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var last = ""
        while true {
            let application = try await session.get(.applications, name)
            let state = application.at("status", "operationState")
            // An operation that began with ours in it: the request is gone, and the start is another.
            if application["operation"] == nil, let state, state["startedAt"] != before {
                let phase = state["phase"]?.stringValue ?? ""
                let message = state["message"]?.stringValue ?? ""
                let line = message.isEmpty ? phase : "\(phase) - \(message)"
                if line != last { Terminal.write(line + "\n") }
                last = line
                switch phase {
                case "Succeeded": return
                case "Failed", "Error": throw ExitCode(1)
                default: break
                }
            }
            if limit > .zero, clock.now - start >= limit {
                Terminal.complain("error: the sync was not done within \(timeout)")
                throw ExitCode(1)
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
