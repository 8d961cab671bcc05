import Manifest
import RolloutEngine
import Testing

@Suite("Recordings") struct RecordingTests {
    struct Life: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var live: @Sendable () throws -> World
    }

    static let lives = [
        Life(testDescription: "routed canary with everything") {
            var spec = RoutedCanaryTests.spec(
                steps: [
                    ["setWeight": 20], ["pause": ["duration": "30s"]], ["setCanaryScale": ["weight": 50]],
                    [
                        "analysis": [
                            "templates": [["templateName": "check"]],
                            "args": [
                                ["name": "hash", "valueFrom": ["podTemplateHashValue": "Latest"]],
                                ["name": "who", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                                ["name": "how", "value": "well"],
                            ],
                        ]
                    ], ["setWeight": 60], ["pause": [:]],
                ],
                more: [
                    "dynamicStableScale": true, "minPodsPerReplicaSet": 2, "maxSurge": "30%",
                    "antiAffinity": ["preferredDuringSchedulingIgnoredDuringExecution": ["weight": 7]],
                    "canaryMetadata": ["labels": ["role": "canary"]], "stableMetadata": ["labels": ["role": "stable"]],
                    "analysis": ["templates": [["templateName": "always"]], "startingStep": 2],
                    "replicaProgressThreshold": ["type": "Percent", "value": 90],
                ])
            spec["rollbackWindow"] = ["revisions": 2]
            spec["restartAt"] = "2027-01-15T08:00:10Z"
            var world = try World(spec: spec)
            try world.run()
            world.now = world.now + .seconds(100)
            try world.run()
            try world.setImage("web:2")
            for _ in 0..<8 {
                try world.run()
                world.now = world.now + .seconds(31)
                for name in world.runs.keys { world.runs[name]?.phase = "Successful" }
            }
            try world.edit(["status": ["abort": true]])
            try world.run()
            return world
        },
        Life(testDescription: "blue-green with everything") {
            var world = try BlueGreenTests.updating([
                "autoPromotionSeconds": 60, "previewReplicaCount": 1, "prePromotionAnalysis": BlueGreenTests.analysis,
                "postPromotionAnalysis": BlueGreenTests.analysis, "scaleDownDelayRevisionLimit": 1,
                "abortScaleDownDelaySeconds": 5,
            ])
            for _ in 0..<6 {
                try world.run()
                world.now = world.now + .seconds(61)
                for name in world.runs.keys { world.runs[name]?.phase = "Successful" }
            }
            try world.setImage("web:1")
            try world.run()
            return world
        },
        Life(testDescription: "a workload's template, and a spec that is invalid") {
            var world = try CanaryExtrasTests.referring("progressively")
            try world.run()
            try world.edit(["spec": ["minReadySeconds": -1]])
            try world.run()
            return world
        },
    ]

    @Test("a recording replays to the same decisions", arguments: lives)
    func replays(_ life: Life) throws {
        let world = try life.live()
        #expect(world.decisions.count > 5)
        let text = Recording.encode(world.decisions, version: "test")
        let results = try Recording.replay(text)
        #expect(results.count == world.decisions.count)
        for result in results {
            #expect(result.difference == nil, "\(result.difference.map { "\($0.recorded)\n\($0.now)" } ?? "")")
        }
    }

    @Test("a decision that would be another one now is told")
    func differs() throws {
        let world = try BlueGreenTests.updating([:])
        let text = Recording.encode(world.decisions, version: "test")
        let changed = text.replacingFirst("\"availableReplicas\":3", with: "\"availableReplicas\":2")
        #expect(changed != text)
        #expect(try Recording.replay(changed).contains { $0.difference != nil })
    }

    @Test("pod templates are not in it")
    func noTemplates() throws {
        let world = try World(spec: World.spec(replicas: 1, image: "registry/web:secret-value", canary: [:]))
        var copy = world
        try copy.run()
        let text = Recording.encode(copy.decisions, version: "test")
        #expect(!text.contains("containers"))
    }

    @Test(
        "what is no recording is refused with its line",
        arguments: [
            "", "{}", "{\"format\":\"sluice-recording/1\"}\nnonsense",
            "{\"format\":\"sluice-recording/1\"}\n{\"seen\":{}}",
        ])
    func refused(_ text: String) {
        #expect(throws: RecordingError.self) { try Recording.replay(text) }
    }
}

extension String {
    fileprivate func replacingFirst(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }

    private func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
