import Manifest
import RolloutEngine
import Testing

@Suite("Rules about Services") struct ReferenceRulesTests {
    static let rows: [(canary: JSON, services: [String: ServiceFact], path: String, words: String)] = [
        ("40", [:], "spec.strategy.canary.stableService", "Service \"web-stable\" does not exist; create it"),
        (
            "41", ["web-stable": ServiceFact(selector: ["app": "shop"]), "web-canary": ServiceFact(selector: [:])],
            "spec.strategy.canary.stableService", "selects app=shop, which the template's labels lack"
        ),
        (
            "42",
            [
                "web-stable": ServiceFact(selector: [:]),
                "web-canary": ServiceFact(selector: [:], managedBy: "other"),
            ], "spec.strategy.canary.canaryService", "is managed by Rollout \"other\""
        ),
    ]

    @Test("a missing Service, one that selects other pods, and a foreign one are refused", arguments: 0..<3)
    func services(_ index: Int) throws {
        let row = Self.rows[index]
        var world = try World(spec: RoutedCanaryTests.spec(steps: []))
        world.services = row.services
        let problem = decide(world.snapshot(), now: world.now).problems.first
        #expect(
            problem?.path == row.path && problem?.message.contains(row.words) ?? false, "\(String(describing: problem))"
        )
    }

    @Test("what is missing comes before what is wrong, whatever the order of the fields")
    func order() throws {
        var world = try World(spec: RoutedCanaryTests.spec(steps: []))
        world.services = ["web-stable": ServiceFact(selector: ["app": "shop"], managedBy: "other")]
        let problems = decide(world.snapshot(), now: world.now).problems
        #expect(
            problems.map(\.path) == [
                "spec.strategy.canary.canaryService", "spec.strategy.canary.stableService",
                "spec.strategy.canary.stableService",
            ])
    }

    @Test("every field that names a Service is looked at")
    func fields() throws {
        let blueGreen = try World(spec: World.spec(replicas: 1, blueGreen: BlueGreenTests.plain))
        let swapping = try World(
            spec: World.spec(
                replicas: 1,
                canary: ["pingPong": ValidationTests.pingPong, "trafficRouting": ["istio": ValidationTests.istio]]))
        for (world, paths) in [
            (blueGreen, ["blueGreen.activeService", "blueGreen.previewService"]),
            (swapping, ["canary.pingPong.pingService", "canary.pingPong.pongService"]),
        ] {
            var world = world
            world.services = [:]
            let problems = decide(world.snapshot(), now: world.now).problems
            #expect(problems.map(\.path) == paths.map { "spec.strategy.\($0)" })
        }
    }
}
