import ArgumentParser
import Controllers
import EmbeddedCluster

struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check the Rollouts and analyses of files without a cluster.",
        discussion: "Prints every problem; ends with exit code 1 if there is any. Warnings go to standard error.")

    @Option(
        name: [.customShort("f"), .customLong("filename")], help: "A file; - reads standard input. May be repeated.")
    var option: [String] = []

    @Argument(help: "Files; - reads standard input.")
    var files: [String] = []

    @OptionGroup(visibility: .hidden) var connection: ConnectionOptions

    func validate() throws {
        guard !(option + files).isEmpty else { throw ValidationError("name a file, or - for standard input") }
    }

    func run() async throws {
        try await reporting {
            var count = 0
            for file in option + files {
                let report = LintReport(try InputFile.read(file), file: file == "-" ? "standard input" : file) {
                    object in
                    StrictDecoding.problems(of: object)?.map { ($0.path, $0.message) }
                }
                count += report.problems.count
                for problem in report.problems { Terminal.write(problem + "\n") }
                for warning in report.warnings { Terminal.complain("warning: \(warning)") }
                if report.problems.isEmpty, report.checked == 0 {
                    Terminal.complain("\(file): no Rollout or analysis in it")
                }
            }
            if count > 0 { throw ExitCode(1) }
        }
    }
}
