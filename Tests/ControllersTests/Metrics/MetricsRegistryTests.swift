import Controllers
import Manifest
import SluiceTestKit
import Testing

@Suite("Metrics page") struct MetricsRegistryTests {
    @Test("prints counters, gauges of collectors and histograms, sorted, with help") func text() {
        let registry = MetricsRegistry()
        registry.declare("b_total", .counter, "Counts.", startingAtZero: [[("result", "error")]])
        registry.declare("a_seconds", .histogram, "Times.", bounds: [0.1, 1])
        registry.declare("c_info", .gauge, "Facts.")
        registry.increment("b_total", [("result", "success")])
        registry.increment("b_total", [("result", "success")], by: 2)
        registry.observe("a_seconds", [("x", "y")], 0.5)
        registry.collect { $0.gauge("c_info", [("name", "we\"b\\\n")], 1) }
        #expect(
            registry.text() == """
                # HELP a_seconds Times.
                # TYPE a_seconds histogram
                a_seconds_bucket{x="y",le="0.1"} 0
                a_seconds_bucket{x="y",le="1"} 1
                a_seconds_bucket{x="y",le="+Inf"} 1
                a_seconds_sum{x="y"} 0.5
                a_seconds_count{x="y"} 1
                # HELP b_total Counts.
                # TYPE b_total counter
                b_total{result="error"} 0
                b_total{result="success"} 3
                # HELP c_info Facts.
                # TYPE c_info gauge
                c_info{name="we\\"b\\\\\\n"} 1

                """)
    }

    @Test("drops the series of an object that is gone") func remove() {
        let registry = MetricsRegistry()
        registry.declare("b_total", .counter, "Counts.")
        let web = ObjectKey(namespace: "shop", name: "web")
        registry.increment("b_total", of: web, [("reason", "Aborted")])
        registry.increment("b_total", of: web, [("reason", "Aborted")])
        registry.increment("b_total", of: ObjectKey(namespace: "shop", name: "web2"))
        #expect(registry.text().contains("b_total{namespace=\"shop\",name=\"web\",reason=\"Aborted\"} 2\n"))
        registry.forget(web)
        #expect(!registry.text().contains("name=\"web\""))
        #expect(registry.text().contains("name=\"web2\"} 1"))
    }

    @Test("drops what is counted about an object after it is gone, though nothing was before") func late() async throws
    {
        let registry = MetricsRegistry()
        registry.declare("b_total", .counter, "Counts.")
        let web = ObjectKey(namespace: "shop", name: "web")
        registry.forget(web, after: .milliseconds(1))
        registry.increment("b_total", of: web, [("reason", "RolloutDeleted")])
        try await eventually("its time is over") { !registry.text().contains("web") }
    }

    @Test("keeps the series of an object that came back in time") func back() async throws {
        let registry = MetricsRegistry()
        registry.declare("b_total", .counter, "Counts.")
        let (web, other) = (ObjectKey(namespace: "shop", name: "web"), ObjectKey(namespace: "shop", name: "other"))
        for key in [web, other] {
            registry.increment("b_total", of: key)
            registry.forget(key, after: .milliseconds(1))
        }
        registry.remember(web)
        registry.increment("b_total", of: web)
        try await eventually("the other's time is over") { !registry.text().contains("other") }
        #expect(registry.text().contains("name=\"web\"} 2"))
    }

    @Test("ignores what nobody declared") func undeclared() {
        let registry = MetricsRegistry()
        registry.increment("unknown_total")
        registry.observe("unknown_seconds", [], 1)
        #expect(registry.text().isEmpty)
    }
}
