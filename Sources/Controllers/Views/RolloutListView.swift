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

    package init(_ rollout: JSON) {
        let facts = RolloutFacts(rollout)
        let key = rollout.objectKey
        (namespace, name) = (key.namespace, key.name)
        strategy = facts.isCanary ? "Canary" : "BlueGreen"
        status = facts.phase.phase
        step = facts.isCanary && !facts.steps.isEmpty ? "\(facts.stepIndex)/\(facts.steps.count)" : "-"
        setWeight = facts.isCanary ? "\(facts.setWeight)" : "-"
        ready = "\(facts.count("readyReplicas"))/\(facts.count("replicas"))"
        desired = facts.desired
        updated = facts.count("updatedReplicas")
        available = facts.count("availableReplicas")
    }

    /// - Parameters:
    ///   - timestamp: A column with the time of the change, in front.
    ///   - showsNamespace: A column with the namespace.
    package func cells(timestamp: String?, showsNamespace: Bool) -> [String] {
        (timestamp.map { [$0] } ?? []) + (showsNamespace ? [namespace] : [])
            + [name, strategy, status, step, setWeight, ready, "\(desired)", "\(updated)", "\(available)"]
    }

    package static func header(hasTimestamp: Bool, showsNamespace: Bool) -> [String] {
        (hasTimestamp ? ["TIMESTAMP"] : []) + (showsNamespace ? ["NAMESPACE"] : [])
            + ["NAME", "STRATEGY", "STATUS", "STEP", "SET-WEIGHT", "READY", "DESIRED", "UP-TO-DATE", "AVAILABLE"]
    }

    package static func table(_ rollouts: [JSON], timestamp: String? = nil, showsNamespace: Bool = false) -> TextTable {
        var table = TextTable(header: header(hasTimestamp: timestamp != nil, showsNamespace: showsNamespace))
        for rollout in rollouts.sorted(by: { $0.objectKey < $1.objectKey }) {
            table.add(RolloutRow(rollout).cells(timestamp: timestamp, showsNamespace: showsNamespace))
        }
        return table
    }
}
