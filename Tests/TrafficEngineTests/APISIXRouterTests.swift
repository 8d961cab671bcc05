import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let reference = ObjectReference(
    group: "apisix.apache.org", kind: "ApisixRoute", namespace: "prod", name: "route")
private let field = "spec.strategy.canary.trafficRouting.apisix.route.name"

private func router(
    _ route: JSON = ["name": "route", "rules": ["rule1"]], managed: [String] = []
) throws -> any TrafficRouter {
    let names = managed.map { JSON.object(["name": .string($0)]) }
    let configuration = try TrafficConfiguration(["apisix": ["route": route], "managedRoutes": .array(names)])
    return try #require(configuration.routers(for: shop).first)
}

private func rule(_ name: String, canary: JSON?, stable: JSON?) -> JSON {
    var backends: [JSON] = [["serviceName": "shop-stable", "servicePort": 80]]
    if let stable { backends[0]["weight"] = stable }
    if let canary { backends.append(["serviceName": "shop-canary", "servicePort": 80, "weight": canary]) }
    return [
        "name": .string(name), "match": ["hosts": ["shop.example.com"], "paths": ["/*"]],
        "backends": .array(backends),
    ]
}

private func route(_ rules: JSON...) -> JSON {
    [
        "apiVersion": "apisix.apache.org/v2", "kind": "ApisixRoute",
        "metadata": ["name": "route", "namespace": "prod", "resourceVersion": "4"], "spec": ["http": .array(rules)],
    ]
}

private func after(_ writes: [TrafficWrite], _ live: JSON) -> JSON {
    guard case .mergePatch(let patch)? = writes.first?.change else { return live }
    return MergePatch.apply(patch, to: live)
}

@Suite("APISIX") struct APISIXRouterTests {
    @Test("Both backends of each named rule get their weights, and other rules stay")
    func weights() throws {
        let router = try router(["name": "route", "rules": ["rule1", "rule2"]])
        let live = route(
            rule("rule1", canary: 0, stable: nil), rule("other", canary: 3, stable: 3),
            rule("rule2", canary: 1, stable: 99))
        #expect(router.validate([reference: live]) == [])
        let writes = try router.plan(TrafficIntent(canaryWeight: 20), [reference: live])
        #expect(writes.count == 1 && writes.map(\.failureReason) == ["ApisixRouteUpdateError"])
        let wanted = route(
            rule("rule1", canary: 20, stable: 80), rule("other", canary: 3, stable: 3),
            rule("rule2", canary: 20, stable: 80))
        #expect(after(writes, live)["spec"] == wanted["spec"])
        #expect(try router.plan(TrafficIntent(canaryWeight: 20), [reference: wanted]) == [])
        #expect(router.currentWeight([reference: wanted]) == 20)
        let home = after(router.cleanUp([reference: wanted]), wanted)
        #expect(home.at("spec", "http")?[0] == rule("rule1", canary: 0, stable: 100))
    }

    @Test("Without rules the one of the route's name is meant")
    func defaultRule() throws {
        let live = route(rule("route", canary: 0, stable: 100))
        #expect(try router(["name": "route"]).plan(TrafficIntent(canaryWeight: 5), [reference: live]).count == 1)
    }

