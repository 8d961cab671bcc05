import Manifest
import Testing

@testable import RolloutEngine

@Suite("Warnings of validation") struct WarningTests {
    static let rows: [(patch: JSON, path: String, words: String)] = [
        (ValidationTests.routed(["scaleDownDelaySeconds": -1]), "canary.scaleDownDelaySeconds", "acts as 0"),
        (ValidationTests.routed(["abortScaleDownDelaySeconds": -1]), "canary.abortScaleDownDelaySeconds", "acts as 0"),
        (
            ValidationTests.blueGreen(["activeService": "a", "autoPromotionSeconds": -9]),
            "blueGreen.autoPromotionSeconds", "-9 is negative"
        ),
        (
            ValidationTests.canary(["replicaProgressThreshold": ["type": "Pod", "value": 1]]),
            "canary.replicaProgressThreshold.type", "\"Pod\" is unknown and acts as Pods"
        ),
        (
            ValidationTests.routed(["scaleDownDelayRevisionLimit": 11]), "canary.scaleDownDelayRevisionLimit",
            "D37: 11 exceeds the revision history limit 10"
        ),
        (
            ValidationTests.managed([["setMirrorRoute": ["name": "r", "percentage": 101]]], istio: true),
            "canary.steps[0].setMirrorRoute.percentage", "101 is outside 0..100"
        ),
        (
            ValidationTests.managed(
                [
                    [
                        "setHeaderRoute": [
                            "name": "r",
                            "match": [ValidationTests.header(["exact": "a"]), ValidationTests.header(["exact": "b"])],
                        ]
                    ]
                ], istio: true), "canary.steps[0].setHeaderRoute.match[1].headerName", "only the last counts"
        ),
    ]

    @Test("what is odd is told, and no error", arguments: 0..<7)
    func warned(_ index: Int) throws {
        let row = Self.rows[index]
        let rollout = try ValidationTests.rollout(row.patch)
        let words = row.words.replacing("D37: ", with: "")
        #expect(rollout.warnings.map(\.path) == ["spec.strategy.\(row.path)"])
        #expect(rollout.warnings.first?.message.contains(words) ?? false, "\(rollout.warnings)")
        #expect(rollout.problems.allSatisfy { $0.message.contains("not supported yet") }, "\(rollout.problems)")
    }

    @Test("scaleDown that is unknown, or of a kind that is not scaled, is told")
    func scaleDown() throws {
        for (kind, value, words) in [
            ("Deployment", "Never", "\"Never\" is unknown and acts as never"),
            ("ReplicaSet", "onsuccess", "a ReplicaSet is not scaled down"),
        ] {
            let rollout = try ValidationTests.rollout([
                "spec": [
                    "template": .null,
                    "workloadRef": [
                        "apiVersion": "apps/v1", "kind": .string(kind), "name": "w", "scaleDown": .string(value),
                    ],
                ]
            ])
            #expect(rollout.warnings.map(\.path) == ["spec.workloadRef.scaleDown"])
            #expect(rollout.warnings.first?.message.contains(words) ?? false)
            #expect(rollout.problems.isEmpty)
        }
    }
}
