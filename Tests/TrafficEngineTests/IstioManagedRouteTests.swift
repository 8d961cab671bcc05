import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let virtualService = ObjectReference(
    group: "networking.istio.io", kind: "VirtualService", namespace: "prod", name: "shop")
private let destinationRule = ObjectReference(
    group: "networking.istio.io", kind: "DestinationRule", namespace: "prod", name: "shop")

/// An object of Istio's with this `spec`, written as YAML.
private func object(_ spec: String, kind: String = "VirtualService") throws -> JSON {
    [
        "apiVersion": "networking.istio.io/v1alpha3", "kind": .string(kind),
        "metadata": ["name": "shop", "namespace": "prod", "resourceVersion": "7"], "spec": try yaml(spec),
    ]
}

private func yaml(_ text: String) throws -> JSON { try #require(try YAML.parse(Array(text.utf8)).first) }

private func router(_ istio: JSON, managed: [String]) throws -> any TrafficRouter {
    let routes = managed.map { ["name": .string($0)] as JSON }
    let configuration = try TrafficConfiguration(["istio": istio, "managedRoutes": .array(routes)])
    return try #require(configuration.routers(for: shop).first)
}

private let plain: JSON = ["virtualService": ["name": "shop"]]
private let beta = ManagedRoute(
    name: "beta-users", .header([.init("x-team", .exact("qa")), .init("user-agent", .regex(".*Phone.*"))]))
private let shadow = ManagedRoute(
    name: "shadow", .mirror([.init(method: .exact("GET"), path: .prefix("/api"))], percentage: 35))

/// `spec.http` after the writes of an intent, which are one at most; again they must be none.
private func http(
    _ intent: TrafficIntent, _ router: any TrafficRouter, _ live: JSON, rule: JSON? = nil
) throws -> JSON? {
    func objects(_ object: JSON) -> [ObjectReference: JSON] {
        var objects = [virtualService: object]
        if let rule { objects[destinationRule] = rule }
        return objects
    }
    let writes = try router.plan(intent, objects(live)).filter { $0.reference == virtualService }
    #expect(writes.count <= 1, "weights and routes are one write")
    guard case .mergePatch(let patch)? = writes.first?.change else { return live.at("spec", "http") }
    let desired = MergePatch.apply(patch, to: live)
    #expect(try router.plan(intent, objects(desired)).allSatisfy { $0.reference != virtualService })
    return desired.at("spec", "http")
}

@Suite("Istio's header and mirror routes") struct IstioManagedRouteTests {
    private static let main = """
        http:
        - name: main
          timeout: 5s
          route:
          - destination: {host: shop-stable}
            weight: 100
          - destination: {host: shop-canary, port: {number: 80}}
            weight: 0
        """

    @Test("A header route sends what fits all its headers to the canary, ahead of the weights")
    func header() throws {
        let router = try router(plain, managed: ["beta-users"])
        let intent = TrafficIntent(canaryWeight: 20, managedRoutes: [beta])
        let expected = try yaml(
            """
            - name: beta-users
              match:
              - headers: {x-team: {exact: qa}, user-agent: {regex: ".*Phone.*"}}
              route:
              - destination: {host: shop-canary, port: {number: 80}}
                weight: 100
            - name: main
              timeout: 5s
              route:
              - destination: {host: shop-stable}
                weight: 80
              - destination: {host: shop-canary, port: {number: 80}}
                weight: 20
            """)
        #expect(try http(intent, router, try object(Self.main)) == expected)
        #expect(router.validate([virtualService: try object(Self.main)]) == [])
    }

    @Test("Where weights alone count, routes stay as they are", arguments: [20, 30])
    func leavesRoutes(weight: Int) throws {
        let router = try router(plain, managed: ["beta-users"])
        var live = try object(Self.main)
        let routed = try http(TrafficIntent(canaryWeight: 20, managedRoutes: [beta]), router, live)
        live.set(routed, at: "spec", "http")
        var intent = TrafficIntent(canaryWeight: weight)
        intent.leavesRoutes = true
        #expect(try router.plan(intent, [virtualService: live]).isEmpty == (weight == 20))
        #expect(try http(intent, router, live)?[0] == routed?[0])
    }

    @Test("With a DestinationRule a header route sends to the canary's subset of its host")
    func subset() throws {
        let live = try object(
            """
            http:
            - route:
              - {destination: {host: shop, subset: stable}, weight: 100}
              - {destination: {host: shop, subset: canary}, weight: 0}
            """)
        let rule = try object(
            "{host: shop.prod.svc.cluster.local, subsets: [{name: stable}, {name: canary}]}", kind: "DestinationRule")
        let istio: JSON = [
            "virtualService": ["name": "shop"],
            "destinationRule": ["name": "shop", "canarySubsetName": "canary", "stableSubsetName": "stable"],
        ]
        let router = try router(istio, managed: ["beta-users", "shadow"])
        let routes = try http(
            TrafficIntent(canaryWeight: 0, managedRoutes: [beta, shadow]), router, live, rule: rule)
        let canary: JSON = ["host": "shop.prod.svc.cluster.local", "subset": "canary"]
        #expect(routes?[0]?["route"] == [["destination": canary, "weight": 100]])
        #expect(routes?[1]?["mirror"] == canary)
    }

    @Test("A mirror route answers as the weights say, follows them, and copies its share to the canary")
    func mirror() throws {
        let router = try router(plain, managed: ["shadow"])
        let live = try object(
            """
            http:
            - route:
              - {destination: {host: shop-stable}, weight: 100}
              - {destination: {host: shop-canary}, weight: 0}
            """)
        let first = try http(TrafficIntent(canaryWeight: 0, managedRoutes: [shadow]), router, live)
        #expect(
            try first
                == yaml(
                    """
                    - name: shadow
                      match: [{method: {exact: GET}, uri: {prefix: /api}}]
                      route:
                      - {destination: {host: shop-stable}, weight: 100}
                      - {destination: {host: shop-canary}, weight: 0}
                      mirror: {host: shop-canary}
                      mirrorPercentage: {value: 35}
                    - route:
                      - {destination: {host: shop-stable}, weight: 100}
                      - {destination: {host: shop-canary}, weight: 0}
                    """))
        var next = live
        next.set(first, at: "spec", "http")
        let second = try http(TrafficIntent(canaryWeight: 40, managedRoutes: [shadow]), router, next)
        let weights = try yaml(
            """
            - {destination: {host: shop-stable}, weight: 60}
            - {destination: {host: shop-canary}, weight: 40}
            """)
        #expect(second?[0]?["route"] == weights)
        #expect(second?[1]?["route"] == weights, "the weighted route is set too")
    }

    @Test("Managed routes stand in the order of managedRoutes, and the user's own behind them as they were")
    func order() throws {
        let live = try object(
            """
            http:
            - name: login
              route: [{destination: {host: login}}]
            - route: [{destination: {host: a}}]
            - name: main
              route:
              - {destination: {host: shop-stable}, weight: 100}
              - {destination: {host: shop-canary}, weight: 0}
            - route: [{destination: {host: b}}]
            """)
        let istio: JSON = ["virtualService": ["name": "shop", "routes": ["main"]]]
        let router = try router(istio, managed: ["shadow", "beta-users"])
        let routes = try http(TrafficIntent(canaryWeight: 5, managedRoutes: [beta, shadow]), router, live)
        #expect(
            routes?.arrayValue?.map { $0["name"]?.stringValue ?? "" } == [
                "shadow", "beta-users", "login", "", "main", "",
            ])
        #expect(routes?[3]?.at("route")?[0]?.at("destination", "host") == "a")
        #expect(routes?[5]?.at("route")?[0]?.at("destination", "host") == "b")
    }

    @Test("A route that is not wanted any more goes, alone, and a changed one is replaced")
    func removal() throws {
        let router = try router(plain, managed: ["shadow", "beta-users"])
        var live = try object(Self.main)
        live.set(
            try http(TrafficIntent(canaryWeight: 20, managedRoutes: [beta, shadow]), router, live), at: "spec", "http")
        #expect(live.at("spec", "http")?.arrayValue?.count == 3)
        let kept = try http(TrafficIntent(canaryWeight: 20, managedRoutes: [beta]), router, live)
        #expect(kept?.arrayValue?.map { $0["name"]?.stringValue } == ["beta-users", "main"])
        let changed = ManagedRoute(name: "beta-users", .header([.init("x-team", .prefix("dev"))]))
        let replaced = try http(TrafficIntent(canaryWeight: 20, managedRoutes: [changed, shadow]), router, live)
        #expect(replaced?[1]?["match"] == [["headers": ["x-team": ["prefix": "dev"]]]])
        let gone = try http(TrafficIntent(canaryWeight: 0), router, live)
        #expect(gone == (try object(Self.main)).at("spec", "http"), "nothing of them is left")
    }

    @Test("In a VirtualService without http routes a managed route fails instead of doing nothing")
    func withoutHTTP() throws {
        let live = try object(
            """
            tcp:
            - route:
              - {destination: {host: shop-stable}, weight: 100}
              - {destination: {host: shop-canary}, weight: 0}
            """)
        let router = try router(plain, managed: ["beta-users"])
        #expect(try router.plan(TrafficIntent(canaryWeight: 5), [virtualService: live]).count == 1)
        do throws(TrafficError) {
            _ = try router.plan(TrafficIntent(canaryWeight: 5, managedRoutes: [beta]), [virtualService: live])
            Issue.record("the route was taken to be set")
        } catch {
            #expect(error.code == .invalid)
            #expect(error.reason.contains("needs one"))
        }
    }

    @Test("A weighted route may not be a managed one, which the end of an update would remove")
    func conflict() throws {
        let router = try router(["virtualService": ["name": "shop", "routes": ["main"]]], managed: ["main"])
        let live = try object(Self.main)
        #expect(
            router.validate([virtualService: live]).map(\.path) == [
                "spec.strategy.canary.trafficRouting.istio.virtualService.routes"
            ])
        #expect(try http(TrafficIntent(canaryWeight: 0), router, live) == live.at("spec", "http"), "it is kept")
    }
}

