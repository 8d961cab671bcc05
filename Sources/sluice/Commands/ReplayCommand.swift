import ArgumentParser
import Controllers
import Kubernetes
import Manifest
import RolloutEngine

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Decide again what a recording says was decided.",
        discussion: """
            Prints each decision of a file that `sluice record get` made, and ends with exit code 1 if this version decides
            otherwise anywhere: a bug report is a file.
            """)

    @Argument(help: "The recording; - reads standard input.")
    var file: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let text = String(decoding: try InputFile.read(file), as: UTF8.self)
            let results = try Recording.replay(text)
            let differing = results.filter { $0.difference != nil }
            switch output.output {
            case .json, .yaml:
                let json: JSON = [
                    "decisions": JSON(results.count), "differing": JSON(differing.count),
                    "items": .array(
                        results.map { result in
                            var entry: JSON = [
                                "time": .string(result.now.rfc3339), "summary": .string(result.summary),
                                "same": .bool(result.difference == nil),
                            ]
                            if let difference = result.difference {
                                entry["recorded"] = difference.recorded
                                entry["now"] = difference.now
                            }
                            return entry
                        }),
                ]
                Terminal.write(output.output == .yaml ? YAML.emit(json) : json.prettyPrinted() + "\n")
            default:
                for result in results {
                    Terminal.write(
                        "\(result.now.rfc3339) \(result.rollout) \(result.difference == nil ? "same" : "DIFFERS") \(result.summary)\n"
                    )
                    guard let difference = result.difference else { continue }
                    Terminal.write("  recorded: \(difference.recorded)\n  now:      \(difference.now)\n")
                }
                Terminal.write(
                    differing.isEmpty
                        ? "\(results.count) decisions, all the same\n"
                        : "\(differing.count) of \(results.count) decisions differ\n")
            }
            if !differing.isEmpty { throw ExitCode(1) }
        }
    }
}
