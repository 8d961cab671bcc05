import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let subsetOnly = TrafficSubject(rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1")
private let virtualService = ObjectReference(
    group: "networking.istio.io", kind: "VirtualService", namespace: "prod", name: "shop")
private let destinationRule = ObjectReference(
    group: "networking.istio.io", kind: "DestinationRule", namespace: "prod", name: "shop")

private func destination(_ host: String, _ weight: Int? = nil, subset: String? = nil, port: Int? = nil) -> JSON {
    var entry: JSON = ["destination": ["host": .string(host)]]
    if let subset { entry.set(.string(subset), at: "destination", "subset") }
    if let port { entry.set(JSON(port), at: "destination", "port", "number") }
    if let weight { entry["weight"] = JSON(weight) }
    return entry
}

private func object(_ spec: JSON, kind: String = "VirtualService", annotations: JSON? = nil) -> JSON {
    var object: JSON = [
        "apiVersion": "networking.istio.io/v1alpha3", "kind": .string(kind),
        "metadata": ["name": "shop", "namespace": "prod", "resourceVersion": "7"], "spec": spec,
    ]
    if let annotations { object.set(annotations, at: "metadata", "annotations") }
    return object
}

private func http(_ entries: [JSON], name: String? = "main") -> JSON {
    var route: JSON = ["route": .array(entries), "timeout": "5s"]
    if let name { route["name"] = .string(name) }
    return route
}

private func router(
    _ istio: JSON, _ subject: TrafficSubject = shop, managed: [String] = []
) throws -> any TrafficRouter {
    let routes = managed.map { ["name": .string($0)] as JSON }
    let configuration = try TrafficConfiguration(["istio": istio, "managedRoutes": .array(routes)])
    return try #require(configuration.routers(for: subject).first)
}

private let plain: JSON = ["virtualService": ["name": "shop"]]
private let subsets: JSON = [
    "virtualService": ["name": "shop"],
    "destinationRule": ["name": "shop", "canarySubsetName": "canary", "stableSubsetName": "stable"],
]

/// The object after its write, or as it was.
private func after(_ writes: [TrafficWrite], _ reference: ObjectReference, _ object: JSON) -> JSON {
    for write in writes where write.reference == reference {
        if case .mergePatch(let patch) = write.change { return MergePatch.apply(patch, to: object) }
    }
    return object
}

@Suite("Istio") struct IstioRouterTests {
    @Test(
        "A weight goes to the canary and the rest to stable; nothing else changes",
        arguments: [
            (
                "host level", TrafficIntent(canaryWeight: 20),
                [destination("shop-stable", 100), destination("shop-canary", 0)],
                [destination("shop-stable", 80), destination("shop-canary", 20)]
            ),
            (
                "an experiment is appended with the canary's port",
                TrafficIntent(canaryWeight: 20, additional: [.init(service: "exp-a", hash: "e1", weight: 10)]),
                [destination("shop-stable", 100), destination("shop-canary", 0, port: 80)],
                [
                    destination("shop-stable", 70), destination("shop-canary", 20, port: 80),
                    destination("exp-a", 10, port: 80),
                ]
            ),
            (
                "an experiment that is there gets its weight",
                TrafficIntent(canaryWeight: 40, additional: [.init(service: "exp-a", hash: "e1", weight: 10)]),
                [destination("shop-stable", 90), destination("exp-a", 5), destination("shop-canary", 5)],
                [destination("shop-stable", 50), destination("exp-a", 10), destination("shop-canary", 40)]
            ),
            (
                "a former experiment goes, a foreign destination of weight 0 stays",
                TrafficIntent(canaryWeight: 0, formerAdditional: ["exp-a"]),
                [
                    destination("shop-stable", 90), destination("exp-a", 10), destination("other", 0),
                    destination("shop-canary", 0),
                ],
                [destination("shop-stable", 100), destination("other", 0), destination("shop-canary", 0)]
            ),
            (
                "hosts may be qualified with the Rollout's namespace", TrafficIntent(canaryWeight: 100),
                [destination("shop-stable.prod", 100), destination("shop-canary.prod.svc.cluster.local", 0)],
                [destination("shop-stable.prod", 0), destination("shop-canary.prod.svc.cluster.local", 100)]
            ),
            (
                "missing weights are set", TrafficIntent(canaryWeight: 1),
                [destination("shop-stable"), destination("shop-canary")],
                [destination("shop-stable", 99), destination("shop-canary", 1)]
            ),
        ] as [(String, TrafficIntent, [JSON], [JSON])])
    func weights(reason: String, intent: TrafficIntent, before: [JSON], expected: [JSON]) throws {
        let live = object(["hosts": ["shop"], "gateways": ["g"], "http": [http(before)]])
        let router = try router(plain)
        #expect(
            router.validate([virtualService: live]) == [] || !intent.formerAdditional.isEmpty
                || !intent.additional.isEmpty)
        let writes = try router.plan(intent, [virtualService: live])
        #expect(writes.count == 1)
        let desired = object(["hosts": ["shop"], "gateways": ["g"], "http": [http(expected)]])
        #expect(after(writes, virtualService, live) == desired, "\(reason)")
        #expect(try router.plan(intent, [virtualService: desired]) == [], "again, nothing is written")
        #expect(router.currentWeight([virtualService: desired]) == intent.canaryWeight)
    }

    @Test("A write is minimal and holds the version that it was made from")
    func minimal() throws {
        let entries = [destination("shop-stable", 100), destination("shop-canary", 0)]
        let live = object(["hosts": ["shop"], "http": [http(entries)]])
        let write = try #require(try router(plain).plan(TrafficIntent(canaryWeight: 5), [virtualService: live]).first)
        let expected = [destination("shop-stable", 95), destination("shop-canary", 5)]
        #expect(
            write.change == .mergePatch(["metadata": ["resourceVersion": "7"], "spec": ["http": [http(expected)]]]))
        #expect(write.eventReason == "Updated VirtualService")
        #expect(write.apiVersion == "networking.istio.io/v1alpha3")
        #expect(TrafficWrite.fieldManager == "sluice-traffic")
    }

    @Test(
        "Routes are selected by name, port and hosts, in every section",
        arguments: [
            (["name": "shop", "routes": ["b"]], ["http"], [1]),
            (["name": "shop", "routes": ["a", "b"]], ["http"], [0, 1]),
            (["name": "shop", "tlsRoutes": [["port": 443, "sniHosts": ["x", "y"]]]], ["tls"], [1]),
            (["name": "shop", "tlsRoutes": [["port": 443]]], ["tls"], [0, 1]), (["name": "shop"], ["tls"], [0]),
            (["name": "shop", "tcpRoutes": [["port": 90]]], ["tcp"], [1]), (["name": "shop"], ["tcp"], [0]),
            (
                ["name": "shop", "routes": ["a"], "tlsRoutes": [["sniHosts": ["x"]]], "tcpRoutes": [["port": 80]]],
                ["http", "tls", "tcp"], [0]
            ),
        ] as [(JSON, [String], [Int])])
    func selection(configuration: JSON, sections: [String], changed: [Int]) throws {
        let entries = [destination("shop-stable", 100), destination("shop-canary", 0)]
        var spec: JSON = [:]
        for section in sections {
            var routes = [http(entries, name: "a"), http(entries, name: "b")]
            if section == "tls" {
                routes[0]["match"] = [["port": 443, "sniHosts": ["x"]]]
                routes[1]["match"] = [["port": 443, "sniHosts": ["y", "x"]]]
            }
            if section == "tcp" {
                routes[0]["match"] = [["port": 80]]
                routes[1]["match"] = [["port": 90]]
            }
            spec[section] = .array(routes)
        }
        let live = object(spec)
        let writes = try router(["virtualService": configuration]).plan(
            TrafficIntent(canaryWeight: 10), [virtualService: live])
        let result = after(writes, virtualService, live)
        for section in sections {
            let weights = result.at("spec", section)?.arrayValue?.map { $0["route"]?[1]?["weight"] == 10 }
            #expect(weights == [0, 1].map(changed.contains), "\(section)")
        }
    }

    @Test(
        "What does not fit is told before and refused when planning",
        arguments: [
            (
                [
                    "http": [
                        http([destination("shop-stable"), destination("shop-canary")], name: nil), http([], name: nil),
                    ]
                ], "it has 2 http routes"
            ),
            (["http": [http([])]], "http route \"main\" has no destination"),
            (
                ["http": [http([destination("shop-stable", 100)])]],
                "has no canary destination; add one with host shop-canary"
            ),
            (
                ["http": [http([destination("shop-canary.other.svc", 0), destination("shop-stable", 100)])]],
                "has no canary destination"
            ),
            (
                [
                    "http": [
                        http([destination("shop-stable", 60), destination("shop-canary", 0), destination("x", 40)])
                    ]
                ],
                "sends weight to x, which is not the Rollout's"
            ),
            ([:], "it has no http, tls or tcp route"), (["http": 3], "spec.http must be a list, found an integer"),
            (["http": []], "it has no http, tls or tcp route"), (["http": [1]], "has no destination"),
        ] as [(JSON, String)])
    func misfits(spec: JSON, message: String) throws {
        let router = try router(plain)
        let problems = router.validate([virtualService: object(spec)])
        #expect(problems.count == 1)
        #expect(problems.first?.message.contains(message) == true, "\(problems)")
        #expect(throws: TrafficError.self) {
            try router.plan(TrafficIntent(canaryWeight: 1), [virtualService: object(spec)])
        }
        #expect((router.currentWeight([virtualService: object(spec)]) ?? 0) == 0)
        #expect(router.cleanUp([virtualService: object(spec)]) == [])
    }

    @Test("A missing object is a problem that names it")
    func missing() throws {
        let router = try router(subsets)
        #expect(router.references.map(\.reference) == [virtualService, destinationRule])
        #expect(
            router.validate([:]).map(\.description) == [
                "spec.strategy.canary.trafficRouting.istio.virtualService.name: VirtualService prod/shop does not exist; create it",
                "spec.strategy.canary.trafficRouting.istio.destinationRule.name: DestinationRule prod/shop does not exist; create it",
            ])
        #expect(throws: TrafficError(.notFound, destinationRule, "it does not exist")) {
            try router.plan(TrafficIntent(canaryWeight: 1), [:])
        }
    }

    @Test(
        "A configuration that says too little or too much is a problem",
        arguments: [
            ([:], "give either virtualService or virtualServices"),
            (
                ["virtualService": ["name": "shop"], "virtualServices": [["name": "b"]]],
                "give either virtualService or virtualServices"
            ),
            (["virtualService": ["name": ""]], "is required"),
            (["virtualServices": [["name": "shop"], ["name": "shop.prod.svc"]]], "is named twice"),
            (
                [
                    "virtualService": ["name": "shop"],
                    "destinationRule": ["name": "shop", "canarySubsetName": "a", "stableSubsetName": "a"],
                ], "must differ"
            ),
            (
                ["virtualService": ["name": "shop"], "destinationRule": ["name": "shop", "canarySubsetName": "a"]],
                "is required"
            ),
        ] as [(JSON, String)])
    func configurations(istio: JSON, message: String) throws {
        let problems = try router(istio).validate([:])
        #expect(problems.contains { $0.message.contains(message) }, "\(problems)")
    }

    @Test("A VirtualService of another namespace is found by its qualified name")
    func namespaces() throws {
        let router = try router(["virtualService": ["name": "shop.mesh.svc.cluster.local"]])
        #expect(router.references.map(\.reference.key) == [ObjectKey(namespace: "mesh", name: "shop")])
    }

    @Test("Subsets are pointed at the hashes, with everything else kept")
    func subsetHashes() throws {
        let rule = object(
            [
                "host": "shop", "trafficPolicy": ["x": 1],
                "subsets": [
                    ["name": "stable", "labels": ["app": "shop"]],
                    ["name": "canary", "labels": ["app": "shop"], "trafficPolicy": ["y": 1]],
                    ["name": "other", "labels": ["v": "1"]],
                ],
            ], kind: "DestinationRule")
        let entries = [destination("shop", 100, subset: "stable"), destination("shop", 0, subset: "canary")]
        let objects = [virtualService: object(["http": [http(entries)]]), destinationRule: rule]
        let router = try router(subsets, subsetOnly)
        #expect(router.validate(objects) == [])
        let intent = TrafficIntent(canaryWeight: 20, canaryHash: "7d9", stableHash: "5f4")
        let writes = try router.plan(intent, objects)
        #expect(writes.map(\.reference) == [destinationRule, virtualService])
        let changed = after(writes, destinationRule, rule)
        #expect(changed.annotations == ["argo-rollouts.argoproj.io/managed-by-rollouts": "shop"])
        #expect(changed.at("spec", "trafficPolicy") == ["x": 1])
        #expect(
            changed.at("spec", "subsets") == [
                ["name": "stable", "labels": ["app": "shop", "rollouts-pod-template-hash": "5f4"]],
                [
                    "name": "canary", "labels": ["app": "shop", "rollouts-pod-template-hash": "7d9"],
                    "trafficPolicy": ["y": 1],
                ],
                ["name": "other", "labels": ["v": "1"]],
            ])
        let route = after(writes, virtualService, objects[virtualService] ?? .null).at("spec", "http")?[0]?["route"]
        #expect(route == [destination("shop", 80, subset: "stable"), destination("shop", 20, subset: "canary")])
        #expect(router.referencedHashes([destinationRule: changed]) == ["7d9", "5f4"])

        var turned = intent
        turned.weightsFirst = true
        #expect(try router.plan(turned, objects).map(\.reference) == [virtualService, destinationRule])

        var empty = intent
        empty.unavailableHashes = ["7d9"]
        #expect(
            throws: TrafficError(
                .waiting, destinationRule, "subset \"canary\" waits until ReplicaSet 7d9 has enough available pods")
        ) {
            try router.plan(empty, objects)
        }
        #expect(throws: Never.self) {
            try router.plan(empty, [virtualService: objects[virtualService] ?? .null, destinationRule: changed])
        }

        let clean = router.cleanUp([
            destinationRule: changed, virtualService: after(writes, virtualService, objects[virtualService] ?? .null),
        ])
        #expect(clean.map(\.reference) == [virtualService, destinationRule])
        let restored = after(clean, destinationRule, changed)
        #expect(restored.at("spec") == rule.at("spec"))
        #expect(restored.annotations.isEmpty)
    }

    @Test("A subset of additionalSubsetNames keeps its weight, and stable never falls below zero")
    func additionalSubsets() throws {
        var configuration = subsets
        configuration.set(["extra"], at: "destinationRule", "additionalSubsetNames")
        let entries = [
            destination("shop", 95, subset: "stable"), destination("shop", 0, subset: "canary"),
            destination("shop", 5, subset: "extra"),
        ]
        let rule = object(
            ["subsets": [["name": "stable", "labels": [:]], ["name": "canary", "labels": [:]], ["name": "extra"]]],
            kind: "DestinationRule")
        let objects = [virtualService: object(["http": [http(entries)]]), destinationRule: rule]
        let router = try router(configuration)
        #expect(router.validate(objects) == [])
        let writes = try router.plan(TrafficIntent(canaryWeight: 100), objects)
        let route = after(writes, virtualService, objects[virtualService] ?? .null).at("spec", "http")?[0]?["route"]
        #expect(
            route == [
                destination("shop", 0, subset: "stable"), destination("shop", 100, subset: "canary"),
                destination("shop", 5, subset: "extra"),
            ])
    }

    @Test("A rule of another Rollout is never overwritten")
    func owned() throws {
        let rule = object(
            ["subsets": [["name": "stable"], ["name": "canary"]]], kind: "DestinationRule",
            annotations: ["argo-rollouts.argoproj.io/managed-by-rollouts": "cart"])
        let entries = [destination("shop-stable", 100), destination("shop-canary", 0)]
        let objects = [virtualService: object(["http": [http(entries)]]), destinationRule: rule]
        let router = try router(subsets)
        #expect(router.validate(objects).map(\.message) == ["DestinationRule prod/shop is managed by the Rollout cart"])
        #expect(throws: TrafficError(.owned, destinationRule, "it is managed by the Rollout cart")) {
            try router.plan(TrafficIntent(canaryWeight: 1), objects)
        }
        #expect(router.cleanUp([destinationRule: rule]) == [])
    }

    @Test("An abort takes weight and managed routes back in one write")
    func abort() throws {
        let entries = [destination("shop-stable", 60), destination("shop-canary", 40)]
        let live = object([
            "http": [http([destination("shop-canary", 100)], name: "beta"), http(entries), http([], name: "mirror")]
        ])
        let router = try router(["virtualService": ["name": "shop", "routes": ["main"]]], managed: ["beta", "mirror"])
        let writes = try router.plan(TrafficIntent(canaryWeight: 0), [virtualService: live])
        #expect(writes.count == 1)
        #expect(
            after(writes, virtualService, live).at("spec", "http") == [
                http([destination("shop-stable", 100), destination("shop-canary", 0)])
            ])
        #expect(router.cleanUp([virtualService: live]).map(\.change) == writes.map(\.change))
    }
}

