import Controllers
import Manifest
import Testing

@Suite("Going back to a revision") struct RevisionHistoryTests {
    static let selector: JSON = ["matchLabels": ["app": "shop"]]

    static func set(
        _ revision: Int, owner: String = "r", labels: JSON = ["app": "shop", "rollouts-pod-template-hash": "h"],
        annotations: [String: String] = [:], spec: JSON = ["containers": [["name": "shop", "image": "a:1"]]]
    ) -> JSON {
        let marks = annotations.merging(["rollout.argoproj.io/revision": "\(revision)"]) { $1 }
        return [
            "metadata": [
                "name": .string("shop-\(revision)"), "labels": labels, "annotations": JSON(marks),
                "ownerReferences": ViewFixtures.owned(by: owner, "Rollout"),
            ],
            "spec": ["template": ["metadata": ["labels": labels], "spec": spec]],
        ]
    }

    @Test("the one before the newest is meant by itself; foreign and unselected ReplicaSets do not count")
    func which() throws {
        let sets = [
            Self.set(3), Self.set(12), Self.set(9), Self.set(11, owner: "other"),
            Self.set(10, labels: ["app": "else"]),
        ]
        func revision(_ wanted: Int64) throws -> Int64 {
            try RevisionHistory.target(
                of: ViewFixtures.rollout, selector: Self.selector, replicaSets: sets, revision: wanted
            ).revision
        }
        #expect(try revision(0) == 9)
        #expect(try revision(3) == 3)
        #expect(throws: PromotionError("Rollout shop has no revision 11; it has 12, 9, 3")) { try revision(11) }
        #expect(throws: PromotionError.self) {
            try RevisionHistory.target(
                of: ViewFixtures.rollout, selector: Self.selector, replicaSets: [Self.set(1)], revision: 0)
        }
    }

    @Test("D27: what the controller put into a template is taken out, and nothing else")
    func stripped() {
        func term(_ key: String) -> JSON {
            [
                "labelSelector": ["matchExpressions": [["key": .string(key), "operator": "In", "values": ["x"]]]],
                "topologyKey": "kubernetes.io/hostname",
            ]
        }
        let injected = term("rollouts-pod-template-hash")
        let set = Self.set(
            1, labels: ["app": "shop", "rollouts-pod-template-hash": "h", "role": "canary"],
            annotations: ["rollout.argoproj.io/ephemeral-metadata": #"{"labels":{"role":"canary"},"annotations":{}}"#],
            spec: [
                "containers": [["name": "shop"]],
                "affinity": [
                    "podAntiAffinity": [
                        "requiredDuringSchedulingIgnoredDuringExecution": [injected, term("app")],
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            ["weight": 1, "podAffinityTerm": injected]
                        ],
                    ]
                ],
            ])
        #expect(
            RevisionHistory.template(of: set) == [
                "metadata": ["labels": ["app": "shop"]],
                "spec": [
                    "containers": [["name": "shop"]],
                    "affinity": [
                        "podAntiAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": [term("app")]]
                    ],
                ],
            ])
        let alone = Self.set(
            1, spec: ["affinity": ["podAntiAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": [injected]]]])
        #expect(RevisionHistory.template(of: alone)["spec"] == [:])
    }

    @Test("templates are equal whatever the API server has filled in")
    func equality() {
        let written: JSON = ["spec": ["containers": [["name": "a", "image": "a:1"]]]]
        var live = written
        live.set("Always", at: "spec", "restartPolicy")
        #expect(RevisionHistory.areEqual(written, live))
        live.set("Never", at: "spec", "restartPolicy")
        #expect(!RevisionHistory.areEqual(written, live))
    }

    @Test(
        "D28: the template of a workload is where its kind has it",
        arguments: [
            ("apps/v1", "Deployment", ["spec", "template"]), ("apps/v1", "ReplicaSet", ["spec", "template"]),
            ("v1", "PodTemplate", ["template"]), ("apps/v1", "StatefulSet", nil),
        ] as [(String, String, [String]?)])
    func place(apiVersion: String, kind: String, path: [String]?) {
        let rollout: JSON = [
            "metadata": ["name": "web", "namespace": "prod"],
            "spec": ["workloadRef": ["apiVersion": .string(apiVersion), "kind": .string(kind), "name": "w"]],
        ]
        let place = try? TemplatePlace(rollout)
        #expect(place?.path == path)
        #expect(place?.key == path.map { _ in ObjectKey(namespace: "prod", name: "w") })
    }

    @Test("init and ephemeral containers get an image too, and nobody else's change is lost")
    func images() throws {
        let object: JSON = [
            "metadata": ["name": "web", "resourceVersion": "7"],
            "spec": [
                "template": [
                    "spec": [
                        "initContainers": [["name": "a", "image": "1"]],
                        "containers": [["name": "b", "image": "1"], ["name": "c", "image": "1", "stdin": true]],
                    ]
                ]
            ],
        ]
        let place = try TemplatePlace(object)
        #expect(
            try place.imagePatch(object, container: "*", image: "2") == [
                "metadata": ["resourceVersion": "7"],
                "spec": [
                    "template": [
                        "spec": [
                            "initContainers": [["name": "a", "image": "2"]],
                            "containers": [["name": "b", "image": "2"], ["name": "c", "image": "2", "stdin": true]],
                        ]
                    ]
                ],
            ])
        #expect(
            try place.imagePatch(object, container: "a", image: "2").at("spec", "template", "spec", "containers") == nil
        )
        #expect(throws: PromotionError("Rollout web has no container x; it has a, b, c")) {
            try place.imagePatch(object, container: "x", image: "2")
        }
    }
}
