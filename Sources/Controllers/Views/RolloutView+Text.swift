extension RolloutView {
    /// Summary and tree, as `get rollout` prints them.
    package func text(_ style: TextStyle = .plain) -> String {
        header(style) + "\n" + tree.table.text(style)
    }

    private func header(_ style: TextStyle) -> String {
        var lines = LabelledLines()
        lines.add("Name:", name)
        lines.add("Namespace:", namespace)
        lines.add("Status:", StatusIcon.rollout(phase).styled(phase).styled(style))
        if !message.isEmpty { lines.add("Message:", message) }
        lines.add("Strategy:", strategy)
        if let step { lines.add("  Step:", step) }
        if let setWeight { lines.add("  SetWeight:", "\(setWeight)") }
        if let actualWeight { lines.add("  ActualWeight:", "\(actualWeight)") }
        lines.add(images: images, style)
        lines.add(heading: "Replicas:")
        for (label, value) in [
            ("Desired", desired), ("Current", current), ("Updated", updated), ("Ready", ready),
            ("Available", available),
        ] {
            lines.add("  \(label):", "\(value)")
        }
        return lines.text
    }

    static func color(of tag: String) -> TextStyle.Color? {
        switch tag {
        case "canary": .yellow
        case "stable", "active": .green
        case "preview", "ping", "pong": .brightBlue
        default: nil
        }
    }

    private var tree: TreeNode {
        TreeNode(
            name: "⟳ \(name)", kind: "Rollout", status: StatusIcon.rollout(phase).styled(phase), age: age,
            children: revisions.map { revision in
                TreeNode(
                    name: "# revision:\(revision.number)",
                    children: revision.replicaSets.map { TreeNode($0) } + revision.experiments.map { TreeNode($0) }
                        + revision.analysisRuns.map { TreeNode($0) })
            })
    }
}
