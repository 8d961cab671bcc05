import Controllers
import Kubernetes
import Manifest

@testable import sluice

/// A canary that stands at a pause, with all that belongs to it, in namespace `prod`.
extension CommandStand {
    static func spec(_ strategy: JSON, image: String = "registry/shop:1.9") -> JSON {
        [
            "replicas": 5, "selector": ["matchLabels": ["app": "shop"]],
            "template": [
                "metadata": ["labels": ["app": "shop"]],
                "spec": ["containers": [["name": "shop", "image": .string(image)]]],
            ], "strategy": strategy,
        ]
    }

    static let steps: JSON = [
        "canary": [
            "steps": [["setWeight": 20], ["pause": [:]], ["setWeight": 60], ["pause": ["duration": "1h"]]]
        ]
    ]

    static let pausedStatus: JSON = [
        "observedGeneration": "1", "phase": "Paused", "message": "CanaryPauseStep", "currentStepIndex": 1,
        "currentPodHash": "7c5d9f6b84", "stableRS": "6b56c8cdb4", "replicas": 5, "updatedReplicas": 1,
        "readyReplicas": 5, "availableReplicas": 5, "controllerPause": true,
        "pauseConditions": [["reason": "CanaryPauseStep", "startTime": "2023-11-14T22:00:00Z"]],
    ]

    /// The Rollout `shop`, its ReplicaSets, pods, AnalysisRun and Experiment.
    @discardableResult
    func createShop() async throws -> JSON {
        let rollout = try await create(
            .rollouts,
            [
                "metadata": ["name": "shop", "namespace": "prod"], "spec": Self.spec(Self.steps),
                "status": Self.pausedStatus,
            ])
        pass(.seconds(3 * 86_400))
        try await replicaSet("674d8cf959", of: rollout, revision: 5, replicas: 0, image: "registry/shop:1.7")
        pass(.seconds(86_400))
        let stable = try await replicaSet(
            "6b56c8cdb4", of: rollout, revision: 6, replicas: 4, image: "registry/shop:1.8")
        try await pod("shop-6b56c8cdb4-9wq4d", of: stable)
        pass(.seconds(7_200))
        let canary = try await replicaSet(
            "7c5d9f6b84", of: rollout, revision: 7, replicas: 1, image: "registry/shop:1.9")
        try await pod("shop-7c5d9f6b84-k2x9p", of: canary, restarts: 1)
        try await create(
            .analysisRuns,
            [
                "metadata": [
                    "name": "shop-7c5d9f6b84-7", "namespace": "prod",
                    "annotations": ["rollout.argoproj.io/revision": "7"],
                ],
                "spec": ["metrics": [["name": "errors", "provider": ["prometheus": ["query": "1"]]]]],
                "status": [
                    "phase": "Running",
                    "metricResults": [["name": "errors", "phase": "Running", "successful": 12, "failed": 1]],
                ],
            ], owner: rollout)
        let experiment = try await createExperiment("shop-7c5d9f6b84-7-1", owner: rollout)
        try await replicaSet(
            "5f8", of: experiment, named: "shop-7c5d9f6b84-7-1-candidate", revision: nil, replicas: 1,
            image: "registry/shop:1.9", annotations: ["experiment.argoproj.io/template-name": "candidate"])
        pass(.seconds(250))
        return rollout
    }

    @discardableResult
    func createExperiment(_ name: String, owner: JSON? = nil) async throws -> JSON {
        try await create(
            .experiments,
            [
                "metadata": [
                    "name": .string(name), "namespace": "prod",
                    "annotations": ["rollout.argoproj.io/revision": "7"],
                ],
                "spec": [
                    "duration": "1h",
                    "templates": [
                        [
                            "name": "candidate", "selector": ["matchLabels": ["app": "trial"]],
                            "template": [
                                "metadata": ["labels": ["app": "trial"]],
                                "spec": ["containers": [["name": "shop", "image": "registry/shop:1.9"]]],
                            ],
                        ]
                    ],
                ],
                "status": ["phase": "Running", "availableAt": "2023-11-19T00:13:20Z"],
            ], owner: owner)
    }

    @discardableResult
    func replicaSet(
        _ hash: String, of owner: JSON, named name: String? = nil, revision: Int?, replicas: Int64, image: String,
        annotations: [String: String] = [:]
    ) async throws -> JSON {
        var marks = annotations
        if let revision { marks["rollout.argoproj.io/revision"] = "\(revision)" }
        let labels: JSON = ["app": "shop", "rollouts-pod-template-hash": .string(hash)]
        return try await create(
            .replicaSets,
            [
                "metadata": [
                    "name": .string(name ?? "shop-\(hash)"), "namespace": "prod", "labels": labels,
                    "annotations": JSON(marks),
                ],
                "spec": [
                    "replicas": .int(replicas), "selector": ["matchLabels": labels],
                    "template": [
                        "metadata": ["labels": labels],
                        "spec": ["containers": [["name": "shop", "image": .string(image)]]],
                    ],
                ],
                "status": [
                    "observedGeneration": 1, "replicas": .int(replicas), "availableReplicas": .int(replicas),
                ],
            ], owner: owner)
    }

    func pod(_ name: String, of set: JSON, restarts: Int64 = 0) async throws {
        let state: JSON = ["running": ["startedAt": "2023-11-14T22:00:00Z"]]
        try await create(
            .pods,
            [
                "metadata": ["name": .string(name), "namespace": "prod", "labels": ["app": "shop"]],
                "spec": ["containers": [["name": "shop", "image": "x"]]],
                "status": [
                    "phase": "Running",
                    "containerStatuses": [
                        [
                            "name": "shop", "image": "x", "imageID": "x", "ready": true,
                            "restartCount": .int(restarts), "state": state,
                        ]
                    ],
                ],
            ], owner: set)
    }

    /// A blue-green Rollout `pay` that serves its old version and previews the new one.
    func createPay() async throws {
        let rollout = try await create(
            .rollouts,
            [
                "metadata": ["name": "pay", "namespace": "prod"],
                "spec": Self.spec(["blueGreen": ["activeService": "pay", "previewService": "pay-preview"]]),
                "status": [
                    "observedGeneration": "1", "phase": "Paused", "message": "BlueGreenPause",
                    "currentPodHash": "bbb", "stableRS": "aaa", "replicas": 10, "updatedReplicas": 5,
                    "readyReplicas": 5, "availableReplicas": 5, "controllerPause": true,
                    "blueGreen": ["activeSelector": "aaa", "previewSelector": "bbb"],
                    "pauseConditions": [["reason": "BlueGreenPause", "startTime": "2023-11-14T22:00:00Z"]],
                ],
            ])
        try await replicaSet(
            "aaa", of: rollout, named: "pay-aaa", revision: 1, replicas: 5, image: "registry/pay:1")
        try await replicaSet(
            "bbb", of: rollout, named: "pay-bbb", revision: 2, replicas: 5, image: "registry/pay:2")
        pass(.seconds(61))
    }
}
