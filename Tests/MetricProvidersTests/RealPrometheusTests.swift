import AnalysisEngine
import Manifest
import SluiceTestKit
import Testing

@Suite("A real Prometheus")
struct RealPrometheusTests {
    @Test("scrapes a target, and tells a good value, a bad one, none and a wrong query apart")
    func judges() async throws {
        guard PrometheusProcess.isInstalled else {
            print("not run: \(PrometheusProcess.path) is not installed")
            return
        }
        let target = LoopbackServer { _, connection in
            connection.respond(body: "shop_requests{code=\"200\"} 95\nshop_requests{code=\"500\"} 5\nshop_idle 0\n")
            return true
        }
        let prometheus = try #require(PrometheusProcess(scraping: target.port))
        func ask(_ query: String, range: Bool = false) async throws -> MeasurementResult {
            var settings: JSON = ["address": .string(prometheus.url), "query": .string(query)]
            if range {
                settings["rangeQuery"] = ["start": "now() - duration(\"1m\")", "end": "now()", "step": "1s"]
            }
            return try await measure(["prometheus": settings], success: "result[0] >= 0.9", at: SystemClock().now())
        }
        // It takes a moment until it listens and has scraped.
        let deadline = ContinuousClock.now + .seconds(60)
        while !(try await ask("shop_requests").measurement.value.hasPrefix("[9")) {
            guard ContinuousClock.now < deadline else {
                Issue.record("Prometheus did not scrape within a minute")
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let good = try await ask("sum(shop_requests{code=\"200\"}) / sum(shop_requests)")
        #expect(good.measurement.phase == .successful)
        #expect(good.measurement.value == "[0.95]")
        let bad = try await ask("sum(shop_requests{code=\"500\"}) / sum(shop_requests)")
        #expect(bad.measurement.phase == .failed)
        #expect(bad.measurement.outcome == .bad)
        let none = try await ask("shop_nothing")
        #expect(none.measurement.phase == .error)
        #expect(none.measurement.outcome == .noData)
        let idle = try await ask("shop_idle / shop_idle")
        #expect(idle.measurement.phase == .failed)
        #expect(idle.measurement.outcome == .noData)
        let wrong = try await ask("sum(")
        #expect(wrong.measurement.phase == .error)
        #expect(wrong.measurement.message.contains("bad_data"))
        let scalar = try await measure(
            ["prometheus": ["address": .string(prometheus.url), "query": "scalar(shop_requests{code=\"500\"})"]],
            success: "result == 5", at: SystemClock().now())
        #expect(scalar.measurement.phase == .successful)
        let samples = try await ask("shop_requests{code=\"200\"}", range: true)
        #expect(samples.measurement.value.hasPrefix("[95"))
    }
}