@Suite("Traffic configuration") struct TrafficConfigurationTests {
    @Test("An empty object routes nothing, and a router that is null is none")
    func empty() throws {
        let configuration = try TrafficConfiguration(["plugins": ["x": [:]], "alb": .null, "maxTrafficWeight": 1000])
        #expect(configuration.routers(for: shop).isEmpty)
        #expect(configuration.maxTrafficWeight == 1000)
        #expect(try TrafficConfiguration([:]).routers(for: shop).isEmpty)
        #expect(try TrafficConfiguration(["istio": .null]).routers(for: shop).isEmpty)
    }

    @Test(
        "Wrong types are refused",
        arguments: [
            1, ["istio": 1], ["istio": ["virtualService": ["name": 1]]], ["istio": ["virtualServices": ["x": 1]]],
            ["istio": ["virtualService": ["name": "a", "routes": [1]]]], ["nginx": "x"],
            ["nginx": ["stableIngresses": [1]]],
        ] as [JSON])
    func wrongTypes(json: JSON) { #expect(throws: JSONError.self) { try TrafficConfiguration(json) } }

    @Test("A router that fails does not keep the others from planning")
    func independent() throws {
        let configuration = try TrafficConfiguration(["istio": plain, "nginx": ["stableIngress": "shop"]])
        let ingress = ObjectReference(group: "networking.k8s.io", kind: "Ingress", namespace: "prod", name: "shop")
        let stable: JSON = [
            "metadata": ["name": "shop"],
            "spec": ["rules": [["http": ["paths": [["path": "/", "backend": ["service": ["name": "shop-stable"]]]]]]]],
        ]
        let plan = configuration.plan(TrafficIntent(canaryWeight: 5), for: shop, [ingress: stable])
        #expect(plan.errors.map(\.code) == [.notFound])
        #expect(plan.writes.count == 1)
        #expect(configuration.routers(for: shop).map(\.name) == ["istio", "nginx"])
    }
}
