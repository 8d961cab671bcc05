import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Metrics of AnalysisRuns") struct AnalysisMetricsTests {
    @Test("a metric without consequence is labelled so before it has been measured", .timeLimit(.minutes(1)))
    func dryRun() async throws {
        let api = InMemoryKubernetes(ClusterAPI(clock: ManualWallClock()))
        let definitions = Resource(
            group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
            kind: "CustomResourceDefinition", isNamespaced: false)
        for line in BundledKinds.sluice.split(separator: "\n") {
            _ = try await api.create(
                definitions, namespace: "", try JSON(parsing: String(line)), subresource: nil, WriteOptions())
        }
        _ = try await api.create(
            Resource(group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false),
            namespace: "", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "shop"]], subresource: nil,
            WriteOptions())
        let provider: JSON = ["prometheus": ["query": "up"]]
        _ = try await api.create(
            .analysisRuns, namespace: "shop",
            [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": ["name": "web"],
                "spec": [
                    "metrics": [
                        ["name": "try-one", "provider": provider], ["name": "measured", "provider": provider],
                        ["name": "real", "provider": provider],
                    ], "dryRun": [["metricName": "try-.*"], ["metricName": "measured"]],
                ],
                "status": [
                    "phase": "Running",
                    "metricResults": [["name": "measured", "phase": "Running", "dryRun": true]],
                ],
            ], subresource: nil, WriteOptions())
        let metrics = MetricsRegistry.standard(version: "test")
        let caches = AnalysisCaches(api, options: ControllerOptions(), logger: .silent)
        AnalysisMetrics.collect(into: metrics, caches)
        let run = Task { await caches.runs.run() }
        await caches.runs.waitUntilSynced()
        run.cancel()
        let page = metrics.text()
        for (name, isDryRun) in [("try-one", true), ("measured", true), ("real", false)] {
            #expect(
                page.contains("metric=\"\(name)\",type=\"Prometheus\",dry_run=\"\(isDryRun)\",phase=\"Running\""),
                "\(name)")
            #expect(!page.contains("metric=\"\(name)\",type=\"Prometheus\",dry_run=\"\(!isDryRun)\""), "\(name)")
        }
    }
}
