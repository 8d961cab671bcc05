import Manifest
import Notifications
import Testing

@Suite("Fact identity") struct FactIdentityTests {
    @Test(
        "what must have happened for a state to be as it is, and nothing else",
        arguments: [
            ("nothing yet", #"{}"#, []), ("rubbish", #""rubbish""#, []),
            (
                "first deployment, its steps skipped",
                #"{"stableRS":"a","currentPodHash":"a","currentStepIndex":3,"duration":{"rolloutStartedAt":"t"}}"#,
                ["completed"]
            ), ("first deployment under way", #"{"stableRS":"","currentPodHash":"a","currentStepIndex":0}"#, []),
            (
                "paused at a step",
                #"{"stableRS":"a","currentPodHash":"b","currentStepIndex":1,"#
                    + #""pauseConditions":[{"reason":"CanaryPauseStep","startTime":"t"}]}"#,
                ["paused", "step-completed"]
            ), ("before the first step", #"{"stableRS":"a","currentPodHash":"b","currentStepIndex":0}"#, []),
            (
                "promoted in full on its way",
                #"{"stableRS":"a","currentPodHash":"b","currentStepIndex":3,"promoteFull":true}"#, []
            ),
            (
                "rollback that skips the steps",
                #"{"stableRS":"a","currentPodHash":"b","currentStepIndex":3,"#
                    + #""duration":{"completionStatus":"FastRolledBack"}}"#, []
            ),
            (
                "rollback through the steps",
                #"{"stableRS":"a","currentPodHash":"b","currentStepIndex":2,"duration":{"completionStatus":"RolledBack"}}"#,
                ["step-completed"]
            ),
            (
                "back at the stable template",
                #"{"stableRS":"a","currentPodHash":"a","duration":{"completionStatus":"FastRolledBack"}}"#, []
            ),
            (
                "back at the stable template after an abort",
                #"{"stableRS":"a","currentPodHash":"a","duration":{"completionStatus":"Aborted"}}"#, []
            ),
            (
                "aborted by an analysis",
                #"{"stableRS":"a","currentPodHash":"b","currentStepIndex":0,"abort":true,"abortedAt":"t","#
                    + #""canary":{"currentStepAnalysisRunStatus":{"name":"r","status":"Failed"}}}"#,
                ["aborted", "analysis-run-failed"]
            ),
            (
                "analysis that waits",
                #"{"blueGreen":{"prePromotionAnalysisRunStatus":{"name":"r","status":"Pending"}}}"#, []
            ),
        ])
    func implied(_ name: String, _ status: String, _ expected: [String]) throws {
        let rollout: JSON = ["metadata": ["uid": "u"], "status": try JSON(parsing: [UInt8](status.utf8))]
        let triggers = expected.map { $0.hasPrefix("analysis") ? "on-\($0)" : "on-rollout-\($0)" }
        #expect(FactIdentity.implied(by: rollout) == triggers.sorted(), "\(name)")
    }

    @Test("a revision number that is written means that it was told") func updated() {
        let rollout: JSON = ["metadata": ["annotations": ["rollout.argoproj.io/revision": "2"]]]
        #expect(FactIdentity.implied(by: rollout) == ["on-rollout-updated"])
    }

    @Test(
        "another run of an update is another fact; what changes in one run besides is not",
        arguments: ["on-rollout-step-completed", "on-rollout-completed", "on-rollout-not-completed"])
    func runs(_ trigger: String) {
        func rollout(startedAt: String) -> JSON {
            [
                "metadata": ["uid": "u", "resourceVersion": .string(startedAt)],
                "status": [
                    "stableRS": "a", "currentPodHash": "b", "currentStepIndex": 1, "currentStepHash": "h",
                    "duration": ["rolloutStartedAt": .string(startedAt)],
                ],
            ]
        }
        let first = rollout(startedAt: "2026-11-21T10:00:00Z")
        #expect(FactIdentity.of(trigger, first) != FactIdentity.of(trigger, rollout(startedAt: "2026-11-21T10:05:00Z")))
        var later = first
        later.set("9", at: "metadata", "resourceVersion")
        later.set("2", at: "metadata", "annotations", "rollout.argoproj.io/revision")
        later.set("Promoted", at: "status", "duration", "completionStatus")
        #expect(FactIdentity.of(trigger, first) == FactIdentity.of(trigger, later))
    }

    @Test("a pause is the same while further reasons come") func pauses() {
        func rollout(_ starts: [String]) -> JSON {
            let pauses = starts.map { JSON.object(["reason": "x", "startTime": .string($0)]) }
            return ["metadata": ["uid": "u"], "status": ["pauseConditions": .array(pauses)]]
        }
        let first = FactIdentity.of("on-rollout-paused", rollout(["2026-11-21T10:00:00Z"]))
        #expect(
            first == FactIdentity.of("on-rollout-paused", rollout(["2026-11-21T10:00:05Z", "2026-11-21T10:00:00Z"])))
        #expect(first != FactIdentity.of("on-rollout-paused", rollout(["2026-11-21T11:00:00Z"])))
    }
}
