import EmbeddedCluster
import Manifest
import SluiceTestKit
import Testing

@testable import sluice

@Suite("record get") struct RecordTests {
    private static let path = "api/v1/rollouts/prod/shop/recording"
    private static let standby = #"{"recording":null,"leading":false,"leader":"sluice-b_1f"}"#

    /// An API server whose proxy reaches a controller that stands by behind the Service, and others by pod.
    private static func server(_ answers: [String: String]) -> LoopbackServer {
        LoopbackServer { request, connection in
            let proxy = "/api/v1/namespaces/sluice-system/"
            let path = request.path.replacing("%3A", with: ":")
            let name = path.hasPrefix(proxy) ? String(path.dropFirst(proxy.count)) : path
            if let answer = answers[name] {
                connection.respond(headers: ["Content-Type: application/json"], body: answer)
            } else {
                connection.respond(
                    "404 Not Found", headers: ["Content-Type: application/json"],
                    body: #"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#)
            }
            return true
        }
    }

    private func record(_ answers: [String: String], _ more: [String] = []) async throws -> CommandStand.Outcome {
        let server = Self.server(answers)
        let result = Lock<CommandStand.Outcome?>(nil)
        try await CommandStand.with { stand in
            let kubeconfig = stand.file("other", EmbeddedClusterServer.kubeconfig(port: server.port))
            let controller = more.map { $0.replacing("CONTROLLER", with: server.url) }
            let outcome = await stand.run(
                ["record", "get", "shop", "-n", "prod"] + controller, kubeconfig: kubeconfig)
            result.withLock { $0 = outcome }
        }
        return try #require(result.withLock { $0 })
    }

    @Test("asks the pod that leads where the Service brings it to one that stands by")
    func standby() async throws {
        let pod =
            #"{"metadata":{"name":"sluice-b"},"spec":{"containers":[{"ports":[{"name":"http","containerPort":3101}]}]}}"#
        let outcome = try await record([
            "services/sluice:http/proxy/\(Self.path)": Self.standby, "pods/sluice-b": pod,
            "pods/sluice-b:3101/proxy/\(Self.path)": #"{"recording":"a\n","leading":true,"leader":"sluice-b_1f"}"#,
        ])
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.output == "a\n")
    }

    @Test("and none where the first one leads, or does not say")
    func leading() async throws {
        for answer in [#"{"recording":"a\n"}"#, #"{"recording":"a\n","leading":true,"leader":"x_1"}"#] {
            #expect(try await record(["services/sluice:http/proxy/\(Self.path)": answer]).output == "a\n")
        }
    }

    @Test("one that stands by is never taken for one that has recorded nothing")
    func told() async throws {
        let service = "services/sluice:http/proxy/\(Self.path)"
        let away = try await record([service: Self.standby])
        #expect(away.code == 2 && away.error.contains("sluice-b leads"), "\(away)")
        let nobody = try await record([service: #"{"recording":null,"leading":false,"leader":""}"#])
        #expect(nobody.code == 2 && nobody.error.contains("no controller leads"), "\(nobody)")
        let direct = try await record(["/\(Self.path)": Self.standby], ["--controller", "CONTROLLER"])
        #expect(direct.code == 2 && direct.error.contains("sluice-b leads"), "\(direct)")
        let waiting = try await record([service: Self.standby, "pods/sluice-b:3100/proxy/\(Self.path)": Self.standby])
        #expect(waiting.code == 2 && waiting.error.contains("Argo Rollouts' Lease"), "\(waiting)")
    }
}
