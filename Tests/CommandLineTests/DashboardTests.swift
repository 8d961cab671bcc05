import Controllers
import Kubernetes
import Manifest
import SluiceTestKit
import Testing
import Transport

@testable import sluice

@Suite("The dashboard command") struct DashboardTests {
    private let http = HTTPClient()

    /// Serves the dashboard for `body`, which gets its address without the last slash.
    private func withDashboard(_ body: @escaping (CommandStand, String) async throws -> Void) async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let (lines, continuation) = AsyncStream<String>.makeStream()
            let served = stand
            let server = Task {
                let outcome = await served.run(["dashboard", "-n", "prod", "-p", "0"]) { continuation.yield($0) }
                continuation.finish()
                return outcome
            }
            var address = ""
            for await line in lines {
                address = String(line.split(separator: " ").last ?? "").trimmingLast("/\n")
                break
            }
            try #require(address.hasSuffix("/rollouts"))
            let failure: (any Error)?
            do {
                try await body(stand, address)
                failure = nil
            } catch { failure = error }
            server.cancel()
            _ = await server.value
            if let failure { throw failure }
        }
    }

    private func send(
        _ method: String, _ url: String, _ body: JSON? = nil, headers: HTTPHeaders = [:]
    ) async throws -> (status: Int, body: [UInt8]) {
        let response = try await http.send(
            HTTPRequest(method, url, headers: headers, body: body?.serialized(), timeout: .seconds(60)))
        return (response.status, response.body)
    }

    @Test("serves the page and Argo Rollouts' API below its root path")
    func reading() async throws {
        try await withDashboard { _, address in
            let page = try await send("GET", address + "/")
            #expect(String(decoding: page.body, as: UTF8.self).contains("<base href=\"/rollouts/\">"))
            let version = try await send("GET", "\(address)/api/v1/version")
            #expect(try JSON(parsing: version.body) == ["rolloutsVersion": .string("v\(Version.number)")])
            let namespace = try JSON(parsing: try await send("GET", "\(address)/api/v1/namespace").body)
            #expect(namespace["namespace"] == "default" || namespace["namespace"] == "prod")
            #expect(namespace["availableNamespaces"]?.arrayValue?.contains("test") == true)
            let list = try JSON(parsing: try await send("GET", "\(address)/api/v1/rollouts/prod/info").body)
            let info = try JSON(parsing: try await send("GET", "\(address)/api/v1/rollouts/prod/shop/info").body)
            #expect(list["rollouts"] == [info])
            #expect(info["status"] == "Paused")
            #expect(info["step"] == "1/4")
            #expect(info["replicaSets"]?.arrayValue?.count == 3)
            #expect(info["replicaSets"]?[0]?["canary"] == true)
            #expect(info["experiments"]?[0]?["replicaSets"]?[0]?["template"] == "candidate")
            #expect(try await send("GET", "\(address)/api/v1/rollouts/prod/nope/info").status == 404)
        }
    }

    @Test("changes Rollouts with the same patches as the commands")
    func writing() async throws {
        try await withDashboard { stand, address in
            let base = "\(address)/api/v1/rollouts/prod/shop"
            #expect(try await send("PUT", "\(base)/promote", [:]).status == 200)
            var shop = try await stand.get(.rollouts, "shop")
            #expect(shop.at("status", "pauseConditions") == nil)
            #expect(shop.at("status", "currentStepIndex") == 1)
            #expect(try await send("PUT", "\(base)/promote", ["full": true]).status == 200)
            #expect(try await send("PUT", "\(base)/restart").status == 200)
            #expect(try await send("PUT", "\(base)/set/shop/reg%2Fshop/2.0").status == 200)
            shop = try await stand.get(.rollouts, "shop")
            #expect(shop.at("status", "promoteFull") == true)
            #expect(shop.at("spec", "restartAt") != nil)
            #expect(shop.at("spec", "template", "spec", "containers")?[0]?["image"] == "reg/shop:2.0")
            #expect(try await send("PUT", "\(base)/undo/6").status == 200)
            #expect(try await send("PUT", "\(base)/abort").status == 200)
            shop = try await stand.get(.rollouts, "shop")
            #expect(shop.at("spec", "template", "spec", "containers")?[0]?["image"] == "registry/shop:1.8")
            #expect(shop.at("status", "abort") == true)
            #expect(try await send("PUT", "\(base)/retry").status == 200)
            #expect(try await stand.get(.rollouts, "shop").at("status", "abort") == false)
            #expect(try await send("PUT", "\(base)/undo/99").status == 409)
            #expect(try await send("PUT", "\(base)/dance").status == 404)
        }
    }

    @Test("says that another program has its port")
    func portIsTaken() async throws {
        let other = LoopbackServer { _, _ in false }
        try await CommandStand.with { stand in
            try await stand.createShop()
            let outcome = await stand.run("dashboard -p \(other.port)")
            #expect(outcome.code == 2)
            #expect(outcome.error.contains("127.0.0.1:\(other.port): another program has the port"))
        }
    }

    @Test("refuses pages of other sites and other names for this machine")
    func refusals() async throws {
        try await withDashboard { stand, address in
            let abort = "\(address)/api/v1/rollouts/prod/shop/abort"
            let fromOtherSite = try await send("PUT", abort, headers: ["Sec-Fetch-Site": "cross-site"])
            #expect(fromOtherSite.status == 403)
            let byOtherName = try await send("PUT", abort, headers: ["Host": "evil.example.org"])
            #expect(byOtherName.status == 403)
            let shop = try await stand.get(.rollouts, "shop")
            #expect(shop.at("status", "abort") == nil)
        }
    }
}

extension String {
    fileprivate func trimmingLast(_ characters: String) -> String {
        var text = self
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return text
    }
}
