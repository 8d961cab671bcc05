import Crypto
import Expressions
import Manifest

/// One entry of a trigger: when to send which templates.
package struct TriggerRule: Hashable, Sendable {
    /// A condition over `rollout` and `analysisRuns`; `nil` is always.
    package var when: String?
    /// An expression; the state path sends again when its value changes: `rollout.status.currentPodHash`.
    package var oncePer: String?
    package var description: String?
    /// Names of templates.
    package var send: [String]

    /// What one entry says about a Rollout as it is now.
    package struct Outcome: Hashable, Sendable {
        package var isTrue: Bool
        /// The value of `oncePer`, as text; empty without one.
        package var once: String
    }

    /// Evaluates the entry.
    package func evaluate(_ context: NotificationContext) throws(TriggerError) -> Outcome {
        guard let when else { return Outcome(isTrue: true, once: "") }
        guard case .bool(let isTrue) = try value(when, context) else {
            throw TriggerError(expression: when, why: "it must give true or false; compare values, as with ==")
        }
        guard isTrue, let oncePer else { return Outcome(isTrue: isTrue, once: "") }
        let once = try value(oncePer, context)
        if case .null = once { return Outcome(isTrue: true, once: "") }
        return Outcome(isTrue: true, once: once.text)
    }

    private func value(_ text: String, _ context: NotificationContext) throws(TriggerError) -> Value {
        do throws(ExpressionError) {
            let variables = (context.condition.objectValue ?? [:]).mapValues { Value($0) }
            return try Expression(text).evaluate(Environment(variables, now: context.now))
        } catch {
            throw TriggerError(expression: text, why: error.description)
        }
    }

    /// Names the entry in the annotation of rising edges: `[0].y7b5sbwa2Q329JYH755peeq-fBs`, as Argo's engine does.
    func key(_ index: Int) -> String {
        let digest = Base64.encode(Array(Insecure.SHA1.hash(data: [UInt8]((when ?? "").utf8))))
        let text = digest.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" }
        return "[\(index)].\(String(text))"
    }
}

/// Why a trigger's entry cannot be evaluated.
package struct TriggerError: Error, Hashable, CustomStringConvertible {
    package var expression: String
    package var why: String

    package var description: String {
        "condition \(expression.prefix(200).debugDescription) cannot be evaluated: \(why)"
    }
}
