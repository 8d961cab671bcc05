import Manifest
import SluiceTestKit

/// A metrics endpoint of a scenario's own: answers with what the scenario has set.
final class MetricAnswers: Sendable {
    private let server: LoopbackServer
    private let answer: Lock<String>

    init(_ first: String) {
        let answer = Lock(first)
        self.answer = answer
        server = LoopbackServer { _, connection in
            connection.respond(headers: ["Content-Type: application/json"], body: answer.withLock { $0 })
            return true
        }
    }

    var url: String { "\(server.url)" }

    /// Answers this from now on.
    func set(_ body: String) { answer.withLock { $0 = body } }

    /// A template that takes `verdict` out of the answer: `good`, `bad`, or neither, which tells nothing.
    func template(_ name: String = "verdict", count: Int = 1, interval: String = "1s") -> String {
        """
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: AnalysisTemplate
        metadata: {name: \(name)}
        spec:
          metrics:
          - name: verdict
            \(count == 1 ? "count: 1" : "count: \(count)\n    interval: \(interval)")
            successCondition: result == "good"
            failureCondition: result == "bad"
            provider:
              web: {url: "\(server.url)/\(name)", jsonPath: "{$.verdict}"}

        """
    }

    static let good = #"{"verdict": "good"}"#
    static let bad = #"{"verdict": "bad"}"#
    static let unsure = #"{"verdict": "who knows"}"#
}
