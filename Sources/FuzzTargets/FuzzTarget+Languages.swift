import Expressions
import Manifest
import Notifications

extension FuzzTarget {
    private static let now = Timestamp(seconds: 1_800_000_000)

    /// What an analysis or a Rollout may hold: every type, nested.
    private static let world: JSON = [
        "result": [0.25, -3, .null, "text", ["value": 12, "name": "é"]],
        "rollout": [
            "metadata": ["name": "web", "namespace": "shop", "annotations": ["a/b": "c"]],
            "status": ["phase": "Degraded", "currentStepIndex": 2, "startedAt": "2026-11-26T10:00:00Z", "empty": []],
        ],
        "recipient": "web", "big": 9_007_199_254_740_993, "yes": true, "nothing": .null,
    ]

    static func expression(_ bytes: [UInt8]) {
        guard let expression = try? Expression(String(decoding: bytes, as: UTF8.self)) else { return }
        let variables = (world.objectValue ?? [:]).mapValues { Value($0) }
        let environment = Environment(variables, now: now)
        let (first, second) = (try? expression.evaluate(environment), try? expression.evaluate(environment))
        precondition(first?.text == second?.text, "an expression gives the same for the same environment")
        precondition((first?.json == nil) == (second?.json == nil), "a value can be written as JSON")
        precondition((try? Expression(expression.description)) != nil, "an expression is read back as it was written")
    }

    static func template(_ bytes: [UInt8]) {
        guard let template = try? Template(String(decoding: bytes, as: UTF8.self)) else { return }
        let limit = 16 << 10
        let (first, second) = (
            try? template.render(world, now: now, maxOutput: limit),
            try? template.render(world, now: now, maxOutput: limit)
        )
        precondition(first == second, "a template gives the same for the same context")
        precondition(first?.utf8.count ?? 0 <= limit, "a text is no longer than it may be")
    }
}
