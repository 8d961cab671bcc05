import Manifest

/// One transition of the demo, as `-o json` prints it.
struct DemoLine: Sendable {
    var time: Timestamp
    /// 1 to 3.
    var act: Int
    var commit: String
    /// `rollout/shop`, `release/shop-1f3c9a2b4d5e`.
    var object: String
    var phase: String
    /// Of the canary, from the Rollout's status.
    var weight: Int64
    /// `released`, `rejected`, or empty while there is none.
    var verdict: String
    /// What people read; not part of the JSON.
    var note = ""

    var json: JSON {
        [
            "time": .string(time.rfc3339Micro), "act": .int(Int64(act)), "commit": .string(commit),
            "object": .string(object), "phase": .string(phase), "weight": .int(weight), "verdict": .string(verdict),
        ]
    }
}
