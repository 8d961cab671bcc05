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
                Asks the controller that leads, through the API server's proxy to its Service and its pod, or directly at
                --controller. Of pod templates only digests are in it.
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

        /// The answer of the one that decides.
        private func ask(_ session: ClusterSession, _ path: String) async throws -> JSON {
            let answer: JSON
            if let controller {
                let response = try await HTTPClient().send(HTTPRequest("GET", "\(controller)/\(path)"))
                guard response.status == 200 else {
                    throw CommandError("cannot read \(controller)/\(path): the server answered \(response.status)")
                }
                answer = try JSON(parsing: response.body)
            } else {
                let service = ObjectKey(namespace: controllerNamespace, name: "sluice:http")
                guard let found = try await session.client.get(.services, service, subresource: "proxy/\(path)") else {
                    throw CommandError(
                        "there is no Service sluice in namespace \(controllerNamespace), or it knows no Rollout \(name); name the controller with --controller-namespace or --controller"
                    )
                }
                answer = found
            }
            // One of before it said so decides as far as is known.
            guard answer["leading"] == false else { return answer }
            let pod = (answer["leader"]?.stringValue ?? "").split(separator: "_").first.map(String.init) ?? ""
            guard !pod.isEmpty else {
                throw CommandError("no controller leads: nobody holds the Lease sluice; try again in a moment")
            }
            guard controller == nil else {
                throw CommandError(
                    "the controller at \(controller ?? "") stands by, \(pod) leads: ask that one with --controller")
            }
            return try await ask(pod: pod, session, path)
        }

        /// Asks the pod whose name the Lease's holder has as its host name.
        private func ask(pod name: String, _ session: ClusterSession, _ path: String) async throws -> JSON {
            let key = ObjectKey(namespace: controllerNamespace, name: name)
            let pod = try await session.client.get(.pods, key, subresource: nil)
            let ports = (pod?.at("spec", "containers")?.arrayValue ?? []).flatMap { $0["ports"]?.arrayValue ?? [] }
            let port = ports.first { $0["name"] == "http" }?["containerPort"]?.intValue ?? 3_100
            let place = ObjectKey(namespace: controllerNamespace, name: "\(name):\(port)")
            let answer = try await session.client.get(.pods, place, subresource: "proxy/\(path)")
            guard let answer else {
                throw CommandError(
                    "\(name) leads, and is no pod of namespace \(controllerNamespace); ask it with --controller")
            }
            guard answer["leading"] != false else {
                throw CommandError(
                    "\(name) has the Lease sluice and waits for Argo Rollouts' Lease: no controller of ours decides yet"
                )
            }
            return answer
        }
    }
}
