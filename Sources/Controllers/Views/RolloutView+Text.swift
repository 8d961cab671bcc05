extension RolloutView {
    /// Summary and tree, as `get rollout` prints them.
    package func text(_ style: TextStyle = .plain) -> String {
        header(style) + "\n" + tree().text(style)
    }

    private func header(_ style: TextStyle) -> String {
        var lines: [String] = []
        func add(_ label: String, _ value: String) {
            lines.append(label + String(repeating: " ", count: max(1, 17 - label.count)) + value)
        }
        add("Name:", name)
        add("Namespace:", namespace)
        add("Status:", StatusIcon.rollout(phase).styled(phase).styled(style))
        if !message.isEmpty { add("Message:", message) }
        add("Strategy:", strategy)
        if let step { add("  Step:", step) }
        if let setWeight { add("  SetWeight:", "\(setWeight)") }
        if let actualWeight { add("  ActualWeight:", "\(actualWeight)") }
        for (index, image) in images.enumerated() {
            let tags = image.tags.map { style.paint($0, Self.color(of: $0)) }.joined(separator: ", ")
            add(index == 0 ? "Images:" : "", image.name + (tags.isEmpty ? "" : " (\(tags))"))
        }
        lines.append("Replicas:")
        for (label, value) in [
            ("Desired", desired), ("Current", current), ("Updated", updated), ("Ready", ready),
            ("Available", available),
        ] {
            add("  \(label):", "\(value)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    static func color(of tag: String) -> TextStyle.Color? {
        switch tag {
        case "canary": .yellow
        case "stable", "active": .green
        case "preview", "ping", "pong": .brightBlue
        default: nil
        }
    }

    /// One line of the tree and what hangs below it.
    private struct Node {
        var name: String
        var kind = ""
        var status: StyledText = ""
        var age = ""
        var info: StyledText = ""
        var children: [Node] = []
    }

    private func tree() -> TextTable {
        var root = Node(
            name: "⟳ \(name)", kind: "Rollout", status: StatusIcon.rollout(phase).styled(phase), age: age)
        root.children = revisions.map { revision in
            var children = revision.replicaSets.map(Self.node)
            children += revision.experiments.map { Self.node($0, "Σ", "Experiment") }
            children += revision.analysisRuns.map { Self.node($0, "α", "AnalysisRun") }
            return Node(name: "# revision:\(revision.number)", children: children)
        }
        var table = TextTable(header: ["NAME", "KIND", "STATUS", "AGE", "INFO"])
        Self.append(root, to: &table, first: "", rest: "")
        return table
    }

    private static func node(_ set: ReplicaSetView) -> Node {
        var info: StyledText = ""
        for (index, word) in set.info.enumerated() {
            info = info + StyledText(index > 0 ? "," : "") + StyledText(word, color(of: word))
        }
        let pods = set.pods.map { pod in
            Node(
                name: "□ \(pod.name)", kind: "Pod", status: StatusIcon.pod(pod.status).styled(pod.status), age: pod.age,
                info: StyledText(pod.info))
        }
        return Node(
            name: "⧉ \(set.name)", kind: "ReplicaSet", status: StatusIcon.replicaSet(set.status).styled(set.status),
            age: set.age, info: info, children: pods)
    }

    private static func node(_ run: RunView, _ icon: String, _ kind: String) -> Node {
        var info: StyledText = ""
        for (index, entry) in run.info.enumerated() {
            info = info + StyledText(index > 0 ? "," : "") + entry.icon.styled("\(entry.count)")
        }
        let jobs = run.jobs.map { job in
            Node(
                name: "⊞ \(job.name)", kind: "Job", status: StatusIcon.analysis(job.phase).styled(job.phase),
                age: job.age)
        }
        return Node(
            name: "\(icon) \(run.name)", kind: kind, status: StatusIcon.analysis(run.phase).styled(run.phase),
            age: run.age,
            info: info, children: jobs)
    }

    private static func append(_ node: Node, to table: inout TextTable, first: String, rest: String) {
        table.rows.append([
            StyledText(first + node.name), StyledText(node.kind), node.status, StyledText(node.age), node.info,
        ])
        for (index, child) in node.children.enumerated() {
            let isLast = index == node.children.count - 1
            append(child, to: &table, first: rest + (isLast ? "└──" : "├──"), rest: rest + (isLast ? "   " : "│  "))
        }
    }
}
