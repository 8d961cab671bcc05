import Controllers
import Manifest
import Testing

@testable import sluice

@Suite("The status command") struct StatusTests {
    @Test("ends with 0 when the Rollout becomes healthy, each state on its own line")
    func healthy() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let stood = stand
            let outcome = await stand.run(["status", "shop", "-n", "prod", "--timeout", "60s"]) { text in
                guard text.hasPrefix("Paused") else { return }
                Task {
                    try await stood.setStatus(
                        .rollouts, "shop",
                        ["phase": "Healthy", "message": "", "pauseConditions": .null, "controllerPause": false])
                }
            }
            #expect(outcome.output == "Paused - CanaryPauseStep\nHealthy\n")
            #expect(outcome.error.contains("go on with `sluice promote shop -n prod`"))
            #expect(outcome.code == 0)
        }
    }

    @Test("ends with 1 when the Rollout is degraded", arguments: ["--watch=true", "--watch=false"])
    func degraded(_ watch: String) async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            try await stand.setStatus(
                .rollouts, "shop", ["phase": "Degraded", "message": "RolloutAborted: x", "controllerPause": false])
            let outcome = await stand.run("status shop \(watch)")
            #expect(outcome.output == (watch == "--watch=true" ? "Degraded - RolloutAborted: x\n" : "Degraded\n"))
            #expect(outcome.code == 1)
        }
    }

    @Test("ends with 1 when the time is over, and says so")
    func timeout() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let outcome = await stand.run("status shop -t 300ms")
            #expect(outcome.output == "Paused - CanaryPauseStep\n")
            #expect(outcome.error.contains("was not done within 300ms"))
            #expect(outcome.code == 1)
        }
    }

    @Test("a watch of a tree shows it again when it changes, and ends in time")
    func watchTree() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let outcome = await stand.run("get rollout shop -w --timeout-seconds 1")
            #expect(outcome.output.hasPrefix("Name:            shop\n"))
            #expect(outcome.code == 0, "\(outcome.error)")
        }
    }
}
