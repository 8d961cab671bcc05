import Controllers
import Kubernetes
import Manifest
import Testing

@testable import sluice

/// Commands that change something, over HTTP.
@Suite("Commands that change objects") struct ChangeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var line: String
        var output: String
        var resource = Resource.rollouts
        var name = "shop"
        var path: [String]
        /// `nil` is gone.
        var expected: JSON?
        var before: JSON?
    }

    static let rows = [
        Row(
            testDescription: "abort", line: "abort shop", output: "rollout 'shop' aborted\n",
            path: ["status", "abort"], expected: true),
        Row(
            testDescription: "retry", line: "retry rollout shop", output: "rollout 'shop' retried\n",
            path: ["status", "abort"], expected: false, before: ["abort": true]),
        Row(
            testDescription: "retry without the word rollout", line: "retry shop",
            output: "rollout 'shop' retried\n", path: ["status", "abort"], expected: false, before: ["abort": true]),
        Row(
            testDescription: "retry of an Experiment", line: "retry exp shop-7c5d9f6b84-7-1",
            output: "experiment 'shop-7c5d9f6b84-7-1' retried\n", resource: .experiments,
            name: "shop-7c5d9f6b84-7-1", path: ["status"]),
        Row(
            testDescription: "pause", line: "pause shop", output: "rollout 'shop' paused\n",
            path: ["spec", "paused"], expected: true),
        Row(
            testDescription: "restart", line: "restart shop", output: "rollout 'shop' restarts in 0s\n",
            path: ["spec", "restartAt"], expected: "2023-11-19T00:17:30Z"),
        Row(
            testDescription: "restart later", line: "restart shop --in 1m30s",
            output: "rollout 'shop' restarts in 1m30s\n", path: ["spec", "restartAt"],
            expected: "2023-11-19T00:19:00Z"),
        Row(
            testDescription: "terminate an AnalysisRun", line: "terminate ar shop-7c5d9f6b84-7",
            output: "analysisRun 'shop-7c5d9f6b84-7' terminated\n", resource: .analysisRuns,
            name: "shop-7c5d9f6b84-7", path: ["spec", "terminate"], expected: true),
        Row(
            testDescription: "terminate an Experiment", line: "terminate experiment shop-7c5d9f6b84-7-1",
            output: "experiment 'shop-7c5d9f6b84-7-1' terminated\n", resource: .experiments,
            name: "shop-7c5d9f6b84-7-1", path: ["spec", "terminate"], expected: true),
        Row(
            testDescription: "promote clears the pause", line: "promote shop", output: "rollout 'shop' promoted\n",
            path: ["status", "pauseConditions"]),
        Row(
            testDescription: "promote leaves the step", line: "promote shop", output: "rollout 'shop' promoted\n",
            path: ["status", "currentStepIndex"], expected: 1),
        Row(
            testDescription: "promote -c", line: "promote shop -c", output: "rollout 'shop' promoted\n",
            path: ["status", "currentStepIndex"], expected: 2),
        Row(
            testDescription: "promote -a", line: "promote shop -a", output: "rollout 'shop' promoted\n",
            path: ["status", "currentStepIndex"], expected: 4),
        Row(
            testDescription: "promote --full", line: "promote shop --full=true",
            output: "rollout 'shop' fully promoted\n", path: ["status", "promoteFull"], expected: true),
        Row(
            testDescription: "promote --accept-inconclusive marks the run", line: "promote shop --accept-inconclusive",
            output: "rollout 'shop' promoted\n", resource: .analysisRuns, name: "shop-7c5d9f6b84-7",
            path: ["metadata", "labels", "sluice.dev/inconclusive-accepted"], expected: "true",
            before: [
                "canary": [
                    "currentBackgroundAnalysisRunStatus": ["name": "shop-7c5d9f6b84-7", "status": "Inconclusive"]
                ],
                "pauseConditions": [["reason": "InconclusiveAnalysisRun", "startTime": "2023-11-14T22:00:00Z"]],
            ]),
        Row(
            testDescription: "undo goes back to the revision before", line: "undo shop",
            output: "rollout 'shop' undo\n", path: ["spec", "template"], expected: template("registry/shop:1.8")),
        Row(
            testDescription: "undo to a revision", line: "undo shop --to-revision=5",
            output: "rollout 'shop' undo\n", path: ["spec", "template"], expected: template("registry/shop:1.7")),
        Row(
            testDescription: "undo to what is there", line: "undo shop --to-revision 7",
            output: "rollout 'shop' skipped: its template is that of revision 7 already\n",
            path: ["spec", "template"], expected: template("registry/shop:1.9")),
        Row(
            testDescription: "set image", line: "set image shop shop=registry/shop:2.0",
            output: "rollout \"shop\" image updated\n", path: ["spec", "template"],
            expected: template("registry/shop:2.0")),
        Row(
            testDescription: "set image of all containers", line: "set image shop *=registry/shop:2.0",
            output: "rollout \"shop\" image updated\n", path: ["spec", "template"],
            expected: template("registry/shop:2.0")),
        Row(
            testDescription: "a server dry run changes nothing", line: "abort shop --dry-run server",
            output: "rollout 'shop' aborted (server dry run)\n", path: ["status", "abort"]),
        Row(
            testDescription: "a client dry run prints the patch", line: "pause shop --dry-run=client",
            output: "{\"spec\":{\"paused\":true}}\nrollout 'shop' paused (dry run)\n", path: ["spec", "paused"]),
    ]

    static func template(_ image: String) -> JSON {
        [
            "metadata": ["labels": ["app": "shop"]],
            "spec": ["containers": [["name": "shop", "image": .string(image)]]],
        ]
    }

    @Test("do so, and say it", arguments: rows)
    func change(_ row: Row) async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            if let before = row.before { try await stand.setStatus(.rollouts, "shop", before) }
            let outcome = await stand.run(row.line, as: .argoRollouts)
            #expect(outcome.output == row.output)
            #expect(outcome.code == 0, "\(outcome.error)")
            var found = try await stand.get(row.resource, row.name).at(path: row.path)
            // The API server fills in what a ReplicaSet's template leaves open.
            if row.path.last == "template" { found = found.map(Self.withoutDefaults) }
            #expect(found == row.expected)
        }
    }

    private static func withoutDefaults(_ template: JSON) -> JSON {
        var container: JSON = [:]
        for field in ["name", "image"] { container[field] = template.at("spec", "containers")?[0]?[field] }
        return ["metadata": template["metadata"] ?? .null, "spec": ["containers": [container]]]
    }

    @Test(
        "D28: refuse what cannot be done, with their own exit codes",
        arguments: [
            ("promote nope", 2, "there is no Rollout nope in namespace prod"),
            ("abort", 64, "Missing expected argument"),
            ("promote shop -c -a", 64, "give only one of"),
            ("promote shop --accept-inconclusive", 2, "no analysis of this Rollout is inconclusive"),
            ("promote pay -c", 2, "cannot skip steps of a blue-green Rollout"),
            ("restart shop --in soon", 64, "--in soon is no length of time"),
            ("undo shop --to-revision 99", 2, "has no revision 99; it has 7, 6, 5"),
            ("set image shop nope=x", 2, "has no container nope; it has shop"),
            ("set image shop a=b=c", 64, "is not CONTAINER=IMAGE"),
            ("terminate ar nope", 2, "there is no AnalysisRun nope"),
            ("status shop --timeout soon", 64, "is no length of time"),
        ] as [(String, Int32, String)])
    func refuse(line: String, code: Int32, error: String) async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            try await stand.createPay()
            let own = await stand.run(line)
            #expect(own.code == code)
            #expect(own.error.contains(error), "\(own.error)")
            #expect(own.output == "")
            #expect(await stand.run(line, as: .argoRollouts).code == 1)
        }
    }

    @Test("D28: a Rollout with a workloadRef has its workload changed")
    func workload() async throws {
        try await CommandStand.with { stand in
            let deployments = Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
            try await stand.create(
                deployments,
                [
                    "metadata": ["name": "web", "namespace": "prod"],
                    "spec": [
                        "selector": ["matchLabels": ["app": "shop"]],
                        "template": Self.template("registry/shop:1.9"),
                    ],
                ])
            let rollout = try await stand.create(
                .rollouts,
                [
                    "metadata": ["name": "web", "namespace": "prod"],
                    "spec": [
                        "workloadRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "web"],
                        "strategy": ["canary": [:]],
                    ],
                ])
            try await stand.replicaSet(
                "old", of: rollout, named: "web-old", revision: 1, replicas: 0, image: "registry/shop:1.8")
            try await stand.replicaSet(
                "new", of: rollout, named: "web-new", revision: 2, replicas: 1, image: "registry/shop:1.9")
            let undo = await stand.run("undo web")
            #expect(undo.output == "rollout 'web' undo\n", "\(undo.error)")
            let container = try await stand.get(deployments, "web").at("spec", "template", "spec", "containers")?[0]
            #expect(container?["image"] == "registry/shop:1.8")
            let image = await stand.run("set image web shop=registry/shop:2")
            #expect(image.output == "deployment \"web\" image updated\n", "\(image.error)")
            let changed = try await stand.get(deployments, "web").at("spec", "template", "spec", "containers")?[0]
            #expect(changed?["image"] == "registry/shop:2")
        }
    }
}
