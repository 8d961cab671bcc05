import Kubernetes
import Manifest
import Testing

@Suite("Header and mirror routes", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct ManagedRouteTests {
    static let steps = """
              - setWeight: 25
              - setHeaderRoute:
                  name: beta
                  match:
                  - headerName: x-team
                    headerValue: {exact: qa}
                  - headerName: user-agent
                    headerValue: {regex: ".*Phone.*"}
              - setMirrorRoute:
                  name: shadow
                  percentage: 35
                  match:
                  - method: {exact: GET}
                    path: {prefix: /api}
              - pause: {}
              - setHeaderRoute: {name: beta}
              - pause: {}
        """

    /// A healthy `shop:v1` and a `shop:v2` that has both routes, paused behind them.
    private func paused(_ name: String) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(
            Manifests.rollout(strategy: Manifests.istio(steps: Self.steps, managed: ["shadow", "beta"])))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.routes("web") == ["primary"])
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 3)
        return scenario
    }

    private func untilWithoutRoutes(_ scenario: Scenario) async throws {
        try await scenario.until("no managed route is left, and all traffic is on stable") {
            let http = try await scenario.http("web")
            return http.map { $0["name"]?.stringValue } == ["primary"]
                && Scenario.weights(http.first) == ["web-stable": 100, "web-canary": 0]
        }
    }

    @Test("steps set and remove routes in the VirtualService, beside its weights") func steps() async throws {
        let scenario = try await paused("routes")
        let http = try await scenario.http("web")
        #expect(http.map { $0["name"]?.stringValue } == ["shadow", "beta", "primary"])
        let shadow = try #require(http.first)
        #expect(shadow["match"] == [["method": ["exact": "GET"], "uri": ["prefix": "/api"]]])
        #expect(shadow["mirror"] == ["host": "web-canary"])
        #expect(shadow.at("mirrorPercentage", "value")?.doubleValue == 35)
        #expect(Scenario.weights(shadow) == ["web-stable": 75, "web-canary": 25])
        #expect(
            http[1]["match"] == [["headers": ["x-team": ["exact": "qa"], "user-agent": ["regex": ".*Phone.*"]]]])
        #expect(Scenario.weights(http[1]) == ["web-canary": 100])
        #expect(Scenario.weights(http[2]) == ["web-stable": 75, "web-canary": 25])
        #expect(http[2]["timeout"]?.stringValue == "5s")
        try await scenario.promote("web")
        try await scenario.untilPaused("web", at: 5)
        #expect(try await scenario.routes("web") == ["shadow", "primary"])
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await untilWithoutRoutes(scenario)
    }

    @Test("an abort removes the routes before the canary's pods go") func abort() async throws {
        let scenario = try await paused("routes-abort")
        try await scenario.abort("web")
        try await scenario.until("the canary is gone, and not before its routes") {
            let size = try await scenario.sizes()["v2"] ?? 0
            let routes = try await scenario.routes("web")
            guard size == 0 else { return false }
            #expect(routes == ["primary"])
            return true
        }
        try await untilWithoutRoutes(scenario)
        #expect(try await scenario.get(Kinds.rollout, "web")?.at("status", "phase")?.stringValue == "Degraded")
    }

    @Test("a full promotion removes the routes") func promoteFull() async throws {
        let scenario = try await paused("routes-full")
        try await scenario.promoteFull("web")
        try await scenario.untilPhase("web", "Healthy")
        try await untilWithoutRoutes(scenario)
        #expect(try await scenario.sizes()["v2"] == 4)
    }

    @Test("a route that somebody removes by hand is set again") func healed() async throws {
        let scenario = try await paused("routes-healed")
        let http = try await scenario.http("web")
        try await scenario.patch(Kinds.virtualService, "web", ["spec": ["http": .array(Array(http.suffix(1)))]])
        try await scenario.until("the routes are back") { try await scenario.http("web") == http }
    }
}
