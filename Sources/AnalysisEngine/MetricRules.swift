package import Manifest

/// Which metrics are measured without consequence, and how many measurements of each are kept.
package struct MetricRules {
    static let defaultRetention = 10

    private(set) var dryRun: Set<String> = []
    private var limits: [String: Int] = [:]

    init(dryRun: [JSON], retention: [JSON], metrics: [Metric]) throws(AnalysisError) {
        let names = metrics.map(\.name)
        for (index, rule) in dryRun.enumerated() {
            self.dryRun.formUnion(try Self.matching(rule, "dryRun[\(index)]", names))
        }
        for (index, rule) in retention.enumerated() {
            let place = "measurementRetention[\(index)]"
            let limit = try FieldReader(rule, place).int("limit") ?? 0
            let kept = limit <= 0 ? Self.defaultRetention : Int(clamping: min(limit, 1_000))
            for name in try Self.matching(rule, place, names) { limits[name] = kept }
        }
    }

    /// Which metrics of a run's spec are measured without consequence; none where its rules cannot be read.
    package static func dryRun(of spec: JSON) -> Set<String> {
        let rules = spec["dryRun"]?.arrayValue ?? []
        guard !rules.isEmpty else { return [] }
        let names = (spec["metrics"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        return rules.reduce(into: []) { $0.formUnion((try? matching($1, "dryRun", names)) ?? []) }
    }

    /// How many of the newest measurements are kept.
    func retention(_ name: String) -> Int { limits[name] ?? Self.defaultRetention }

    private static func matching(_ rule: JSON, _ place: String, _ names: [String]) throws(AnalysisError) -> [String] {
        let text = try FieldReader(rule, place).required("metricName")
        let pattern: RegularExpression
        // A lone star is no regular expression, but it is what everyone writes for all metrics.
        do throws(RegularExpressionError) { pattern = try RegularExpression(text == "*" ? ".*" : text) } catch {
            throw AnalysisError(.invalidSpec, "\(place): \(error)")
        }
        let found = names.filter { pattern.matches($0) }
        guard !found.isEmpty else {
            throw AnalysisError(
                .invalidSpec, "\(place): \"\(text)\" matches no metric; there is \(names.joined(separator: ", "))")
        }
        return found
    }
}
