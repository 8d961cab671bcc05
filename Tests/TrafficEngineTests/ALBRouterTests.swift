import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let record = "rollouts.argoproj.io/managed-alb-annotations"
private let action = "alb.ingress.kubernetes.io/actions.shop-root"

private func reference(_ name: String) -> ObjectReference {
    ObjectReference(group: "networking.k8s.io", kind: "Ingress", namespace: "prod", name: name)
}

private func ingress(
    _ name: String = "shop", _ annotations: [String: String] = [:], to service: String = "shop-root"
) -> JSON {
    [
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": [
            "name": .string(name), "namespace": "prod", "resourceVersion": "7",
            "annotations": JSON(["kubernetes.io/ingress.class": "alb"].merging(annotations) { $1 }),
        ],
        "spec": [
            "rules": [
                ["host": "redirect"],
                [
                    "http": [
                        "paths": [
                            [
                                "path": "/*", "pathType": "Prefix",
                                "backend": ["service": ["name": .string(service), "port": ["name": "use-annotation"]]],
                            ]
                        ]
                    ]
                ],
            ]
        ],
    ]
}

private func router(
    _ more: JSON = [:], _ subject: TrafficSubject = shop, managed: [String] = []
) throws -> any TrafficRouter {
    let alb = MergePatch.apply(more, to: ["ingress": "shop", "rootService": "shop-root", "servicePort": 443])
    let names = managed.map { JSON.object(["name": .string($0)]) }
    let configuration = try TrafficConfiguration(["alb": alb, "managedRoutes": .array(names)])
    return try #require(configuration.routers(for: subject).first)
}

private func after(_ writes: [TrafficWrite], _ live: JSON) -> JSON {
    writes.reduce(live) { object, write in
        if case .mergePatch(let patch) = write.change { MergePatch.apply(patch, to: object) } else { object }
    }
}

private func text(canary: Int, stable: Int, more: String = "", stickiness: String = "") -> String {
    "{\"Type\":\"forward\",\"ForwardConfig\":{\"TargetGroups\":["
        + "{\"ServiceName\":\"shop-canary\",\"ServicePort\":\"443\",\"Weight\":\(canary)},\(more)"
        + "{\"ServiceName\":\"shop-stable\",\"ServicePort\":\"443\",\"Weight\":\(stable)}]\(stickiness)}}"
}

