import AnalysisEngine
import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Testing

@Suite("AnalysisRuns on a cluster")
struct AnalysisRunTests {
    @Test("a good run succeeds and a bad one fails with the numbers", arguments: [false, true])
    func judges(statusSubresource: Bool) async throws {
        let bench = try await AnalysisBench(
            ScriptedSource(["good": [1], "bad": [0.25]]), statusSubresource: statusSubresource)
        try await bench.run { bench in
            try await bench.create("good", ["metrics": [promMetric("m", query: "good")]])
            try await bench.create("bad", ["metrics": [promMetric("m", query: "bad")]])
            let good = try await bench.until("good", "Successful")
            #expect(good.at("status", "completedAt") != nil)
            let bad = try await bench.until("bad", "Failed")
            #expect(
                bad.at("status", "message")
                    == "metric \"m\" is Failed: failed (1) > failureLimit (0); last message: successCondition \"result >= 1\" is false for 0.25"
            )
            let measurement = bad.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(measurement?.at("metadata", "sluice.dev/outcome") == "bad")
            #expect(measurement?["value"] == "0.25")
            let reasons = Lock<Set<String>>([])
            try await bench.until {
                _ = try await bench.api.list(bench.events, ListOptions(namespace: "default")) { bytes in
                    let event = try JSON(parsing: bytes)
                    reasons.withLock { _ = $0.insert(event["reason"]?.stringValue ?? "") }
                }
                return reasons.withLock {
                    $0.isSuperset(of: ["AnalysisRunFailed", "MetricFailed", "AnalysisRunSuccessful"])
                }
            }
        }
        #expect(bench.source.queries.count == 2)
    }

    @Test("a provider that hangs holds up nobody else, and lets go when its run is deleted")
    func hangs() async throws {
        let source = ScriptedSource(["good": [1]], held: ["hang"])
        let bench = try await AnalysisBench(source)
        try await bench.run { bench in
            for number in 0..<60 {
                try await bench.create("hang-\(number)", ["metrics": [promMetric("m", query: "hang")]])
            }
            try await bench.until { source.queries.count == 60 }
            try await bench.create("good", ["metrics": [promMetric("m", query: "good")]])
            _ = try await bench.until("good", "Successful")
            try await bench.api.delete(
                .analysisRuns, ObjectKey(namespace: "default", name: "hang-0"), DeleteOptions())
            try await bench.until { source.cancellations == 1 }
        }
        #expect(source.queries.count == 61)
    }

    @Test("measures again after the interval, and stops when it is told to")
    func interval() async throws {
        let bench = try await AnalysisBench(ScriptedSource(["q": [1]]))
        try await bench.run { bench in
            try await bench.create("run", ["metrics": [promMetric("m", query: "q", ["interval": "1s"])]])
            try await bench.until { bench.source.queries.count >= 2 }
            _ = try await bench.api.patch(
                .analysisRuns, ObjectKey(namespace: "default", name: "run"), .merge, ["spec": ["terminate": true]],
                subresource: nil, WriteOptions())
            let run = try await bench.until("run", "Successful")
            #expect(run.at("status", "message") == "run terminated")
        }
    }

    @Test("a run that another process began goes on, whatever way its status is stored", arguments: [false, true])
    func takenOver(statusSubresource: Bool) async throws {
        let bench = try await AnalysisBench(ScriptedSource(["q": [1]]), statusSubresource: statusSubresource)
        try await bench.create("run", ["metrics": [promMetric("m", query: "q", ["interval": "1s"])]])
        _ = try await bench.api.patch(
            .analysisRuns, ObjectKey(namespace: "default", name: "run"), .merge, ["status": ["phase": "Running"]],
            subresource: statusSubresource ? "status" : nil, WriteOptions())
        try await bench.run { bench in
            try await bench.until {
                let count = try await bench.get("run")?.at("status", "metricResults")?[0]?["count"]?.intValue
                return count ?? 0 >= 2
            }
        }
        #expect(bench.source.queries.count <= 3)
    }

    @Test("a secret is read for each measurement and recorded nowhere")
    func secrets() async throws {
        let bench = try await AnalysisBench(ScriptedSource(["token=hunter2": [0]]))
        let secrets = Resource(group: "", version: "v1", plural: "secrets", kind: "Secret")
        let spec: JSON = [
            "args": [["name": "token", "valueFrom": ["secretKeyRef": ["name": "auth", "key": "token"]]]],
            "metrics": [
                promMetric(
                    "m", query: "token={{args.token}}",
                    ["successCondition": "result >= 1 && \"{{args.token}}\" != \"\""]),
                promMetric("other", query: "token={{args.token}}", ["count": 1]),
            ],
        ]
        try await bench.run { bench in
            try await bench.create("missing", ["metrics": spec["metrics"] ?? [], "args": spec["args"] ?? []])
            try await bench.until {
                let run = try await bench.get("missing")
                let message = run?.at("status", "metricResults")?[0]?["measurements"]?[0]?["message"]?.stringValue
                return message == "Secret \"auth\" does not exist in namespace \"default\""
            }
            _ = try await bench.api.create(
                secrets, namespace: "default",
                [
                    "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "auth", "namespace": "default"],
                    "data": ["token": "aHVudGVyMg=="],
                ], subresource: nil, WriteOptions())
            try await bench.create("found", spec)
            let run = try await bench.until("found", "Failed")
            #expect(!run.description.contains("hunter2"))
            #expect(run.description.contains("*****"))
        }
        #expect(bench.source.queries.contains("token=hunter2"))
    }

    @Test("a run that makes no sense ends alone, with the reason")
    func invalid() async throws {
        let bench = try await AnalysisBench(ScriptedSource(["good": [1]]))
        try await bench.run { bench in
            try await bench.create("none", ["metrics": []])
            try await bench.create("job", ["metrics": [["name": "m", "provider": ["job": ["spec": [:]]]]]])
            try await bench.create("good", ["metrics": [promMetric("m", query: "good")]])
            let none = try await bench.until("none", "Error")
            #expect(none.at("status", "message") == "invalid spec: there is no metric to measure")
            _ = try await bench.until("good", "Successful")
        }
    }

    @Test("a finished run is deleted after its time to live")
    func timeToLive() async throws {
        let bench = try await AnalysisBench(ScriptedSource(["good": [1]]))
        try await bench.run { bench in
            try await bench.create(
                "run", ["metrics": [promMetric("m", query: "good")], "ttlStrategy": ["secondsAfterSuccess": 0]])
            try await bench.until { try await bench.get("run") == nil }
        }
        #expect(bench.source.queries.count == 1)
    }

    @Test("a lost write is repeated with the same measurement")
    func conflict() async throws {
        let bench = try await AnalysisBench(ScriptedSource(["good": [1]]))
        bench.api.cluster.faults.add(
            .init(
                .fail(KubernetesError(code: 500, reason: "InternalError", message: "etcd is away")), on: [.patch],
                resource: "analysisruns.argoproj.io", name: nil, subresource: nil, skipping: 0, times: 2))
        try await bench.run { bench in
            try await bench.create("run", ["metrics": [promMetric("m", query: "good")]])
            _ = try await bench.until("run", "Successful")
        }
        #expect(bench.source.queries.count == 1)
    }
}
