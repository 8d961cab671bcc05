import ArgumentParser
import Controllers
import Kubernetes
import Manifest
import Transport

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "What a live controller decided lately.", subcommands: [Get.self])

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the latest decisions about a Rollout to a file that `sluice replay` reads.",
            discussion: """
                Asks the controller through the API server's proxy to its Service, or directly at --controller. Of pod
                templates only digests are in it.
                """)

        @Argument(help: "The Rollout.")
        var name: String

        @Option(help: "Address of the controller's web server, such as http://127.0.0.1:3100.")
        var controller: String?

        @Option(help: "Namespace of the controller's Service.")
        var controllerNamespace = "sluice-system"

        @Option(help: "The file to write; standard output by default.")
        var file: String?

        @OptionGroup var connection: ConnectionOptions

        func run() async throws {
            try await reporting {
                let session = try connection.connect("record")
                let path = "api/v1/rollouts/\(session.namespace)/\(name)/recording"
                let answer = try await ask(session, path)
                guard let text = answer["recording"]?.stringValue else {
                    throw CommandError(
                        "the controller has recorded nothing of Rollout \(name) in namespace \(session.namespace); it keeps the latest decisions since its start"
                    )
                }
                if let file { try OutputFile.write(Array(text.utf8), to: file) } else { Terminal.write(text) }
            }
        }

        private func ask(_ session: ClusterSession, _ path: String) async throws -> JSON {
            if let controller {
                let response = try await HTTPClient().send(HTTPRequest("GET", "\(controller)/\(path)"))
                guard response.status == 200 else {
                    throw CommandError("cannot read \(controller)/\(path): the server answered \(response.status)")
                }
                return try JSON(parsing: response.body)
            }
            let service = ObjectKey(namespace: controllerNamespace, name: "sluice:http")
            guard let answer = try await session.client.get(.services, service, subresource: "proxy/\(path)") else {
                throw CommandError(
                    "there is no Service sluice in namespace \(controllerNamespace), or it knows no Rollout \(name); name the controller with --controller-namespace or --controller"
                )
            }
            return answer
        }
    }
}
