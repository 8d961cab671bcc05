import Controllers
import Manifest
import Testing

@Suite("Tables, ages and pods") struct TextTests {
    @Test(
        "ages as kubectl prints them",
        arguments: [
            (0, "0s"), (119, "119s"), (120, "2m"), (250, "4m10s"), (599, "9m59s"), (600, "10m"), (10_799, "179m"),
            (10_800, "3h"), (11_100, "3h5m"), (28_800, "8h"), (172_800, "2d"), (190_000, "2d4h"), (1_036_800, "12d"),
            (63_072_000, "2y"), (70_000_000, "2y80d"), (300_000_000, "9y"), (-1, "0s"), (-5, "<invalid>"),
        ] as [(Int64, String)])
    func ages(seconds: Int64, expected: String) {
        #expect(AgeText.text(.seconds(seconds)) == expected)
    }

    @Test("columns stand two spaces apart, without spaces at the end")
    func table() {
        var table = TextTable(header: ["NAME", "KIND", "X"])
        table.add(["größer-name", "a", ""])
        table.add(["b", "", "c"])
        #expect(table.lines() == ["NAME         KIND  X", "größer-name  a", "b                  c"])
    }

    struct PodRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pod: JSON
        var reason: String
        var ready = "0/1"
    }

    static let podRows: [PodRow] = [
        PodRow(testDescription: "pending", pod: ["status": ["phase": "Pending"]], reason: "Pending", ready: "0/0"),
        PodRow(
            testDescription: "crash loop",
            pod: [
                "spec": ["containers": [[:]]],
                "status": [
                    "phase": "Running", "containerStatuses": [["state": ["waiting": ["reason": "CrashLoopBackOff"]]]],
                ],
            ], reason: "CrashLoopBackOff"),
        PodRow(
            testDescription: "exit code",
            pod: [
                "spec": ["containers": [[:]]],
                "status": ["phase": "Failed", "containerStatuses": [["state": ["terminated": ["exitCode": 3]]]]],
            ], reason: "ExitCode:3"),
        PodRow(
            testDescription: "init container under way",
            pod: [
                "spec": ["containers": [[:]], "initContainers": [["name": "a"], ["name": "b"]]],
                "status": [
                    "phase": "Pending",
                    "initContainerStatuses": [
                        ["name": "a", "state": ["terminated": ["exitCode": 0]]],
                        ["name": "b", "state": ["running": [:]]],
                    ],
                ],
            ], reason: "Init:1/2"),
        PodRow(
            testDescription: "a sidecar counts",
            pod: [
                "spec": ["containers": [[:]], "initContainers": [["name": "a", "restartPolicy": "Always"]]],
                "status": [
                    "phase": "Running",
                    "initContainerStatuses": [
                        ["name": "a", "started": true, "ready": true, "state": ["running": [:]]]
                    ],
                    "containerStatuses": [["ready": true, "state": ["running": [:]]]],
                ],
            ], reason: "Running", ready: "2/2"),
        PodRow(
            testDescription: "terminating",
            pod: ["metadata": ["deletionTimestamp": "2024-01-01T00:00:00Z"], "status": ["phase": "Running"]],
            reason: "Terminating", ready: "0/0"),
        PodRow(
            testDescription: "evicted", pod: ["status": ["phase": "Failed", "reason": "Evicted"]], reason: "Evicted",
            ready: "0/0"),
    ]

    @Test("a pod's state in one word", arguments: podRows)
    func pods(_ row: PodRow) {
        let status = PodStatus(row.pod)
        #expect(status.reason == row.reason)
        #expect("\(status.ready)/\(status.total)" == row.ready)
    }

    @Test("rollouts in a list")
    func list() {
        var blueGreen = ViewFixtures.rollout
        blueGreen.set("blue", at: "metadata", "name")
        blueGreen.set(["blueGreen": [:]], at: "spec", "strategy")
        #expect(
            RolloutRow.table([ViewFixtures.rollout, blueGreen], showsNamespace: true).text() == """
                NAMESPACE  NAME  STRATEGY   STATUS  STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE
                prod       blue  BlueGreen  Paused  -     -           5/5    5        1           5
                prod       shop  Canary     Paused  1/4   20          5/5    5        1           5

                """)
    }

    @Test(
        "the status line",
        arguments: [
            ("Healthy", "", true, "Healthy", 0), ("Degraded", "RolloutAborted: x", true, "Degraded", 1),
            ("Degraded", "RolloutAborted: x", false, "Degraded - RolloutAborted: x", 1),
            ("Paused", "CanaryPauseStep", true, "Paused - CanaryPauseStep", nil),
        ] as [(String, String, Bool, String, Int32?)])
    func status(phase: String, message: String, isFinal: Bool, line: String, code: Int32?) {
        var rollout = ViewFixtures.rollout
        rollout.set(.string(phase), at: "status", "phase")
        rollout.set(.string(message), at: "status", "message")
        rollout.set(nil, at: "status", "controllerPause")
        let view = RolloutStatusView(rollout)
        #expect(view.line(isFinal: isFinal) == line)
        #expect(view.exitCode == code)
    }
}
