import Controllers
import Manifest
import RolloutEngine
import Testing

@Suite("D35: rollout_info names every router") struct RouterLabelTests {
    @Test(
        "D35: traffic_router is filled for each router and for plugins",
        arguments: [
            (["istio": [:]], "Istio"), (["nginx": [:]], "Nginx"), (["alb": [:]], "ALB"), (["smi": [:]], "SMI"),
            (["ambassador": [:]], "Ambassador"), (["appMesh": [:]], "AppMesh"), (["traefik": [:]], "Traefik"),
            (["apisix": [:]], "Apisix"), (["plugins": ["b/two": [:], "a/one": [:]]], "a/one"),
            (["traefik": [:], "alb": [:]], "ALB"), ([:], ""),
        ] as [(JSON, String)])
    func label(routing: JSON, wanted: String) throws {
        let rollout = try Rollout(RolloutStand.manifest(canary: ["trafficRouting": routing]))
        #expect(RolloutMetrics.router(rollout) == wanted)
    }

    @Test("D35: without a router it is empty") func none() throws {
        #expect(RolloutMetrics.router(try Rollout(RolloutStand.manifest(canary: [:]))) == "")
    }
}
