import ArgumentParser
import Kubernetes
import Manifest

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of this program, and of the cluster.")

    @Flag(help: "Print the number only.")
    var short = false

    @Flag(help: "Do not ask the cluster.")
    var client = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let isPlugin = Invocation.current == .argoRollouts
            if short {
                let number = isPlugin ? "\(Invocation.current.rawValue): v\(Version.number)" : Version.number
                return Terminal.write(number + "\n")
            }
            let server = client || isPlugin ? nil : await serverVersion()
            switch output.output {
            case .json, .yaml:
                var json: JSON = [
                    "version": .string(Version.number), "platform": .string("linux/\(Version.architecture)"),
                ]
                json["server"] = server.map { .string($0) }
                Terminal.write(output.output == .json ? json.prettyPrinted() + "\n" : YAML.emit(json))
            default:
                guard !isPlugin else {
                    Terminal.write(
                        "\(Invocation.current.rawValue): v\(Version.number)\n  Platform: linux/\(Version.architecture)\n"
                    )
                    return
                }
                Terminal.write("sluice \(Version.number) (linux/\(Version.architecture))\n")
                if let server { Terminal.write("Kubernetes \(server)\n") }
            }
        }
    }

    /// The cluster's version; one that cannot be reached is no reason not to tell our own.
    private func serverVersion() async -> String? {
        do {
            return try await connection.connect("version").discovery.serverVersion()["gitVersion"]?.stringValue
        } catch {
            Terminal.complain("the cluster cannot be asked: \(error)")
            return nil
        }
    }
}
