import ArgumentParser
import Glibc

/// The program from arguments to exit code.
package enum Program {
    /// Exit code after Ctrl-C.
    private static let interrupted: Int32 = 130

    /// Runs one command; `main` does nothing else.
    /// - Parameters:
    ///   - arguments: Without the program's name.
    ///   - invocation: What it was called as.
    /// - Returns: The exit code.
    package static func run(_ arguments: [String], as invocation: Invocation) async -> Int32 {
        await Invocation.$current.withValue(invocation) {
            invocation.exitCode(await run(ArgumentOrder.parsable(arguments, root: Sluice.self)))
        }
    }

    private static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try Sluice.parseAsRoot(arguments)
            // Servers end in their own way; everything else has nothing to put away.
            if !(command is ControllerCommand), !(command is DemoCommand) { endOnInterrupt() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            var code = Sluice.exitCode(for: error).rawValue
            let message = Sluice.fullMessage(for: error)
            // `get` alone says what may follow; that nothing did is a mistake.
            if error is CleanExit, code == 0, !asksForHelp(arguments) { code = ExitCode.validationFailure.rawValue }
            if !message.isEmpty {
                // Help that was asked for is a result.
                if code == 0 {
                    Terminal.write(message + "\n")
                } else {
                    Terminal.complain(message + choices(after: arguments))
                }
            }
            return code
        }
    }

    /// What may follow a word such as `get`, where another word follows: the parser only counts unexpected arguments.
    private static func choices(after arguments: [String]) -> String {
        var command: any ParsableCommand.Type = Sluice.self
        var rest = arguments[...]
        while let word = rest.popFirst() {
            let names = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map {
                $0._commandName
            }
            // With a default the word was for that.
            guard !names.isEmpty, command.configuration.defaultSubcommand == nil else { return "" }
            if word.hasPrefix("-") {
                if ArgumentOrder.connectionOptions.contains(word) { rest = rest.dropFirst() }
            } else if let next = ArgumentOrder.subcommand(of: command, word) {
                command = next
            } else {
                return
                    "\n\(command._commandName) has no \(word.debugDescription); it has \(names.joined(separator: ", "))"
            }
        }
        return ""
    }

    private static func asksForHelp(_ arguments: [String]) -> Bool {
        if arguments.isEmpty { return Invocation.current != .argoRollouts }
        return arguments.first == "help" || arguments.contains { ["-h", "--help", "--help-hidden"].contains($0) }
    }

    private static func endOnInterrupt() {
        guard Terminal.isProcess else { return }
        // A handler may use nothing of ours, and so there is one for each code.
        if Invocation.current.exitCode(interrupted) == interrupted {
            signal(SIGINT) { _ in _exit(130) }
        } else {
            signal(SIGINT) { _ in _exit(1) }
        }
    }
}

/// The root of all commands.
struct Sluice: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Invocation.current.rawValue, abstract: "Progressive delivery and GitOps for Kubernetes.",
            groupedSubcommands: [
                CommandGroup(
                    name: "Viewing",
                    subcommands: [
                        GetCommand.self, ListCommand.self, StatusCommand.self, WhyCommand.self, DashboardCommand.self,
                    ]),
                CommandGroup(
                    name: "Moving",
                    subcommands: [
                        PromoteCommand.self, AbortCommand.self, RetryCommand.self, PauseCommand.self,
                        RestartCommand.self, UndoCommand.self, SetCommand.self, TerminateCommand.self,
                        CreateCommand.self,
                    ]),
                CommandGroup(
                    name: "GitOps", subcommands: [AppCommand.self, TraceCommand.self]),
                CommandGroup(
                    name: "Checking",
                    subcommands: [
                        LintCommand.self, RenderCommand.self, PlanCommand.self, RecordCommand.self, ReplayCommand.self,
                    ]),
                CommandGroup(
                    name: "Other",
                    subcommands: [
                        NotificationsCommand.self, CompletionCommand.self, VersionCommand.self,
                        ControllerCommand.self, DemoCommand.self,
                    ]),
            ])
    }
}
