import Controllers
import Manifest
import SluiceTestKit
import Testing

@testable import sluice

/// What commands print, over HTTP, in files.
@Suite("Output of commands") struct GoldenTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var arguments: [String]
        var isTerminal = false
        var environment: [String: String] = [:]
        var code: Int32 = 0
    }

    static let rows = [
        Row(testDescription: "get-rollout.txt", arguments: ["get", "rollout", "shop", "-n", "prod"]),
        Row(
            testDescription: "get-rollout-color.txt", arguments: ["get", "ro", "shop", "-n", "prod"],
            isTerminal: true),
        Row(testDescription: "get-rollout-bluegreen.txt", arguments: ["-n", "prod", "get", "rollout", "pay"]),
        Row(testDescription: "get-rollout-name.txt", arguments: ["get", "ro", "shop", "-n", "prod", "-oname"]),
        Row(
            testDescription: "get-experiment.txt",
            arguments: ["get", "experiment", "shop-7c5d9f6b84-7-1", "--namespace=prod"]),
        Row(testDescription: "list-rollouts.txt", arguments: ["list", "rollouts", "-n", "prod"]),
        Row(testDescription: "list-rollouts-all.txt", arguments: ["list", "ro", "-A", "--timestamps"]),
        Row(testDescription: "list-rollouts-wide.txt", arguments: ["list", "ro", "-n=prod", "-o", "wide"]),
        Row(testDescription: "list-rollouts-names.txt", arguments: ["list", "ro", "-nprod", "-o", "name"]),
        Row(testDescription: "list-experiments.txt", arguments: ["list", "exp", "-n", "prod"]),
        Row(testDescription: "status.txt", arguments: ["status", "shop", "--watch=false", "-n", "prod"]),
    ]

    @Test("is what the golden file says")
    func golden() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            try await stand.createPay()
            for row in Self.rows {
                let outcome = await stand.run(
                    row.arguments, isTerminal: row.isTerminal, environment: row.environment)
                let expected = try #require(
                    Golden.text(row.testDescription, actual: outcome.output), "no file \(row.testDescription)")
                #expect(outcome.output == expected, "\(row.testDescription)")
                #expect(outcome.code == row.code, "\(row.testDescription): \(outcome.error)")
            }
        }
    }

    @Test(
        "has no escape codes without a terminal, or where somebody does not want them",
        arguments: [
            (false, [:], []), (true, ["NO_COLOR": "1"], []), (true, ["TERM": "dumb"], []),
            (true, [:], ["--no-color"]),
        ] as [(Bool, [String: String], [String])])
    func plain(isTerminal: Bool, environment: [String: String], more: [String]) async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let outcome = await stand.run(
                ["get", "rollout", "shop", "-n", "prod"] + more, isTerminal: isTerminal, environment: environment)
            #expect(outcome.output.contains("✔ Healthy"))
            #expect(!outcome.output.contains("\u{1B}"))
        }
    }

    @Test("as JSON and YAML is the object itself")
    func structured() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            var expected = try await stand.get(.rollouts, "shop")
            expected.set(nil, at: "metadata", "managedFields")
            let json = await stand.run("get rollout shop -o json")
            #expect(try JSON(parsing: json.output) == expected)
            let yaml = await stand.run("get rollout shop -o yaml")
            #expect(try YAML.parse(Array(yaml.output.utf8)) == [expected])
            let list = await stand.run("list rollouts -o json")
            #expect(try JSON(parsing: list.output)["items"]?[0] == expected)
        }
    }
}
