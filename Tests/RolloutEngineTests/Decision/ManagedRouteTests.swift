import Manifest
import Testing

@testable import RolloutEngine

@Suite("Header and mirror routes") struct ManagedRouteTests {
    static let beta: JSON = [
        "setHeaderRoute": ["name": "beta", "match": [["headerName": "x-team", "headerValue": ["exact": "qa"]]]]
    ]
    static let shadow: JSON = [
        "setMirrorRoute": ["name": "shadow", "percentage": 35, "match": [["path": ["prefix": "/api"]]]]
    ]
    static let betaGone: JSON = ["setHeaderRoute": ["name": "beta"]]
    static let pause: JSON = ["pause": [:]]

    static func spec(replicas: Int = 4, steps: JSON, more: [String: JSON] = [:]) -> JSON {
        var canary: JSON = [
            "stableService": "web-stable", "canaryService": "web-canary",
            "trafficRouting": [
                "istio": ["virtualService": ["name": "web"]],
                "managedRoutes": [["name": "shadow"], ["name": "beta"]],
            ], "steps": steps,
        ]
        for (key, value) in more { canary[key] = value }
        return World.spec(replicas: replicas, canary: canary)
    }

    /// `web:2` as far as these steps go over a healthy `web:1`.
    static func updated(_ steps: JSON..., replicas: Int = 4, more: [String: JSON] = [:]) throws -> World {
        try DeviationWorld.updated(spec(replicas: replicas, steps: .array(steps), more: more))
    }

    private func names(_ world: World) -> [String] { (world.traffic?.routes ?? []).map(\.name) }

    private func requests(_ decision: RolloutDecision) -> [TrafficRequest] {
        decision.effects.compactMap { if case .setTraffic(let request) = $0 { request } else { nil } }
    }

    @Test("steps set and remove routes, which stand in the order of managedRoutes until the promotion")
    func walk() throws {
        var world = try Self.updated(
            ["setWeight": 25], Self.beta, Self.shadow, Self.pause, Self.betaGone, Self.pause, ["setWeight": 50],
            Self.pause)
        #expect(world.status.currentStepIndex == 3 && world.status.phase == "Paused")
        #expect(names(world) == ["shadow", "beta"] && world.traffic?.canaryWeight == 25)
        #expect(world.traffic?.routes.map(\.kind) == [.mirror, .header])
        #expect(try world.reconcile().effects.isEmpty, "what stands is not written again")
        try world.resume()
        try world.run()
        #expect(world.status.currentStepIndex == 5 && names(world) == ["shadow"])
        try world.resume()
        try world.run()
        #expect(names(world) == ["shadow"] && world.traffic?.canaryWeight == 50)
        try world.resume()
        try world.run()
        #expect(world.status.phase == "Healthy" && names(world) == [])
        let steps = world.events.filter { $0.reason == "RolloutStepCompleted" }.map(\.message)
        #expect(steps.contains("step 2 of 8 completed (setHeaderRoute: beta)"))
        #expect(steps.contains("step 3 of 8 completed (setMirrorRoute: shadow)"))
    }

    @Test("sizes follow the desired one also where a step's routes were taken back for want of pods")
    func sizesWithoutRoutes() throws {
        var world = try Self.updated(
            ["setCanaryScale": ["replicas": 1]], Self.beta, Self.pause, replicas: 10)
        #expect(names(world) == ["beta"] && world.status.currentStepIndex == 2)
        let canary = try #require(world.set(hash: world.status.currentPodHash)?.name)
        world.sets[canary]?.availableReplicas = 0
        world.sets[canary]?.readyReplicas = 0
        for _ in 0..<5 { _ = try world.reconcile() }
        #expect(names(world) == [])
        try world.edit(["spec": ["replicas": 4]])
        for _ in 0..<5 { _ = try world.reconcile() }
        #expect(world.set(hash: world.status.stableRS)?.replicas == 4)
    }

    @Test("weights and routes that follow each other are one write of the routers")
    func oneWrite() throws {
        var world = try World(spec: Self.spec(steps: [["setWeight": 50], Self.beta, Self.shadow, Self.pause]))
        try world.run()
        try world.setImage("web:2")
        var told: [TrafficRequest] = []
        for _ in 0..<20 {
            told += requests(try world.reconcile())
            world.stepPods()
        }
        #expect(world.status.currentStepIndex == 3)
        #expect(told.filter { $0.canaryWeight == 50 }.map { $0.routes.map(\.name) } == [["shadow", "beta"]])
        #expect(told.allSatisfy { $0.canaryWeight == 50 || $0.routes.isEmpty }, "no route before its step")
    }

