import Manifest

/// Objects of a paused canary, as the API serves them.
enum ViewFixtures {
    static let now = Timestamp(seconds: 1_700_000_000)

    static func ago(_ seconds: Int64) -> JSON { .string((now - .seconds(seconds)).rfc3339) }

    static func owned(by uid: String, _ kind: String) -> JSON {
        [["apiVersion": "v1", "kind": .string(kind), "name": "x", "uid": .string(uid), "controller": true]]
    }

    static let rollout: JSON = [
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": [
            "name": "shop", "namespace": "prod", "uid": "r", "generation": 9, "creationTimestamp": ago(12 * 86_400),
        ],
        "spec": [
            "replicas": 5, "selector": ["matchLabels": ["app": "shop"]],
            "template": [
                "metadata": ["labels": ["app": "shop"]],
                "spec": ["containers": [["name": "shop", "image": "registry/shop:1.9"]]],
            ],
            "strategy": [
                "canary": [
                    "steps": [
                        ["setWeight": 20], ["pause": [:]], ["setWeight": 60], ["pause": ["duration": "1h"]],
                    ]
                ]
            ],
        ],
        "status": [
            "observedGeneration": "9", "phase": "Paused", "message": "CanaryPauseStep", "currentStepIndex": 1,
            "currentPodHash": "7c5d9f6b84", "stableRS": "6b56c8cdb4", "replicas": 5, "updatedReplicas": 1,
            "readyReplicas": 5, "availableReplicas": 5, "controllerPause": true,
            "pauseConditions": [["reason": "CanaryPauseStep", "startTime": ago(200)]],
        ],
    ]

    static func replicaSet(
        _ hash: String, revision: Int, replicas: Int64, available: Int64, image: String, age: Int64,
        annotations: [String: String] = [:]
    ) -> JSON {
        let marks = annotations.merging(["rollout.argoproj.io/revision": "\(revision)"]) { $1 }
        return [
            "metadata": [
                "name": .string("shop-\(hash)"), "namespace": "prod", "uid": .string("rs-\(hash)"), "generation": 2,
                "creationTimestamp": ago(age), "labels": ["rollouts-pod-template-hash": .string(hash)],
                "annotations": JSON(marks), "ownerReferences": owned(by: "r", "Rollout"),
            ],
            "spec": ["replicas": .int(replicas), "template": ["spec": ["containers": [["image": .string(image)]]]]],
            "status": ["observedGeneration": 2, "replicas": .int(replicas), "availableReplicas": .int(available)],
        ]
    }

    static func pod(_ name: String, of set: String, age: Int64, restarts: Int64 = 0) -> JSON {
        let container: JSON = ["ready": true, "restartCount": .int(restarts), "state": ["running": [:]]]
        return [
            "metadata": [
                "name": .string(name), "namespace": "prod", "creationTimestamp": ago(age),
                "ownerReferences": owned(by: "rs-\(set)", "ReplicaSet"),
            ],
            "spec": ["containers": [[:], [:]]],
            "status": [
                "phase": "Running", "containerStatuses": [container, ["ready": true, "state": ["running": [:]]]],
            ],
        ]
    }

    static let replicaSets = [
        replicaSet(
            "674d8cf959", revision: 5, replicas: 0, available: 0, image: "registry/shop:1.7", age: 5 * 86_400 * 2,
            annotations: ["scale-down-deadline": (now + .seconds(18)).rfc3339]),
        replicaSet("7c5d9f6b84", revision: 7, replicas: 1, available: 1, image: "registry/shop:1.9", age: 250),
        replicaSet("6b56c8cdb4", revision: 6, replicas: 4, available: 4, image: "registry/shop:1.8", age: 2 * 86_400),
        ["metadata": ["name": "foreign", "ownerReferences": owned(by: "other", "Deployment")]],
    ]

    static let pods = [
        pod("shop-6b56c8cdb4-9wq4d", of: "6b56c8cdb4", age: 2 * 86_400),
        pod("shop-7c5d9f6b84-k2x9p", of: "7c5d9f6b84", age: 250, restarts: 1),
    ]

    static func run(_ name: String, phase: String, age: Int64, results: JSON = []) -> JSON {
        [
            "metadata": [
                "name": .string(name), "namespace": "prod", "creationTimestamp": ago(age),
                "annotations": ["rollout.argoproj.io/revision": "7"], "ownerReferences": owned(by: "r", "Rollout"),
            ],
            "status": ["phase": .string(phase), "metricResults": results],
        ]
    }

    static let analysisRuns = [
        run(
            "shop-7c5d9f6b84-7", phase: "Running", age: 250,
            results: [
                ["name": "errors", "successful": 12, "failed": 1],
                [
                    "name": "smoke",
                    "measurements": [
                        ["phase": "Successful", "startedAt": ago(190), "metadata": ["job-name": "4f0b-smoke.1"]]
                    ],
                ],
            ])
    ]
    static let experiments = [run("shop-7c5d9f6b84-7-1", phase: "Successful", age: 190)]
}
