package import Manifest
import RolloutEngine

/// What people see of one Experiment: its ReplicaSets with their pods, and its AnalysisRuns.
package struct ExperimentView: Hashable, Sendable {
    package var name: String
    package var namespace: String
    package var revision: Int64
    package var phase: String
    package var message: String
    package var age: String
    package var replicaSets: [ReplicaSetView]
    package var analysisRuns: [RunView]

    /// - Parameters:
    ///   - replicaSets: Those of the namespace; what the Experiment does not own is left out.
    ///   - pods: Those of the namespace.
    ///   - analysisRuns: Those of the namespace.
    package init(
        _ experiment: JSON, replicaSets: [JSON] = [], pods: [JSON] = [], analysisRuns: [JSON] = [], now: Timestamp
    ) {
        let key = experiment.objectKey
        (name, namespace) = (key.name, key.namespace)
        revision = Int64(experiment.annotations[Keys.revision] ?? "") ?? 0
        phase = experiment.at("status", "phase")?.stringValue ?? ""
        if phase.isEmpty { phase = "Pending" }
        message = experiment.at("status", "message")?.stringValue ?? ""
        age = AgeText.age(of: experiment, now: now)
        let uid = experiment.uid
        self.replicaSets = replicaSets.filter { $0.isOwned(by: uid) }
            .map { set in
                let template = set.annotations["experiment.argoproj.io/template-name"] ?? ""
                return ReplicaSetView(
                    set, pods: pods, roles: template.isEmpty ? [] : ["Σ:\(template)"], now: now)
            }
            .sorted { $0.name < $1.name }
        self.analysisRuns = analysisRuns.filter { $0.isOwned(by: uid) }.map { RunView($0, now: now) }
            .sorted { $0.name < $1.name }
    }

    package var images: [RolloutView.Image] { RolloutView.images(replicaSets) }

    /// Summary and tree, as `get experiment` prints them.
    package func text(_ style: TextStyle = .plain) -> String {
        var header = LabelledLines()
        header.add("Name:", name)
        header.add("Namespace:", namespace)
        header.add("Status:", StatusIcon.analysis(phase).styled(phase).styled(style))
        if !message.isEmpty { header.add("Message:", message) }
        header.add(images: images, style)
        return header.text + "\n" + TreeNode(self).table.text(style)
    }
}

/// One line of `list experiments`.
package struct ExperimentRow: Hashable, Sendable {
    package var namespace: String
    package var name: String
    package var status: String
    package var duration: String
    package var remaining: String
    package var age: String

    package init(_ experiment: JSON, now: Timestamp) {
        let key = experiment.objectKey
        (namespace, name) = (key.namespace, key.name)
        let phase = experiment.at("status", "phase")?.stringValue ?? ""
        status = phase.isEmpty ? "Pending" : phase
        let written = experiment.at("spec", "duration")
        duration = written?.stringValue ?? written?.intValue.map { "\($0)s" } ?? "-"
        remaining = "-"
        let length = written?.intValue.map { Duration.seconds($0) } ?? written?.stringValue.flatMap(Duration.init(go:))
        if status == "Running", let length,
            let start = experiment.at("status", "availableAt")?.stringValue.flatMap(Timestamp.init(rfc3339:))
        {
            let left = start + length - now
            remaining = left > .zero ? AgeText.text(left) : "0s"
        }
        age = AgeText.age(of: experiment, now: now)
    }

    package static func table(_ experiments: [JSON], showsNamespace: Bool = false, now: Timestamp) -> TextTable {
        var table = TextTable(
            header: (showsNamespace ? ["NAMESPACE"] : []) + ["NAME", "STATUS", "DURATION", "REMAINING", "AGE"])
        for experiment in experiments.sorted(by: { $0.objectKey < $1.objectKey }) {
            let row = ExperimentRow(experiment, now: now)
            table.add(
                (showsNamespace ? [row.namespace] : []) + [
                    row.name, row.status, row.duration, row.remaining, row.age,
                ])
        }
        return table
    }
}