    @Test("a step is completed behind the call that sets its route, so that a failed call leaves it open")
    func order() throws {
        var world = try Self.updated(["setWeight": 25], Self.pause, Self.beta, Self.pause)
        try world.resume()
        for _ in 0..<4 {
            let decision = try world.reconcile()
            guard requests(decision).contains(where: { !$0.routes.isEmpty }) else { continue }
            let call = decision.effects.firstIndex { if case .setTraffic = $0 { true } else { false } }
            let status = decision.effects.firstIndex { if case .patchStatus = $0 { true } else { false } }
            #expect(try #require(call) < #require(status))
            #expect(decision.status?.at("status", "currentStepIndex")?.intValue == 3)
            return
        }
        Issue.record("no route was set")
    }

    @Test("a route that somebody took away is set again, also after its step")
    func drift() throws {
        var world = try Self.updated(["setWeight": 25], Self.beta, Self.pause)
        world.traffic?.routes = []
        #expect(requests(try world.reconcile()).map { $0.routes.map(\.name) } == [["beta"]])
    }

    @Test(
        "all routes go when an update ends or is given up, in the write that moves the weights",
        arguments: ["abort", "promoteFull"])
    func end(_ how: String) throws {
        var world = try Self.updated(["setWeight": 25], Self.beta, Self.shadow, Self.pause)
        #expect(names(world).count == 2)
        try world.edit(["status": [how: true]])
        let told = requests(try world.reconcile())
        #expect(told.count == 1 && told.first?.routes == [])
        #expect(told.first?.canaryWeight == (how == "abort" ? 0 : 25))
        try world.pass(100)
        #expect(names(world) == [] && world.weight(of: world.status.stableRS) == 100)
    }

    @Test("without available canary pods there is no route, and with them it is back")
    func noPods() throws {
        var world = try Self.updated(["setWeight": 25], Self.beta, Self.pause)
        let canary = world.status.currentPodHash
        world.breakPods(of: canary, leaving: 0)
        try world.settle()
        #expect(names(world) == [])
        try world.run()
        #expect(names(world) == ["beta"] && world.status.currentStepIndex == 2)
    }

    @Test("pods that are on their way out are none to lead a route to")
    func leavingPods() throws {
        var world = try Self.updated(["setWeight": 25], Self.beta, Self.pause)
        let name = try #require(world.current?.name)
        world.sets[name]?.replicas = 0
        #expect(world.current?.availableReplicas == 1)
        #expect(requests(try world.reconcile()).map(\.routes) == [[]])
        try world.run()
        #expect(names(world) == ["beta"])
    }

    @Test("a newer template takes the routes of the one before it away at once")
    func superseded() throws {
        var world = try Self.updated(["setCanaryScale": ["replicas": 2]], Self.beta, Self.pause)
        #expect(names(world) == ["beta"] && world.traffic?.canaryWeight == 0)
        world.brokenImages = ["web:3"]
        try world.setImage("web:3")
        let told = requests(try world.reconcile())
        #expect(told.map(\.routes) == [[]] && told.first?.canaryHash == world.status.currentPodHash)
        try world.run()
        #expect(names(world) == [])
        world.brokenImages = []
        try world.run()
        #expect(names(world) == ["beta"])
    }

