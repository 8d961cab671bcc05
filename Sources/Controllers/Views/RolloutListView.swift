package import Manifest

/// One line of `list rollouts`.
package struct RolloutRow: Hashable, Sendable {
    package var namespace: String
    package var name: String
    package var strategy: String
    package var status: String
    package var step: String
    package var setWeight: String
    package var ready: String
    package var desired: Int64
    package var updated: Int64
    package var available: Int64
    package var message: String
    package var images: String

    package init(_ rollout: JSON) {
        let facts = RolloutFacts(rollout)
        let key = rollout.objectKey
        (namespace, name) = (key.namespace, key.name)
        strategy = facts.isCanary ? "Canary" : "BlueGreen"
        (status, message) = facts.phase
        step = facts.isCanary && !facts.steps.isEmpty ? "\(facts.stepIndex)/\(facts.steps.count)" : "-"
        setWeight = facts.isCanary ? "\(facts.setWeight)" : "-"
        ready = "\(facts.count("readyReplicas"))/\(facts.count("replicas"))"
        desired = facts.desired
        updated = facts.count("updatedReplicas")
        available = facts.count("availableReplicas")
        let containers = rollout.at("spec", "template", "spec", "containers")?.arrayValue ?? []
        images = containers.compactMap { $0["image"]?.stringValue }.joined(separator: ",")
    }

    /// - Parameters:
    ///   - timestamp: A column with the time of the change, in front.
    ///   - showsNamespace: A column with the namespace.
    ///   - isWide: Columns with images and message, at the end.
    package static func table(
        _ rollouts: [JSON], timestamp: String? = nil, showsNamespace: Bool = false, isWide: Bool = false
    ) -> TextTable {
        var table = TextTable(
            header: (timestamp == nil ? [] : ["TIMESTAMP"]) + (showsNamespace ? ["NAMESPACE"] : [])
                + ["NAME", "STRATEGY", "STATUS", "STEP", "SET-WEIGHT", "READY", "DESIRED", "UP-TO-DATE", "AVAILABLE"]
                + (isWide ? ["IMAGES", "MESSAGE"] : []))
        for rollout in rollouts.sorted(by: { $0.objectKey < $1.objectKey }) {
            let row = RolloutRow(rollout)
            table.add(
                (timestamp.map { [$0] } ?? []) + (showsNamespace ? [row.namespace] : [])
                    + [
                        row.name, row.strategy, row.status, row.step, row.setWeight, row.ready, "\(row.desired)",
                        "\(row.updated)", "\(row.available)",
                    ] + (isWide ? [row.images, row.message] : []))
        }
        return table
    }
}
