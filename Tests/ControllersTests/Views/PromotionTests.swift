import Controllers
import Manifest
import Testing

@Suite("Promotion") struct PromotionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var promotion: Promotion
        var status: JSON
        var spec: JSON = [:]
        var expected: [RolloutPatch]
    }

    static let steps: JSON = ["strategy": ["canary": ["steps": [["setWeight": 1], ["pause": [:]]]]]]
    static func status(_ body: JSON) -> RolloutPatch { RolloutPatch(["status": body], isStatus: true) }
    static let pausedStatus: JSON = ["currentStepIndex": 1, "pauseConditions": [["reason": "CanaryPauseStep"]]]

    static let rows = [
        Row(
            testDescription: "a pause is cleared, and no step skipped", promotion: .next, status: pausedStatus,
            expected: [status(["pauseConditions": .null])]),
        Row(
            testDescription: "without a pause one step is skipped", promotion: .next, status: ["currentStepIndex": 0],
            expected: [status(["pauseConditions": .null, "currentStepIndex": 1])]),
        Row(
            testDescription: "never past the last step", promotion: .next, status: ["currentStepIndex": 2],
            expected: [status(["pauseConditions": .null, "currentStepIndex": 2])]),
        Row(
            testDescription: "an inconclusive analysis is passed over", promotion: .next,
            status: [
                "currentStepIndex": 0, "controllerPause": true,
                "pauseConditions": [["reason": "InconclusiveAnalysisRun"]],
                "canary": ["currentStepAnalysisRunStatus": ["status": "Inconclusive"]],
            ],
            expected: [status(["pauseConditions": .null, "controllerPause": false, "currentStepIndex": 1])]),
        Row(
            testDescription: "a person's pause ends too", promotion: .next, status: pausedStatus,
            spec: ["paused": true],
            expected: [status(["pauseConditions": .null]), .unpause]),
        Row(
            testDescription: "full", promotion: .full, status: ["currentPodHash": "a", "stableRS": "b"],
            expected: [status(["promoteFull": true])]),
        Row(
            testDescription: "full, with nothing to promote", promotion: .full,
            status: ["currentPodHash": "a", "stableRS": "a"], expected: []),
        Row(
            testDescription: "an inconclusive background run is accepted, and the step's own pause stays",
            promotion: .acceptInconclusive,
            status: [
                "currentStepIndex": 1, "controllerPause": true,
                "pauseConditions": [["reason": "CanaryPauseStep"], ["reason": "InconclusiveAnalysisRun"]],
                "canary": ["currentBackgroundAnalysisRunStatus": ["name": "run", "status": "Inconclusive"]],
            ],
            expected: [status(["pauseConditions": [["reason": "CanaryPauseStep"]], "controllerPause": true])]),
        Row(
            testDescription: "an inconclusive run alone is accepted, and nothing holds any more",
            promotion: .acceptInconclusive,
            status: [
                "currentStepIndex": 1, "controllerPause": true,
                "pauseConditions": [["reason": "InconclusiveAnalysisRun"]],
                "canary": ["currentStepAnalysisRunStatus": ["name": "run", "status": "Inconclusive"]],
            ],
            expected: [status(["pauseConditions": .null, "controllerPause": false])]),
        Row(
            testDescription: "a run that is accepted already leaves its pause to be cleared",
            promotion: .acceptInconclusive,
            status: [
                "currentStepIndex": 1, "controllerPause": true,
                "pauseConditions": [["reason": "InconclusiveAnalysisRun"]],
                "canary": ["currentBackgroundAnalysisRunStatus": ["name": "run", "status": "Successful"]],
            ],
            expected: [status(["pauseConditions": .null, "controllerPause": false])]),
        Row(
            testDescription: "a blue-green pause is cleared", promotion: .next,
            status: ["pauseConditions": [["reason": "BlueGreenPause"]]],
            spec: ["strategy": ["blueGreen": ["activeService": "a"]]],
            expected: [status(["pauseConditions": .null])]),
        Row(
            testDescription: "a blue-green Rollout without a pause needs nothing", promotion: .next, status: [:],
            spec: ["strategy": ["blueGreen": ["activeService": "a"]]], expected: []),
        Row(
            testDescription: "a canary without steps needs nothing", promotion: .next, status: [:],
            spec: ["strategy": ["canary": [:]]], expected: []),
        Row(
            testDescription: "skipping a step", promotion: .skipStep, status: pausedStatus,
            expected: [status(["currentStepIndex": 2])]),
        Row(
            testDescription: "skipping all steps", promotion: .skipAllSteps, status: ["currentStepIndex": 0],
            expected: [status(["currentStepIndex": 2])]),
    ]

    @Test("the patches of promote", arguments: rows)
    func patches(_ row: Row) throws {
        var rollout: JSON = ["spec": Self.steps, "status": row.status]
        for (key, value) in row.spec.objectValue ?? [:] { rollout.set(value, at: "spec", key) }
        #expect(try row.promotion.patches(for: rollout) == row.expected)
    }

    @Test("steps of a blue-green Rollout cannot be skipped")
    func refused() {
        #expect(throws: PromotionError.self) {
            try Promotion.skipStep.patches(for: ["spec": ["strategy": ["blueGreen": [:]]]])
        }
    }

    @Test("a promotion is refused where there is nothing inconclusive to accept")
    func nothingToAccept() {
        #expect(throws: PromotionError.self) {
            try Promotion.acceptInconclusive.patches(for: ["spec": Self.steps, "status": Self.pausedStatus])
        }
    }

    @Test(
        "D26: what was decided on changes with step, pause, version and abort, and with nothing else",
        arguments: [
            ("message", "other", nil), ("observedGeneration", "7", nil), ("canary", ["weights": [:]], nil),
            (
                "canary",
                ["currentBackgroundAnalysisRunStatus": ["name": "run", "status": "Successful"]], nil
            ),
            ("currentStepIndex", 0, "it moved from step 1 to step 0"), ("pauseConditions", .null, "its pause changed"),
            ("abort", true, "it was aborted"), ("currentPodHash", "new", "another version has begun"),
        ] as [(String, JSON, String?)])
    func basis(field: String, value: JSON, expected: String?) {
        let rollout: JSON = ["spec": Self.steps, "status": Self.pausedStatus]
        var newer = rollout
        newer.set(value, at: "status", field)
        #expect(PromotionBasis(rollout).difference(to: PromotionBasis(newer)) == expected)
    }
}
