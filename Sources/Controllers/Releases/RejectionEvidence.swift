package import AnalysisEngine
package import Kubernetes
package import Manifest
package import SyncEngine

/// Why a Rollout was aborted, with the numbers that decided.
package struct RejectionEvidence: Hashable, Sendable {
    package var rejection: Release.Rejection
    package var evidence: [Release.Evidence]

    package init(rejection: Release.Rejection, evidence: [Release.Evidence]) {
        self.rejection = rejection
        self.evidence = evidence
    }

    /// From the analysis runs that a Rollout owns: those that ended badly since the Release began.
    package static func of(_ runs: [AnalysisRun], since start: Timestamp) -> RejectionEvidence? {
        var evidence: [Release.Evidence] = []
        for run in runs.sorted(by: { $0.key < $1.key }) where run.phase.isBad && run.phase.isFinal {
            guard run.creationTimestamp.map({ $0 >= start.wholeSeconds }) ?? true else { continue }
            let reference = ObjectReference(
                group: "argoproj.io", kind: "AnalysisRun", namespace: run.key.namespace, name: run.key.name)
            for result in run.status.metricResults where result.phase.isBad && !result.dryRun {
                let last = result.measurements.last { $0.phase.isBad } ?? result.measurements.last
                let message = [result.message, last?.message ?? ""].first { !$0.isEmpty } ?? run.message
                evidence.append(
                    Release.Evidence(
                        object: reference, metric: result.name, value: last?.value ?? "",
                        condition: run.condition(of: result.name), phase: result.phase.rawValue, message: message))
            }
            if run.status.metricResults.allSatisfy({ !$0.phase.isBad || $0.dryRun }) {
                evidence.append(
                    Release.Evidence(object: reference, phase: run.phase.rawValue, message: run.message))
            }
        }
        return evidence.isEmpty
            ? nil : RejectionEvidence(rejection: .analysisFailed, evidence: Array(evidence.prefix(16)))
    }

    /// A source for ``ReleaseReconciler`` over a cache of analysis runs.
    /// - Parameter uid: The uid of a live Rollout.
    package static func source(
        runs: Store<AnalysisRun>, uid: @escaping @Sendable (ObjectKey) -> String?
    ) -> ReleaseReconciler.Evidence {
        { rollout, release in
            guard let uid = uid(rollout.key) else { return nil }
            return of(runs.ownedBy(uid), since: release.status.startedAt)
        }
    }
}

extension AnalysisRun {
    /// The conditions that a metric was judged by, as written.
    fileprivate func condition(of metric: String) -> String {
        let entry = spec["metrics"]?.arrayValue?.first { $0["name"]?.stringValue == metric }
        let success = entry?["successCondition"]?.stringValue
        let failure = entry?["failureCondition"]?.stringValue
        return [success.map { "success: \($0)" }, failure.map { "failure: \($0)" }].compactMap(\.self)
            .joined(separator: "; ")
    }
}
