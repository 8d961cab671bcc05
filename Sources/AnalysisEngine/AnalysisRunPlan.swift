import Manifest

/// An AnalysisRun's spec, resolved and checked: what deciding works on.
package struct AnalysisRunPlan: Sendable {
    /// Stands for a secret wherever its value does not matter.
    static let placeholder = "secret"
    static let maximalMetrics = 200

    let run: AnalysisRun
    package let metrics: [Metric]
    let rules: MetricRules
    /// The metrics as they are written, in the same order.
    let sources: [JSON]
    let values: [String: String]
    let secrets: [String: SecretReference]
    /// The Jobs that the run has, as far as is known.
    let jobs: [AnalysisJob]
    /// Someone ended the run, or a metric went bad in an earlier reconcile.
    let isTerminating: Bool

    /// - Throws: What makes the run end with phase `Error`.
    package init(_ run: AnalysisRun, jobs: [AnalysisJob] = []) throws(AnalysisError) {
        self.run = run
        self.jobs = jobs
        let reader = FieldReader(run.spec, "spec")
        sources = try reader.list("metrics")
        var values: [String: String] = [:]
        var secrets: [String: SecretReference] = [:]
        for json in try reader.list("args") {
            let argument = try AnalysisArgument(json)
            if case .secret(let secret) = argument.source {
                secrets[argument.name] = secret
            } else if let value = argument.value {
                values[argument.name] = value
            } else {
                throw AnalysisError(.arguments, "argument \"\(argument.name)\" has no value")
            }
        }
        self.values = values
        self.secrets = secrets
        guard !sources.isEmpty else { throw AnalysisError(.invalidSpec, "there is no metric to measure") }
        guard sources.count <= Self.maximalMetrics else {
            throw AnalysisError(.invalidSpec, "there are more than \(Self.maximalMetrics) metrics")
        }
        let known = values.merging(secrets.mapValues { _ in Self.placeholder }) { $1 }
        metrics = try Self.validated(sources, known)
        rules = try MetricRules(
            dryRun: try reader.list("dryRun"), retention: try reader.list("measurementRetention"), metrics: metrics)
        let dryRun = rules.dryRun
        isTerminating =
            run.isTerminated || run.status.metricResults.contains { !dryRun.contains($0.name) && $0.phase.isBad }
    }

    /// Resolves and checks metrics; names must be unique.
    static func validated(_ sources: [JSON], _ values: [String: String]) throws(AnalysisError) -> [Metric] {
        var metrics: [Metric] = []
        var names: Set<String> = []
        for source in sources {
            let metric = try Metric(try Substitution.resolve(source, values))
            guard names.insert(metric.name).inserted else {
                throw AnalysisError(.invalidSpec, "two metrics are called \"\(metric.name)\"")
            }
            try metric.validate()
            metrics.append(metric)
        }
        return metrics
    }

    func isDryRun(_ metric: Metric) -> Bool { rules.dryRun.contains(metric.name) }
}
