import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")

private func ingress(_ name: String) -> ObjectReference {
    ObjectReference(group: "networking.k8s.io", kind: "Ingress", namespace: "prod", name: name)
}

private func path(_ path: String, _ service: String) -> JSON {
    [
        "path": .string(path), "pathType": "Prefix",
        "backend": ["service": ["name": .string(service), "port": ["number": 80]]],
    ]
}

private func stable(_ rules: JSON = [["host": "shop.example.com", "http": ["paths": [path("/", "shop-stable")]]]])
    -> JSON
{
    [
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": ["name": "shop", "annotations": ["kubernetes.io/ingress.class": "nginx", "other": "x"]],
        "spec": [
            "ingressClassName": "nginx", "tls": [["hosts": ["shop.example.com"]]], "rules": rules,
            "defaultBackend": ["x": 1],
        ],
    ]
}

private func router(
    _ nginx: JSON = ["stableIngress": "shop"], maxTrafficWeight: Int? = nil, _ subject: TrafficSubject = shop
) throws -> any TrafficRouter {
    var json: JSON = ["nginx": nginx]
    if let maxTrafficWeight { json["maxTrafficWeight"] = JSON(maxTrafficWeight) }
    return try #require(try TrafficConfiguration(json).routers(for: subject).first)
}

private func created(_ writes: [TrafficWrite]) throws -> JSON {
    guard case .create(let object)? = writes.first?.change else { throw JSONError("nothing is created") }
    return object
}

