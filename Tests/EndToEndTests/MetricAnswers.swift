import Glibc
import Manifest
import SluiceTestKit

/// A metrics endpoint of a scenario's own: answers with what the scenario has set.
final class MetricAnswers: Sendable {
    private let server: LoopbackServer
    private let answer: Lock<String>
    private let isHeld: Lock<Bool>

    init(_ first: String) {
        let answer = Lock(first)
        let isHeld = Lock(false)
        (self.answer, self.isHeld) = (answer, isHeld)
        server = LoopbackServer { _, connection in
            // Longer than any measurement waits.
            for _ in 0..<3_000 where isHeld.withLock({ $0 }) { usleep(10_000) }
            connection.respond(headers: ["Content-Type: application/json"], body: answer.withLock { $0 })
            return true
        }
    }

    var url: String { "\(server.url)" }

    /// Answers this from now on.
    func set(_ body: String) { answer.withLock { $0 = body } }

    /// Whoever asks waits until `release`, or until his patience ends.
    func hold() { isHeld.withLock { $0 = true } }
    func release() { isHeld.withLock { $0 = false } }

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