    @Test("A header route is a copy of the route to the canary alone, with a higher priority and the headers")
    func headerRoute() throws {
        let apisix = try router(managed: ["beta", "route"])
        let beta = ObjectReference(group: reference.group, kind: "ApisixRoute", namespace: "prod", name: "beta")
        var rule1 = rule("rule1", canary: 5, stable: 95)
        rule1["priority"] = 3
        rule1.set([["op": "Exist"]], at: "match", "exprs")
        var base = route(rule1, rule("other", canary: 3, stable: 3))
        base.set("apisix-blue", at: "spec", "ingressClassName")
        base.set([["name": "tcp", "protocol": "TCP", "match": ["ingressPort": 9000]]], at: "spec", "stream")
        base.set(["kubernetes.io/ingress.class": "blue", "mine": "x"], at: "metadata", "annotations")
        #expect(apisix.references.map(\.reference) == [reference, beta])
        #expect(
            apisix.validate([reference: base]).map(\.path) == ["spec.strategy.canary.trafficRouting.managedRoutes"],
            "the weighted route is not to be one of them")
        var intent = TrafficIntent(canaryWeight: 5)
        intent.managedRoutes = [
            ManagedRoute(
                name: "beta",
                .header([
                    HeaderMatch("x-team", .exact("qa")), HeaderMatch("agent", .prefix("a.b")),
                    HeaderMatch("lang", .regex("^(de|at)$")),
                ]))
        ]
        let writes = try apisix.plan(intent, [reference: base])
        #expect(writes.map(\.reference) == [beta] && writes.map(\.failureReason) == ["ApisixRouteCreateError"])
        guard case .create(var made)? = writes.first?.change else { throw JSONError("nothing is created") }
        #expect(made.annotations == ["kubernetes.io/ingress.class": "blue"])
        #expect(made.at("spec", "ingressClassName") == "apisix-blue")
        #expect(made.at("spec", "stream") == nil)
        func header(_ name: String, _ op: JSON, _ value: JSON) -> JSON {
            ["subject": ["scope": "Header", "name": .string(name)], "op": op, "value": value]
        }
        let wanted: JSON = [
            [
                "name": "rule1", "priority": 4,
                "backends": [["serviceName": "shop-canary", "servicePort": 80, "weight": 100]],
                "match": [
                    "hosts": ["shop.example.com"], "paths": ["/*"],
                    "exprs": [
                        ["op": "Exist"], header("x-team", "Equal", "qa"), header("agent", "RegexMatch", "^a\\.b.*"),
                        header("lang", "RegexMatch", "^(de|at)$"),
                    ],
                ],
            ]
        ]
        #expect(made.at("spec", "http") == wanted)
        made.set("8", at: "metadata", "resourceVersion")
        #expect(try apisix.plan(intent, [reference: base, beta: made]) == [])

        for weight in [5, 6] {
            var weights = TrafficIntent(canaryWeight: weight)
            weights.leavesRoutes = true
            let writes = try apisix.plan(weights, [reference: base, beta: made])
            #expect(writes.map(\.reference) == (weight == 5 ? [] : [reference]))
        }

        base.set(["new.example.com"], at: "spec", "hosts")
        let followed = try apisix.plan(intent, [reference: base, beta: made])
        #expect(after(followed, made).at("spec", "hosts") == ["new.example.com"])
        let end = try apisix.plan(TrafficIntent(canaryWeight: 5), [reference: base, beta: made])
        #expect(end.map(\.change) == [.delete(resourceVersion: "8")])
        #expect(end.map(\.failureReason) == ["ApisixRouteDeleteError"])

        var foreign = made
        foreign.set([], at: "metadata", "ownerReferences")
        #expect(try apisix.plan(TrafficIntent(canaryWeight: 5), [reference: base, beta: foreign]) == [])
        let error = #expect(throws: TrafficError.self) { try apisix.plan(intent, [reference: base, beta: foreign]) }
        #expect(error?.code == .owned)
        #expect(try router(managed: ["beta"]).validate([reference: base, beta: foreign]).count == 1)
    }

    @Test("A rule or backend that is missing is told, and nothing is written")
    func problems() throws {
        for (live, words) in [
            (route(rule("other", canary: 0, stable: 100)), "spec.http has no rule \"rule1\""),
            (route(rule("rule1", canary: nil, stable: 100)), "no backend for the Service shop-canary"),
        ] {
            #expect(try router().validate([reference: live]).first?.message.contains(words) == true)
            #expect(throws: TrafficError.self) {
                try router().plan(TrafficIntent(canaryWeight: 1), [reference: live])
            }
        }
        #expect(
            try router().validate([:]).map(\.description) == [
                "\(field): ApisixRoute prod/route does not exist; create it"
            ])
        #expect(try router([:]).validate([:]).map(\.description) == ["\(field): is required"])
        #expect(throws: JSONError.self) { try router("route") }
    }
}
