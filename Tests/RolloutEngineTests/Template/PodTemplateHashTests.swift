import Manifest
import RolloutEngine
import Testing

@Suite("Pod template hash") struct PodTemplateHashTests {
    static let scale = """
        {"metadata":{"labels":{"app":"dynamic-stable-scale"}},"spec":{"containers":[{"name":"dynamic-stable-scale",\
        "image":"nginx:1.19-alpine","ports":[{"name":"http","containerPort":80,"protocol":"TCP"}],"resources":\
        {"requests":{"cpu":"5m","memory":"16Mi"}}}],"readinessGates":[{"conditionType":"argoproj.io/e2e-readiness"}]}}
        """
    static let delay = """
        {"metadata":{"labels":{"app":"canary-scaledowndelay"}},"spec":{"containers":[{"name":"canary-scaledowndelay",\
        "image":"nginx:1.19-alpine","ports":[{"name":"http","containerPort":80,"protocol":"TCP"}],"resources":\
        {"requests":{"cpu":"5m","memory":"16Mi"}}}]}}
        """
    static let web = """
        {"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"nginx:1.25","resources":{}}]}}
        """

    static let rows: [(String, Int?, PodTemplateHash.Dialect, String)] = [
        (scale, nil, .newer, "6b56c8cdb4"), (scale, nil, .older, "868d98995b"), (delay, nil, .newer, "674d8cf959"),
        (delay, nil, .older, "66597877b7"), (web, nil, .newer, "7dc666b946"), (web, 0, .newer, "f5fb7cdf8"),
        (web, 1, .newer, "68db74476c"), (web, 2, .newer, "64d56d4768"), (web, nil, .older, "7c4bd8fbf8"),
    ]

    @Test("is what the reference controller computes", arguments: rows)
    func vectors(_ text: String, _ collisions: Int?, _ dialect: PodTemplateHash.Dialect, _ expected: String) throws {
        let template = try JSON(parsing: text)
        #expect(PodTemplateHash.hash(template, collisionCount: collisions, dialect: dialect) == expected)
        var reader = JSONReader(Array(text.utf8))
        #expect(try PodTemplate(&reader).hash(collisionCount: collisions, dialect: dialect) == expected)
    }

    @Test("does not see nulls, empty values, spellings of quantities or a null creation time")
    func normalised() throws {
        let text = """
            {"metadata":{"creationTimestamp":null,"labels":{"app":"canary-scaledowndelay"},"annotations":{}},"spec":{
            "containers":[{"image":"nginx:1.19-alpine","name":"canary-scaledowndelay","env":[],"ports":[{"containerPort":80,
            "name":"http","protocol":"TCP"}],"resources":{"requests":{"memory":"16384Ki","cpu":"0.005"}}}],"volumes":null}}
            """
        #expect(PodTemplateHash.hash(try JSON(parsing: text)) == "674d8cf959")
    }

    static let steps: [(String, String)] = [
        ("null", "5ffbfbbd64"), ("[]", "5ffbfbbd64"),
        (#"[{"setWeight":20},{"pause":{}},{"setWeight":50},{"pause":{"duration":"10m"}}]"#, "6f5bfc45b6"),
        // Metadata of the runs is a struct there, not a pointer, and is written although it says nothing.
        (#"[{"analysis":{"templates":[{"templateName":"at"}]}}]"#, "84d9785b44"),
        (#"[{"analysis":{"templates":[{"templateName":"at"}],"analysisRunMetadata":{}}}]"#, "84d9785b44"),
    ]

    @Test("of the steps is what the reference controller computes", arguments: steps)
    func stepVectors(_ text: String, _ expected: String) throws {
        #expect(StepHash.hash(try JSON(parsing: text)) == expected)
    }
}

@Suite("Pod template digest") struct TemplateDigestTests {
    static let desired: JSON = [
        "metadata": ["labels": ["app": "web"]],
        "spec": [
            "containers": [
                [
                    "name": "web", "image": "registry:5000/nginx:1.25",
                    "ports": [["containerPort": 80]], "resources": ["limits": ["cpu": "1000m"]],
                    "readinessProbe": ["httpGet": ["port": 80]],
                    "volumeMounts": [["name": "data", "mountPath": "/data"], ["name": "conf", "mountPath": "/conf"]],
                ]
            ],
            "volumes": [["name": "data"], ["name": "conf", "configMap": ["name": "web"]]],
        ],
    ]

    /// The same, as the API server gives it back in a ReplicaSet.
    static let live: JSON = [
        "metadata": [
            "creationTimestamp": .null, "labels": ["app": "web", "rollouts-pod-template-hash": "6b56c8cdb4"],
        ],
        "spec": [
            "containers": [
                [
                    "name": "web", "image": "registry:5000/nginx:1.25", "imagePullPolicy": "IfNotPresent",
                    "ports": [["containerPort": 80, "protocol": "TCP"]], "resources": ["limits": ["cpu": "1"]],
                    "readinessProbe": [
                        "httpGet": ["port": 80, "path": "/", "scheme": "HTTP"], "timeoutSeconds": 1,
                        "periodSeconds": 10,
                        "successThreshold": 1, "failureThreshold": 3,
                    ],
                    "volumeMounts": [["name": "data", "mountPath": "/data"], ["name": "conf", "mountPath": "/conf"]],
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                ]
            ],
            "volumes": [
                ["name": "data", "emptyDir": [:]], ["name": "conf", "configMap": ["name": "web", "defaultMode": 420]],
            ],
            "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
            "securityContext": [:], "terminationGracePeriodSeconds": 30,
        ],
    ]

    @Test("agrees between a desired template and the live one that the server has defaulted")
    func defaulted() throws {
        #expect(try TemplateDigest.of(Self.desired) == TemplateDigest.of(Self.live))
    }

    static let changes: [(String, JSON)] = [
        ("image", ["spec": ["containers": [["name": "web", "image": "nginx:1.26"]]]]),
        ("label", ["metadata": ["labels": ["app": "shop"]]]),
        ("grace period", ["spec": ["terminationGracePeriodSeconds": 0]]),
        ("host network", ["spec": ["hostNetwork": true]]),
        ("affinity", ["spec": ["affinity": ["podAffinity": [:]]]]),
        ("service account", ["spec": ["serviceAccountName": "web"]]),
    ]

    @Test("differs after a change of meaning", arguments: changes)
    func changed(_ what: String, _ patch: JSON) throws {
        let changed = MergePatch.apply(patch, to: Self.desired)
        #expect(try TemplateDigest.of(Self.desired) != TemplateDigest.of(changed), "\(what)")
    }

    @Test("an empty selector and a missing one are not the same")
    func emptySelector() throws {
        let term = { (selector: JSON) -> JSON in
            [
                "spec": [
                    "affinity": [
                        "podAntiAffinity": [
                            "requiredDuringSchedulingIgnoredDuringExecution": [
                                ["topologyKey": "zone", "labelSelector": selector]
                            ]
                        ]
                    ]
                ]
            ]
        }
        #expect(try TemplateDigest.of(term([:])) != TemplateDigest.of(term(.null)))
    }

    @Test("a wrong type is an error that names its path")
    func wrongType() throws {
        let error = #expect(throws: JSONError.self) {
            try TemplateDigest.of(["spec": ["containers": [["name": "web", "image": ["a"]]]]])
        }
        #expect(error?.fieldPath == "spec.containers[0].image")
    }
}