@Suite("NGINX") struct NGINXRouterTests {
    @Test("A canary Ingress is created beside the stable one")
    func create() throws {
        let router = try router([
            "stableIngress": "shop",
            "additionalIngressAnnotations": ["canary-by-header": "x-beta", "canary-weight": "99"],
            "canaryIngressAnnotations": ["example.com/a": "b"],
        ])
        #expect(router.references.map(\.reference) == [ingress("shop"), ingress("shop-shop-canary")])
        #expect(router.validate([ingress("shop"): stable()]) == [])
        let writes = try router.plan(TrafficIntent(canaryWeight: 15), [ingress("shop"): stable()])
        #expect(writes.map(\.reference) == [ingress("shop-shop-canary")])
        #expect(writes.map(\.eventReason) == ["CreatingCanaryIngress"])
        let object = try created(writes)
        #expect(
            object.annotations == [
                "kubernetes.io/ingress.class": "nginx", "nginx.ingress.kubernetes.io/canary": "true",
                "nginx.ingress.kubernetes.io/canary-weight": "15",
                "nginx.ingress.kubernetes.io/canary-by-header": "x-beta", "example.com/a": "b",
                "sluice.dev/managed-annotations":
                    "example.com/a,kubernetes.io/ingress.class,nginx.ingress.kubernetes.io/canary,nginx.ingress.kubernetes.io/canary-by-header,nginx.ingress.kubernetes.io/canary-weight",
            ])
        #expect(
            object["spec"] == [
                "ingressClassName": "nginx", "tls": [["hosts": ["shop.example.com"]]],
                "rules": [["host": "shop.example.com", "http": ["paths": [path("/", "shop-canary")]]]],
            ])
        #expect(
            object.at("metadata", "ownerReferences")?[0] == [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "shop", "uid": "u1",
                "controller": true,
                "blockOwnerDeletion": true,
            ])
        #expect(
            try router.plan(
                TrafficIntent(canaryWeight: 15), [ingress("shop"): stable(), ingress("shop-shop-canary"): object]) == []
        )
        #expect(router.currentWeight([ingress("shop-shop-canary"): object]) == 15)
    }

    @Test("Only rules and paths that lead to the stable Service are taken over")
    func rules() throws {
        let rules: JSON = [
            ["host": "a", "http": ["paths": [path("/", "shop-stable"), path("/api", "api")]]], ["host": "b"],
            ["host": "c", "http": ["paths": [["path": "/", "backend": ["resource": ["kind": "Bucket"]]]]]],
            ["host": "d", "http": ["paths": [path("/x", "api")]]],
        ]
        let object = try created(try router().plan(TrafficIntent(canaryWeight: 1), [ingress("shop"): stable(rules)]))
        #expect(object.at("spec", "rules") == [["host": "a", "http": ["paths": [path("/", "shop-canary")]]]])
    }

    @Test("A weight changes the annotation alone; a custom maximum is written with it")
    func update() throws {
        let router = try router(maxTrafficWeight: 1000)
        var live = try created(
            try router.plan(TrafficIntent(canaryWeight: 5, maxWeight: 1000), [ingress("shop"): stable()]))
        #expect(live.annotations["nginx.ingress.kubernetes.io/canary-weight"] == "5")
        #expect(live.annotations["nginx.ingress.kubernetes.io/canary-weight-total"] == "1000")
        live.set("3", at: "metadata", "resourceVersion")
        live.set("theirs", at: "metadata", "annotations", "foreign")
        live.set(["team": "x"], at: "metadata", "labels")
        let writes = try router.plan(
            TrafficIntent(canaryWeight: 50, maxWeight: 1000),
            [ingress("shop"): stable(), ingress("shop-shop-canary"): live])
        #expect(
            writes.map(\.change) == [
                .mergePatch([
                    "metadata": [
                        "resourceVersion": "3", "annotations": ["nginx.ingress.kubernetes.io/canary-weight": "50"],
                    ]
                ])
            ])
        #expect(writes.map(\.eventReason) == ["PatchingCanaryIngress"])
    }

    @Test("An annotation that left the spec is removed, a foreign one stays, an edit is healed")
    func staleAnnotations() throws {
        let before = try router(["stableIngress": "shop", "canaryIngressAnnotations": ["example.com/a": "b"]])
        var live = try created(try before.plan(TrafficIntent(canaryWeight: 5), [ingress("shop"): stable()]))
        live.set("theirs", at: "metadata", "annotations", "foreign")
        live.set([["host": "evil"]], at: "spec", "rules")
        let writes = try router().plan(
            TrafficIntent(canaryWeight: 5), [ingress("shop"): stable(), ingress("shop-shop-canary"): live])
        guard case .mergePatch(let patch)? = writes.first?.change else {
            Issue.record("no patch: \(writes)")
            return
        }
        let healed = MergePatch.apply(patch, to: live)
        #expect(healed.annotations["example.com/a"] == nil)
        #expect(healed.annotations["foreign"] == "theirs")
        #expect(
            healed.at("spec", "rules") == [["host": "shop.example.com", "http": ["paths": [path("/", "shop-canary")]]]])
    }

    @Test("An Ingress of another owner is left alone")
    func owned() throws {
        let foreign: JSON = [
            "metadata": ["name": "shop-shop-canary", "ownerReferences": [["controller": true, "uid": "u2"]]]
        ]
        let objects = [ingress("shop"): stable(), ingress("shop-shop-canary"): foreign]
        #expect(
            throws: TrafficError(.owned, ingress("shop-shop-canary"), "it exists and is not controlled by this Rollout")
        ) {
            try router().plan(TrafficIntent(canaryWeight: 1), objects)
        }
        #expect(try router().validate(objects).count == 1)
    }

    @Test("What is missing is told")
    func problems() throws {
        #expect(
            try router().validate([:]).map(\.description) == [
                "spec.strategy.canary.trafficRouting.nginx.stableIngress: Ingress prod/shop does not exist; create it"
            ])
        #expect(
            try router().validate([ingress("shop"): stable([])]).first?.message.contains("no rule has a path") == true)
        #expect(throws: TrafficError.self) { try router().plan(TrafficIntent(canaryWeight: 1), [:]) }
        #expect(throws: TrafficError.self) {
            try router().plan(TrafficIntent(canaryWeight: 1), [ingress("shop"): stable([1])])
        }
        #expect(try router([:]).validate([:]).map(\.message) == ["give either stableIngress or stableIngresses"])
        #expect(
            try router(["stableIngress": "a", "stableIngresses": ["b"]]).validate([:]).first?.message
                == "give either stableIngress or stableIngresses")
        let bare = TrafficSubject(rollout: shop.rollout, uid: "u1")
        #expect(
            try router(["stableIngress": "shop"], bare).validate([:]).contains {
                $0.message == "canaryService and stableService are required"
            })
    }

    @Test("Names that are too long end in a hash, so that no two are the same")
    func names() throws {
        let long = String(repeating: "i", count: 250)
        let router = try router(["stableIngresses": [.string(long + "a"), .string(long + "b")]])
        let names = router.references.filter { !$0.isRequired }.map(\.reference.name)
        #expect(Set(names).count == 2)
        for name in names {
            #expect(name.utf8.count <= 253)
            #expect(name.hasPrefix("shop-iii") && name.hasSuffix("-canary"))
        }
    }
}
