package import Manifest

/// One measurement that is to be taken.
package struct MeasurementTask: Sendable {
    package enum Kind: Sendable, Hashable { case run, resume, terminate }

    package var kind: Kind
    package var run: ObjectKey
    package var runUID: String
    /// With placeholders for secrets until ``resolving(_:)``.
    package var metric: Metric
    /// The unfinished measurement that is resumed or terminated.
    package var previous: Measurement?
    /// Which measurement of the metric it is, from 1.
    package var number: Int64
    /// Secrets that must be read first.
    package var secrets: [SecretReference]
    /// Hides the secrets that have been filled in.
    package private(set) var redactor = Redactor()
    private var source: JSON
    private var values: [String: String]
    private var secretArguments: [String: SecretReference]

    init(_ kind: Kind, _ plan: AnalysisRunPlan, index: Int, previous: Measurement?) {
        self.kind = kind
        run = plan.run.key
        runUID = plan.run.uid
        metric = plan.metrics[index]
        self.previous = previous
        let result = plan.run.status.result(metric.name)
        number = (result?.count ?? 0) &+ (result?.error ?? 0) &+ 1
        source = plan.sources[index]
        values = plan.values
        let used = (try? Substitution.arguments(in: source)) ?? []
        secretArguments = plan.secrets.filter { used.contains($0.key) }
        secrets = Set(secretArguments.values).sorted()
    }

    /// A task of its own, for one metric outside of a run.
    package init(metric: Metric, run: ObjectKey, runUID: String = "") {
        kind = .run
        self.run = run
        self.runUID = runUID
        self.metric = metric
        number = 1
        secrets = []
        source = .emptyObject
        values = [:]
        secretArguments = [:]
    }

    /// The task with real secrets in place of the placeholders.
    /// - Throws: `AnalysisError` where a value does not fit, without telling it.
    package func resolving(_ found: [SecretReference: String]) throws(AnalysisError) -> MeasurementTask {
        guard !secretArguments.isEmpty else { return self }
        var result = self
        var all = values
        var hidden: [String] = []
        for (name, secret) in secretArguments {
            guard let value = found[secret] else {
                throw AnalysisError(
                    .arguments,
                    "argument \"\(name)\" needs key \"\(secret.key)\" of Secret \"\(secret.name)\", which was not read")
            }
            all[name] = value
            hidden.append(value)
        }
        let redactor = Redactor(hidden)
        do throws(AnalysisError) {
            // The name is kept: results are filed under the name with the placeholder.
            let name = metric.name
            result.metric = try Metric(try Substitution.resolve(source, all))
            result.metric.name = name
        } catch {
            throw AnalysisError(error.code, redactor.redact(error.message))
        }
        result.redactor = redactor
        return result
    }
}

/// What came of a task.
package struct MeasurementResult: Sendable {
    package var metric: String
    package var measurement: Measurement
    package var metadata: [String: String]

    package init(metric: String, measurement: Measurement, metadata: [String: String] = [:]) {
        self.metric = metric
        self.measurement = measurement
        self.metadata = metadata
    }
}
