import ArgumentParser

/// The command line; `kubectl-sluice` is the same program.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice", abstract: "Progressive delivery and GitOps for Kubernetes.",
        subcommands: [
            ControllerCommand.self, DemoCommand.self, GetCommand.self, ListCommand.self, StatusCommand.self,
            PromoteCommand.self, AbortCommand.self, RetryCommand.self, PauseCommand.self, WhyCommand.self,
            PlanCommand.self, RecordCommand.self, ReplayCommand.self,
            LintCommand.self, RenderCommand.self, AppCommand.self, TraceCommand.self, VersionCommand.self,
        ])
}
