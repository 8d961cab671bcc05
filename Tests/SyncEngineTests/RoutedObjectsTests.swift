import Manifest
import SyncEngine
import Testing

@Suite("Objects of routers in a forced sync") struct RoutedObjectsTests {
    private static func rollout(_ routing: JSON) -> JSON {
        [
            "metadata": ["name": "web", "namespace": "shop"],
            "spec": [
                "strategy": [
                    "canary": [
                        "canaryService": "web-canary", "stableService": "web-stable", "trafficRouting": routing,
                    ]
                ]
            ],
        ]
    }

    private static func object(_ apiVersion: JSON, _ kind: JSON, _ spec: JSON, annotations: JSON = .null) -> JSON {
        var object: JSON = [
            "apiVersion": apiVersion, "kind": kind, "metadata": ["name": "r", "namespace": "shop"], "spec": spec,
        ]
        if annotations != .null { object.set(annotations, at: "metadata", "annotations") }
        return object
    }

    private static func adopt(_ desired: JSON, live: JSON, _ routing: JSON) -> JSON {
        let context = OwnershipContext(rollouts: [rollout(routing)])
        #expect(context.isShared(desired.objectReference))
        let without = OwnershipContext()
        #expect(!without.isShared(desired.objectReference))
        #expect(adoptForeignFields(desired: desired, live: live, context: without) == desired)
        return adoptForeignFields(desired: desired, live: live, context: context)
    }

    private static func path(_ service: String, _ path: String = "/*") -> JSON {
        [
            "path": .string(path),
            "backend": ["service": ["name": .string(service), "port": ["name": "use-annotation"]]],
        ]
    }

    @Test("a load balancer's actions, conditions and header paths are the rollout's, other annotations and paths Git's")
    func ingress() {
        let prefix = "alb.ingress.kubernetes.io"
        func ingress(_ paths: [JSON], _ annotations: JSON) -> JSON {
            Self.object(
                "networking.k8s.io/v1", "Ingress", ["rules": [["host": "a", "http": ["paths": .array(paths)]]]],
                annotations: annotations)
        }
        let desired = ingress(
            [Self.path("root"), Self.path("gone")],
            [
                "\(prefix)/actions.root": "{}", "\(prefix)/actions.gone": "of Git", "\(prefix)/scheme": "internal",
            ])
        let live = ingress(
            [Self.path("beta"), Self.path("root", "/old")],
            [
                "\(prefix)/actions.root": "weights", "\(prefix)/actions.beta": "a", "\(prefix)/conditions.beta": "c",
                "\(prefix)/scheme": "edited", "rollouts.argoproj.io/managed-alb-annotations": "record",
            ])
        let adopted = Self.adopt(
            desired, live: live,
            [
                "alb": ["ingress": "r", "rootService": "root"],
                "managedRoutes": [["name": "beta"], ["name": "gone"]],
            ])
        #expect(
            adopted.annotations == [
                "\(prefix)/actions.root": "weights", "\(prefix)/actions.beta": "a", "\(prefix)/conditions.beta": "c",
                "\(prefix)/scheme": "internal", "rollouts.argoproj.io/managed-alb-annotations": "record",
            ])
        #expect(
            adopted.at("spec", "rules") == [
                ["host": "a", "http": ["paths": [Self.path("beta"), Self.path("root")]]]
            ])
    }

    @Test("weights of a TraefikService's entries are the rollout's, a port and another entry's weight are Git's")
    func traefik() {
        func service(_ entries: JSON) -> JSON {
            Self.object("traefik.io/v1alpha1", "TraefikService", ["weighted": ["services": entries]])
        }
        let desired = service([
            ["name": "web-stable", "port": 80, "weight": 100], ["name": "web-canary", "port": 80, "weight": 0],
            ["name": "other", "weight": 5],
        ])
        let live = service([
            ["name": "web-stable", "port": 80, "weight": 75], ["name": "web-canary", "port": 81, "weight": 25],
            ["name": "other", "weight": 9],
        ])
        let adopted = Self.adopt(desired, live: live, ["traefik": ["weightedTraefikServiceName": "r"]])
        #expect(
            adopted
                == service([
                    ["name": "web-stable", "port": 80, "weight": 75],
                    ["name": "web-canary", "port": 80, "weight": 25], ["name": "other", "weight": 5],
                ]))
    }

    @Test("weights of an ApisixRoute's rules are the rollout's where it names them")
    func apisix() {
        func route(_ first: Int, _ second: Int) -> JSON {
            func rule(_ name: JSON, _ weight: Int) -> JSON {
                ["name": name, "backends": [["serviceName": "web-canary", "weight": JSON(weight)]]]
            }
            return Self.object("apisix.apache.org/v2", "ApisixRoute", ["http": [rule("r", first), rule("x", second)]])
        }
        #expect(
            Self.adopt(route(0, 0), live: route(25, 25), ["apisix": ["route": ["name": "r"]]]) == route(25, 0))
    }

    @Test("weights and selector hashes of a mesh are the rollout's")
    func mesh() {
        let routing: JSON = [
            "appMesh": [
                "virtualNodeGroup": ["canaryVirtualNodeRef": ["name": "r"], "stableVirtualNodeRef": ["name": "s"]]
            ]
        ]
        func router(_ canary: Int, _ stable: Int, _ other: Int) -> JSON {
            func target(_ name: JSON, _ weight: Int) -> JSON {
                ["virtualNodeRef": ["name": name], "weight": JSON(weight)]
            }
            return Self.object(
                "appmesh.k8s.aws/v1beta2", "VirtualRouter",
                [
                    "routes": [
                        [
                            "name": "a",
                            "httpRoute": ["action": ["weightedTargets": [target("r", canary), target("s", stable)]]],
                        ],
                        ["name": "b", "tcpRoute": ["action": ["weightedTargets": [target("x", other)]]]],
                    ]
                ])
        }
        #expect(Self.adopt(router(0, 100, 1), live: router(25, 75, 2), routing) == router(25, 75, 1))

        func node(_ labels: JSON, annotations: JSON = .null) -> JSON {
            Self.object(
                "appmesh.k8s.aws/v1beta2", "VirtualNode", ["podSelector": ["matchLabels": labels]],
                annotations: annotations)
        }
        let managed: JSON = ["argo-rollouts.argoproj.io/managed-by-rollouts": "web"]
        let hash: JSON = ["app": "web", "rollouts-pod-template-hash": "abc"]
        #expect(
            Self.adopt(
                node(["app": "web"]),
                live: node(["app": "no", "rollouts-pod-template-hash": "abc"], annotations: managed), routing)
                == node(hash, annotations: managed))
    }

    @Test(
        "what a rollout's router made is never pruned",
        arguments: [
            ("split.smi-spec.io/v1alpha1", "TrafficSplit"), ("getambassador.io/v2", "Mapping"),
            ("x.getambassador.io/v3alpha1", "AmbassadorMapping"), ("apisix.apache.org/v2", "ApisixRoute"),
        ])
    func wholeObjects(apiVersion: String, kind: String) {
        var made = Self.object(.string(apiVersion), .string(kind), [:])
        #expect(!FieldOwnership.isForeignObject(made), "one of the user's own")
        made.set([["kind": "Rollout", "controller": true]], at: "metadata", "ownerReferences")
        #expect(FieldOwnership.isForeignObject(made))
    }
}