@Suite("ALB") struct ALBRouterTests {
    @Test("The action is compact JSON with the canary first, experiments next and stable last")
    func example() throws {
        let router = try router(["stickinessConfig": ["enabled": true, "durationSeconds": 300]])
        let intent = TrafficIntent(
            canaryWeight: 20, additional: [.init(service: "exp-a", hash: "h", weight: 10)])
        let writes = try router.plan(intent, [reference("shop"): ingress()])
        let wanted = text(
            canary: 20, stable: 70, more: "{\"ServiceName\":\"exp-a\",\"ServicePort\":\"443\",\"Weight\":10},",
            stickiness: ",\"TargetGroupStickinessConfig\":{\"Enabled\":true,\"DurationSeconds\":300}")
        #expect(
            writes.map(\.change) == [
                .mergePatch([
                    "metadata": [
                        "resourceVersion": "7",
                        "annotations": [action: .string(wanted), record: .string("{\"shop\":[\"\(action)\"]}")],
                    ]
                ])
            ])
        #expect(writes.map(\.eventReason) == ["PatchingALBIngress"])
        #expect(router.currentWeight([reference("shop"): after(writes, ingress())]) == 20)
        #expect(try router.plan(intent, [reference("shop"): after(writes, ingress())]) == [])
    }

    @Test("Annotations of other Rollouts stay, and an action that says the same in other words is not written")
    func others() throws {
        let other = "{\"api\":[\"alb.ingress.kubernetes.io/actions.api\"],\"shop\":[\"\(action)\"]}"
        let same = text(canary: 0, stable: 100).replacing(":", with: ": ")
        let live = ingress("shop", [action: same, record: other])
        #expect(try router().plan(TrafficIntent(canaryWeight: 0), [reference("shop"): live]) == [])
        let writes = try router().plan(TrafficIntent(canaryWeight: 5), [reference("shop"): live])
        #expect(after(writes, live).annotations[record] == other)
    }

    @Test("Without a root Service the action is the stable Service's, under the prefix that is asked for")
    func prefix() throws {
        let router = try router(["rootService": .null, "annotationPrefix": "lb.example.com"])
        let live = ingress(to: "shop-stable")
        let writes = try router.plan(TrafficIntent(canaryWeight: 1), [reference("shop"): live])
        #expect(after(writes, live).annotations["lb.example.com/actions.shop-stable"] == text(canary: 1, stable: 99))
    }

    @Test("Stickiness that was on is switched off by name, once")
    func stickiness() throws {
        let sticky = try router(["stickinessConfig": ["enabled": true, "durationSeconds": 60]])
        let intent = TrafficIntent(canaryWeight: 0)
        let on = after(try sticky.plan(intent, [reference("shop"): ingress()]), ingress())
        for settings in [["stickinessConfig": .null], ["stickinessConfig": ["enabled": false]]] as [JSON] {
            let router = try router(settings)
            let off = after(try router.plan(intent, [reference("shop"): on]), on)
            #expect(off.annotations[action]?.hasSuffix("\"TargetGroupStickinessConfig\":{\"Enabled\":false}}}") == true)
            #expect(try router.plan(intent, [reference("shop"): off]) == [])
            let never = after(try router.plan(intent, [reference("shop"): ingress()]), ingress())
            #expect(never.annotations[action] == text(canary: 0, stable: 100))
        }
    }

    @Test("Of several Ingresses each is brought there, whatever becomes of the others")
    func several() throws {
        let router = try router(["ingress": .null, "ingresses": ["a", "b", "c"]])
        let right = after(
            router.planEach(TrafficIntent(canaryWeight: 5), [reference("a"): ingress("a")]).writes, ingress("a"))
        let plan = router.planEach(
            TrafficIntent(canaryWeight: 5),
            [reference("a"): right, reference("b"): ingress("b", to: "other"), reference("c"): ingress("c")])
        #expect(plan.writes.map(\.reference) == [reference("c")])
        #expect(plan.errors.map(\.reference) == [reference("b")])
        #expect(plan.errors.map(\.code) == [.invalid])
        #expect(throws: TrafficError.self) { try router.plan(TrafficIntent(canaryWeight: 5), [:]) }
    }

    @Test("Ping and pong take the roles that they have")
    func pingPong() throws {
        func weights(_ canary: String, _ stable: String, _ weight: Int) throws -> [String?] {
            let subject = TrafficSubject(
                rollout: shop.rollout, uid: "u1", pingPong: .init(canary: canary, stable: stable))
            let router = try router([:], subject)
            #expect(router.validate([reference("shop"): ingress()]) == [])
            let writes = try router.plan(TrafficIntent(canaryWeight: weight), [reference("shop"): ingress()])
            let groups = try JSON(parsing: after(writes, ingress()).annotations[action] ?? "")
            return (groups.at("ForwardConfig", "TargetGroups")?.arrayValue ?? []).map {
                "\($0["ServiceName"]?.stringValue ?? "") \($0["Weight"]?.intValue ?? -1)"
            }
        }
        #expect(try weights("ping", "pong", 20) == ["ping 20", "pong 80"])
        #expect(try weights("pong", "ping", 0) == ["pong 0", "ping 100"])
    }

    @Test("What keeps it from working is told with its field")
    func problems() throws {
        func problems(_ settings: JSON, _ live: JSON?, _ subject: TrafficSubject = shop) throws -> [String] {
            try router(settings, subject).validate(live.map { [reference("shop"): $0] } ?? [:]).map(\.description)
        }
        let path = "spec.strategy.canary.trafficRouting.alb"
        #expect(try problems([:], ingress()) == [])
        #expect(try problems([:], nil) == ["\(path).ingress: Ingress prod/shop does not exist; create it"])
        #expect(
            try problems([:], ingress(to: "other")).first?.contains("no rule has a path to the Service shop-root")
                == true)
        #expect(
            try problems([:], ingress("shop", [record: "actions:x"])).first?.contains("is no JSON object; correct")
                == true)
        let foreign = ingress("shop", [record: "{\"api\":[\"\(action)\"]}"])
        #expect(try problems([:], foreign).first?.contains("is written by Rollout \"api\"") == true)
        #expect(throws: TrafficError.self) {
            try router().plan(TrafficIntent(canaryWeight: 5), [reference("shop"): foreign])
        }
        for seconds in [0, 604_801] as [JSON] {
            let sticky: JSON = ["stickinessConfig": ["enabled": true, "durationSeconds": seconds]]
            #expect(try problems(sticky, ingress()).map { $0.hasPrefix("\(path).stickinessConfig") } == [true])
        }
        #expect(try problems(["servicePort": 0], ingress()).map { $0.hasPrefix("\(path).servicePort") } == [true])
        #expect(try problems(["ingresses": ["b"]], ingress()).first == "\(path): give either ingress or ingresses")
        let bare = TrafficSubject(rollout: shop.rollout, uid: "u1")
        #expect(try problems([:], ingress(), bare) == ["\(path): canaryService and stableService are required"])
        #expect(throws: JSONError.self) { try router(["servicePort": "http"]) }
        #expect(throws: JSONError.self) { try router(["stickinessConfig": ["enabled": "yes"]]) }
    }

    @Test("Header routes have an action, a condition and a path ahead of the others, in the order of managedRoutes")
    func headerRoutes() throws {
        let prefix = "alb.ingress.kubernetes.io"
        let router = try router(managed: ["beta", "gone", "alpha"])
        let objects = [reference("shop"): ingress()]
        #expect(router.validate(objects) == [])
        var intent = TrafficIntent(canaryWeight: 5)
        intent.managedRoutes = [
            ManagedRoute(
                name: "beta", .header([HeaderMatch("x-team", .exact("qa")), HeaderMatch("x-beta", .exact("1"))])),
            ManagedRoute(name: "alpha", .header([HeaderMatch("x-alpha", .exact("1"))])),
        ]
        let with = after(try router.plan(intent, objects), ingress())
        #expect(
            with.annotations["\(prefix)/actions.beta"]
                == "{\"Type\":\"forward\",\"ForwardConfig\":{\"TargetGroups\":["
                + "{\"ServiceName\":\"shop-canary\",\"ServicePort\":\"443\",\"Weight\":100}]}}")
        #expect(
            with.annotations["\(prefix)/conditions.beta"]
                == "[{\"field\":\"http-header\",\"httpHeaderConfig\":{\"httpHeaderName\":\"x-team\",\"values\":[\"qa\"]}},"
                + "{\"field\":\"http-header\",\"httpHeaderConfig\":{\"httpHeaderName\":\"x-beta\",\"values\":[\"1\"]}}]"
        )
        #expect(
            try JSON(parsing: with.annotations[record] ?? "") == [
                "shop": [
                    .string(action), .string("\(prefix)/actions.beta"), .string("\(prefix)/conditions.beta"),
                    .string("\(prefix)/actions.alpha"), .string("\(prefix)/conditions.alpha"),
                ]
            ])
        let rules = with.at("spec", "rules")?.arrayValue ?? []
        #expect(rules.first == ["host": "redirect"], "a rule without paths gets none")
        let paths = rules.last?.at("http", "paths")?.arrayValue ?? []
        #expect(paths.map { $0.at("backend", "service", "name") } == ["beta", "alpha", "shop-root"])
        #expect(
            paths.first == [
                "path": "/*", "pathType": "ImplementationSpecific",
                "backend": ["service": ["name": "beta", "port": ["name": "use-annotation"]]],
            ])
        #expect(try router.plan(intent, [reference("shop"): with]) == [])
        for weight in [5, 6] {
            var weights = TrafficIntent(canaryWeight: weight)
            weights.leavesRoutes = true
            let writes = try router.plan(weights, [reference("shop"): with])
            #expect(writes.isEmpty == (weight == 5))
            #expect(after(writes, with).at("spec") == with["spec"], "routes stay as they are where weights alone count")
        }

        let end = TrafficIntent(canaryWeight: 5)
        let without = after(try router.plan(end, [reference("shop"): with]), with)
        #expect(without["spec"] == ingress()["spec"])
        #expect(without.annotations.keys.filter { $0.hasPrefix(prefix) } == [action])
        #expect(without.annotations[record] == "{\"shop\":[\"\(action)\"]}")
        for left in [
            after(router.cleanUp([reference("shop"): with]), with),
            after(ALBOrphans.release("shop", from: with).map { [$0] } ?? [], with),
        ] {
            #expect(left["spec"] == ingress()["spec"])
            #expect(left.annotations.keys.filter { $0.hasPrefix(prefix) } == [action])
            #expect(left.annotations[record] == nil)
        }
    }

    @Test("A header is compared as a whole, and a route does not take the weighted action's name")
    func headerProblems() throws {
        var intent = TrafficIntent(canaryWeight: 5)
        intent.managedRoutes = [ManagedRoute(name: "beta", .header([HeaderMatch("x", .prefix("q"))]))]
        let error = #expect(throws: TrafficError.self) {
            try router(managed: ["beta"]).plan(intent, [reference("shop"): ingress()])
        }
        #expect(error?.code == .invalid)
        #expect(
            try router(managed: ["shop-root"]).validate([reference("shop"): ingress()]).map(\.path) == [
                "spec.strategy.canary.trafficRouting.managedRoutes"
            ])
    }

    @Test("A Rollout that goes leaves all traffic on stable and nothing on record")
    func cleanUp() throws {
        let other = "alb.ingress.kubernetes.io/actions.api"
        let live = ingress(
            "shop",
            [
                action: text(canary: 40, stable: 60), other: "theirs",
                record: "{\"api\":[\"\(other)\"],\"shop\":[\"\(action)\"]}",
            ])
        let home =
            "{\"Type\":\"forward\",\"ForwardConfig\":{\"TargetGroups\":["
            + "{\"ServiceName\":\"shop-stable\",\"ServicePort\":\"443\",\"Weight\":100}]}}"
        let known = after(try router().cleanUp([reference("shop"): live]), live)
        let orphan = after(ALBOrphans.release("shop", from: live).map { [$0] } ?? [], live)
        #expect(ALBOrphans.rollouts(recordedIn: live) == ["api", "shop"])
        for left in [known, orphan] {
            #expect(left.annotations[action] == home)
            #expect(left.annotations[other] == "theirs")
            #expect(left.annotations[record] == "{\"api\":[\"\(other)\"]}")
            #expect(try router().cleanUp([reference("shop"): left]) == [])
            #expect(ALBOrphans.release("shop", from: left) == nil)
        }
        #expect(try router().cleanUp([reference("shop"): ingress()]) == [], "it has written nothing there")
    }
}
