package import Manifest
package import RolloutEngine

/// What a plan is made from: a Rollout, and the analysis templates that are known beside it.
package struct PlanInputs: Sendable {
    /// A query that the update would send to a metrics server.
    package struct Query: Hashable, Sendable {
        package var template: String
        package var metric: String
        /// Such as `prometheus`, `web` or `job`.
        package var provider: String
        package var text: String
    }

    /// AnalysisTemplates by name, ClusterAnalysisTemplates under `cluster/<name>`.
    package var templates: [String: JSON] = [:]

    package init() {}

    package mutating func add(_ object: JSON) {
        switch object["kind"]?.stringValue {
        case "AnalysisTemplate": templates[object.objectKey.name] = object
        case "ClusterAnalysisTemplate": templates["cluster/\(object.objectKey.name)"] = object
        default: break
        }
    }

    /// How long an analysis takes when every measurement is good, and at once when none of its templates is known.
    ///
    /// `nil` where a metric is measured for as long as the update lasts.
    package func length(of reference: AnalysisReference) -> Duration? {
        var longest = Duration.zero
        for metric in metrics(of: reference) {
            let seconds = { (name: String) -> Duration in
                metric.json[name]?.stringValue.flatMap { Duration(go: $0) } ?? .zero
            }
            let count = Int64(metric.json["count"].flatMap { $0.intValue ?? $0.stringValue.flatMap { Int64($0) } } ?? 0)
            if count <= 0, seconds("interval") > .zero { return nil }
            let rounds = max(1, min(count, 1_000_000))
            let length = seconds("initialDelay").inSeconds + seconds("interval").inSeconds * Double(rounds - 1)
            longest = max(longest, .seconds(min(length, 1e9)))
        }
        return longest
    }

    /// The queries of an analysis, as its templates have them, arguments not filled in.
    package func queries(of reference: AnalysisReference) -> [Query] {
        metrics(of: reference).map { metric in
            let provider = metric.json["provider"]?.objectValue?.sorted { $0.key < $1.key }.first
            let body = provider?.value
            let text =
                body?["query"]?.stringValue ?? body?["url"]?.stringValue
                ?? body.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? ""
            return Query(
                template: metric.template, metric: metric.json["name"]?.stringValue ?? "",
                provider: provider?.key ?? "none", text: text)
        }
    }

    private func metrics(of reference: AnalysisReference) -> [(template: String, json: JSON)] {
        reference.templates.flatMap { template in
            let name = template.isClusterScoped ? "cluster/\(template.name)" : template.name
            return (templates[name]?.at("spec", "metrics")?.arrayValue ?? []).map { (template.name, $0) }
        }
    }
}