    @Test("a route at weight 0 is a canary's traffic: an abort takes it back before the pods go, whatever stable lacks")
    func abortWithoutCapacity() throws {
        var world = try Self.updated(
            ["setCanaryScale": ["replicas": 2]], Self.beta, Self.pause, more: ["abortScaleDownDelaySeconds": 5])
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 1)
        try world.abort()
        let decision = try world.reconcile()
        #expect(requests(decision).map(\.routes) == [[]] && requests(decision).first?.canaryWeight == 0)
        #expect(world.current?.replicas == 2 && world.current?.scaleDownDeadline == nil)
        world.brokenImages = []
        try world.run()
        try world.pass(6)
        #expect(world.current?.replicas == 0 && names(world) == [])
    }

    @Test("the pods that a step gives up lose their routes first")
    func scaleToZero() throws {
        var world = try Self.updated(
            ["setCanaryScale": ["replicas": 2]], Self.beta, Self.pause, ["setCanaryScale": ["replicas": 0]], Self.pause)
        #expect(names(world) == ["beta"])
        try world.resume()
        var wasRouted = true
        for _ in 0..<10 {
            let decision = try world.reconcile()
            for effect in decision.effects {
                if case .setTraffic(let request) = effect { wasRouted = !request.routes.isEmpty }
                guard case .updateReplicaSet(let update) = effect, update.replicas == 0 else { continue }
                #expect(!wasRouted)
            }
            world.stepPods()
        }
        #expect(world.status.currentStepIndex == 4 && world.current?.replicas == 0 && names(world) == [])
    }

    @Test("a change of size takes the routes away from pods that go with it")
    func scaledToZero() throws {
        var world = try Self.updated(
            ["setCanaryScale": ["replicas": 2]], Self.beta, Self.pause,
            ["setCanaryScale": ["matchTrafficWeight": true]],
            Self.pause)
        #expect(names(world) == ["beta"])
        try world.edit(["status": ["currentStepIndex": 3, "pauseConditions": .null], "spec": ["replicas": 9]])
        let decision = try world.reconcile()
        let call = try #require(decision.effects.firstIndex { if case .setTraffic = $0 { true } else { false } })
        let shrinking = try #require(
            decision.effects.firstIndex {
                if case .updateReplicaSet(let update) = $0 { update.replicas == 0 } else { false }
            })
        #expect(call < shrinking && names(world) == [])
    }

    @Test(
        "routes are not taken back with recorded weights that the routers no longer hold",
        arguments: ["promoteFull", "abort"])
    func unknownWeights(_ wish: String) throws {
        var world = try Self.updated(["setWeight": 25], Self.beta, Self.pause)
        let canary = world.status.currentPodHash
        // The routers took more than that, the status which tells so was refused, and stable has lost pods since.
        world.traffic?.canaryWeight = 100
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 2)
        try world.edit(["status": [wish: true]])
        try world.reconcile()
        #expect(world.traffic?.canaryWeight == 100 && world.set(hash: canary)?.replicas ?? 0 > 0)
        world.brokenImages = []
        try world.pass(100)
        try world.pass(100)
        #expect(names(world) == [] && world.weight(of: world.status.stableRS) == 100)
        #expect(world.status.stableRS == canary || world.set(hash: canary)?.replicas == 0)
    }

    @Test("also where the new size comes first", arguments: [false, true])
    func unknownWeightsAtScaling(isInSync: Bool) throws {
        var world = try Self.updated(["setWeight": 25], Self.beta, Self.pause)
        if !isInSync { world.traffic?.canaryWeight = 100 }
        try world.abort()
        try world.edit(["spec": ["replicas": 8]])
        let told = requests(try world.reconcile())
        #expect(told.map(\.canaryWeight) == (isInSync ? [25] : []) && told.allSatisfy { $0.routes.isEmpty })
    }

    /// Sizes a ReplicaSet to 0 behind a request whose routes lead to it.
    private func strands(_ decision: RolloutDecision, _ world: World) -> Bool {
        var routed = world.traffic.map { $0.routes.isEmpty ? "" : $0.canaryHash } ?? ""
        for effect in decision.effects {
            if case .setTraffic(let request) = effect { routed = request.routes.isEmpty ? "" : request.canaryHash }
            if case .updateReplicaSet(let update) = effect, update.replicas == 0 {
                if world.sets[update.name]?.hash == routed { return true }
            }
        }
        return false
    }

    @Test("no route leads to pods that only stay until their weight has left them")
    func weightGoes() throws {
        var world = try Self.updated(["setWeight": 50], Self.beta, Self.pause, ["setWeight": 0], Self.pause)
        #expect(names(world) == ["beta"] && world.current?.replicas == 2)
        try world.resume()
        for _ in 0..<6 {
            let before = world
            #expect(try !strands(world.reconcile(), before))
            world.stepPods()
        }
        #expect(world.status.currentStepIndex == 4 && world.current?.replicas == 0 && names(world) == [])
    }

    @Test("a revision that comes back gets no route over the pods that its old weight left it")
    func comesBack() throws {
        var world = try Self.updated(Self.shadow, Self.pause)
        let first = world.status.stableRS
        try world.edit(["status": ["promoteFull": true]])
        for _ in 0..<20 where world.status.stableRS == first {
            try world.reconcile()
            world.stepPods()
        }
        #expect(world.status.weights?.stable.podTemplateHash == first && world.set(hash: first)?.replicas == 4)
        try world.setImage("web:1")
        for _ in 0..<6 {
            let before = world
            #expect(try !strands(world.reconcile(), before))
            world.stepPods()
        }
        #expect(world.status.currentPodHash == first && world.current?.replicas == 0 && names(world) == [])
    }

    @Test("a route before the first pods holds nothing up, and is set when there are some")
    func beforePods() throws {
        let world = try Self.updated(Self.beta, ["setWeight": 25], Self.pause)
        #expect(world.status.currentStepIndex == 2 && names(world) == ["beta"])
        #expect(world.traffic?.canaryWeight == 25)
    }

    @Test("a router that cannot carry a route is named once for each step, and the step completes")
    func unsupported() throws {
        var world = try Self.updated(
            ["setWeight": 25], Self.beta, Self.shadow, Self.pause, Self.betaGone, Self.pause,
            more: [
                "trafficRouting": [
                    "istio": ["virtualService": ["name": "web"]], "nginx": ["stableIngress": "web"],
                    "managedRoutes": [["name": "shadow"], ["name": "beta"]],
                ]
            ])
        try world.run()
        try world.resume()
        try world.run()
        #expect(world.status.currentStepIndex == 5)
        let told = world.events.filter { $0.reason == "TrafficRoutingUnsupported" }
        #expect(!told.contains { !$0.isWarning })
        #expect(
            told.map(\.message) == [
                "step 2 of 6 (setHeaderRoute: beta) has no effect with nginx, which cannot send requests with given headers to the canary; requests that come by it follow the weights alone",
                "step 3 of 6 (setMirrorRoute: shadow) has no effect with nginx, which cannot mirror requests; requests that come by it follow the weights alone",
            ])
    }

    @Test("a rollback within the window sets no routes of the steps that it skips")
    func window() throws {
        var spec = Self.spec(steps: [["setWeight": 25], Self.beta])
        spec["rollbackWindow"] = ["revisions": 3]
        var world = try DeviationWorld.updated(spec)
        #expect(world.status.phase == "Healthy")
        try world.pass(1_000)
        let second = world.status.stableRS
        try world.setImage("web:1")
        for _ in 0..<20 {
            for request in requests(try world.reconcile()) { #expect(request.routes == []) }
            world.stepPods()
        }
        #expect(world.status.phase == "Healthy" && world.status.stableRS != second)
    }

    @Test("the plan shows the steps, and a recording replays them")
    func planAndRecording() throws {
        let world = try Self.updated(["setWeight": 25], Self.beta, Self.shadow, Self.pause, ["setWeight": 50])
        let text = Recording.encode(world.decisions, version: "test")
        #expect(text.contains("setMirrorRoute"))
        let replayed = try Recording.replay(text)
        #expect(replayed.count == world.decisions.count && replayed.allSatisfy { $0.difference == nil })
        let plan = RolloutPlan(
            of: try Rollout([
                "metadata": ["name": "web", "namespace": "shop"],
                "spec": Self.spec(steps: [["setWeight": 25], Self.beta, Self.shadow, Self.pause, ["setWeight": 50]]),
            ]), now: world.now)
        #expect(plan.outcome == .completes)
        let paused = try #require(plan.moments.first { $0.text.hasPrefix("pause") })
        #expect(paused.routes == ["shadow", "beta"] && plan.moments.last?.routes == [])
        #expect(plan.rows.map { $0.last ?? "" }.contains { $0.hasPrefix("pause: {}; routes shadow, beta") })
    }

    // MARK: The routes of a step

    @Test(
        "the routes at a step are those set so far, by name, without those that were removed",
        arguments: [
            (0, []), (1, ["beta"]), (2, ["shadow", "beta"]), (3, ["shadow", "beta"]), (4, ["shadow"]), (5, ["shadow"]),
            (99, ["shadow"]), (-1, []),
        ] as [(Int, [String])])
    func routes(index: Int, expected: [String]) throws {
        let rollout = try Rollout([
            "metadata": ["name": "web", "namespace": "shop"],
            "spec": Self.spec(steps: [
                ["setWeight": 25], Self.beta, Self.shadow, Self.pause, Self.betaGone, ["setWeight": 50],
            ]),
        ])
        #expect(rollout.spec.canary?.routes(at: index).map(\.name) == expected)
    }

    @Test("a name that is set again is the later one alone, also of the other kind")
    func again() throws {
        let mirror: JSON = ["setMirrorRoute": ["name": "beta", "match": [["method": ["exact": "GET"]]]]]
        let rollout = try Rollout([
            "metadata": ["name": "web", "namespace": "shop"], "spec": Self.spec(steps: [Self.beta, mirror]),
        ])
        #expect(rollout.spec.canary?.routes(at: 1).map(\.kind) == [.mirror])
    }
}