@Suite("Reading managed routes") struct ManagedRouteTests {
    @Test("A step without a match sets no route")
    func removal() {
        #expect(ManagedRoute(setHeaderRoute: ["name": "a"]) == nil)
        #expect(ManagedRoute(setHeaderRoute: ["name": "a", "match": []]) == nil)
        #expect(ManagedRoute(setMirrorRoute: ["name": "a", "percentage": 5]) == nil)
    }

    @Test("A mirror's percentage is 100 where none is given, and stays within 0 to 100")
    func percentage() {
        func percentage(_ value: JSON?) -> Int? {
            var step: JSON = ["name": "a", "match": [["path": ["regex": "/v[12]"]]]]
            step["percentage"] = value
            guard case .mirror(let matches, let percentage)? = ManagedRoute(setMirrorRoute: step)?.kind,
                matches == [MirrorMatch(path: .regex("/v[12]"))]
            else { return nil }
            return percentage
        }
        #expect(percentage(nil) == 100)
        #expect(percentage(35) == 35)
        #expect(percentage(-1) == 0)
        #expect(percentage(700) == 100)
    }

    @Test("All parts of a match are read")
    func parts() {
        #expect(
            ManagedRoute(setHeaderRoute: [
                "name": "a",
                "match": [
                    ["headerName": "x", "headerValue": ["exact": "1"]],
                    ["headerName": "y", "headerValue": ["prefix": "2", "exact": ""]],
                ],
            ]) == ManagedRoute(name: "a", .header([.init("x", .exact("1")), .init("y", .prefix("2"))])))
        #expect(
            ManagedRoute(setMirrorRoute: [
                "name": "a",
                "match": [["method": ["exact": "GET"], "path": ["prefix": "/"], "headers": ["h": ["regex": ".+"]]]],
            ])
                == ManagedRoute(
                    name: "a",
                    .mirror(
                        [.init(method: .exact("GET"), path: .prefix("/"), headers: ["h": .regex(".+")])],
                        percentage: 100)))
    }
}
