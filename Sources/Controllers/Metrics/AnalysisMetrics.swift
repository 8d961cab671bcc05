import AnalysisEngine
import Kubernetes
import Manifest

/// Gauges about AnalysisRuns and their templates, read from the caches when somebody scrapes.
package enum AnalysisMetrics {
    private static let phases = ["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"]

    package static func collect(into metrics: MetricsRegistry, _ caches: AnalysisCaches) {
        metrics.collect { writer in
            for run in caches.runs.store.all { add(run, to: &writer) }
            writer.gauge(
                "sluice_quarantined_objects", [("kind", "AnalysisRun")], Double(caches.runs.quarantined.count))
            for template in caches.templates.store.all { add(template.key, template.spec.json, to: &writer) }
            for template in caches.clusterTemplates.store.all { add(template.key, template.spec.json, to: &writer) }
        }
    }

    private static func add(_ run: AnalysisRun, to writer: inout MetricsRegistry.Writer) {
        let object = [("namespace", run.key.namespace), ("name", run.key.name)]
        let phase = run.phase == .none ? "Pending" : run.phase.rawValue
        writer.gauge("analysis_run_info", object + [("phase", phase)], 1)
        for each in phases {
            writer.gauge("analysis_run_phase", object + [("phase", each)], each == phase ? 1 : 0)
        }
        let results = run.statusJSON["metricResults"]?.arrayValue ?? []
        let metrics = run.spec["metrics"]?.arrayValue ?? []
        let dryRun = results.count < metrics.count ? MetricRules.dryRun(of: run.spec) : []
        for metric in metrics {
            guard let name = metric["name"]?.stringValue else { continue }
            let type = provider(of: metric)
            let labels = object + [("metric", name), ("type", type)]
            writer.gauge("analysis_run_metric_type", labels, 1)
            let result = results.first { $0["name"]?.stringValue == name }
            let reached = result?["phase"]?.stringValue ?? "Pending"
            // Before the first measurement there is no result to say so.
            let isDryRun = result.map { $0["dryRun"] == true } ?? dryRun.contains(name)
            for each in phases {
                writer.gauge(
                    "analysis_run_metric_phase",
                    labels + [("dry_run", isDryRun ? "true" : "false"), ("phase", each)], each == reached ? 1 : 0)
            }
        }
    }

    private static func add(_ key: ObjectKey, _ spec: JSON, to writer: inout MetricsRegistry.Writer) {
        let object = [("namespace", key.namespace), ("name", key.name)]
        writer.gauge("analysis_template_info", object, 1)
        for metric in spec["metrics"]?.arrayValue ?? [] {
            writer.gauge(
                "analysis_template_metric_info",
                object + [("type", provider(of: metric)), ("metric", metric["name"]?.stringValue ?? "")], 1)
        }
    }

    /// `Prometheus`, `Web`, `Job`, …; the spelling is that of existing dashboards.
    private static func provider(of metric: JSON) -> String {
        guard let name = metric["provider"]?.objectValue?.first(where: { !$0.value.isNull })?.key else {
            return "unknown"
        }
        return name.prefix(1).uppercased() + name.dropFirst()
    }
}
