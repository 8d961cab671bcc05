/// One line of a tree of objects and what hangs below it.
struct TreeNode {
    var name: String
    var kind = ""
    var status: StyledText = ""
    var age = ""
    var info: StyledText = ""
    var children: [TreeNode] = []

    /// The tree as a table of `NAME KIND STATUS AGE INFO`.
    var table: TextTable {
        var table = TextTable(header: ["NAME", "KIND", "STATUS", "AGE", "INFO"])
        append(to: &table, first: "", rest: "")
        return table
    }

    private func append(to table: inout TextTable, first: String, rest: String) {
        table.rows.append([
            StyledText(first + name), StyledText(kind), status, StyledText(age), info,
        ])
        for (index, child) in children.enumerated() {
            let isLast = index == children.count - 1
            child.append(to: &table, first: rest + (isLast ? "└──" : "├──"), rest: rest + (isLast ? "   " : "│  "))
        }
    }
}

extension TreeNode {
    init(_ set: ReplicaSetView) {
        var info: StyledText = ""
        for (index, word) in set.info.enumerated() {
            info = info + StyledText(index > 0 ? "," : "") + StyledText(word, RolloutView.color(of: word))
        }
        let pods = set.pods.map { pod in
            TreeNode(
                name: "□ \(pod.name)", kind: "Pod", status: StatusIcon.pod(pod.status).styled(pod.status),
                age: pod.age, info: StyledText(pod.info))
        }
        self.init(
            name: "⧉ \(set.name)", kind: "ReplicaSet",
            status: StatusIcon.replicaSet(set.status).styled(set.status), age: set.age, info: info, children: pods)
    }

    init(_ run: RunView) {
        var info: StyledText = ""
        for (index, entry) in run.info.enumerated() {
            info = info + StyledText(index > 0 ? "," : "") + entry.icon.styled("\(entry.count)")
        }
        let jobs = run.jobs.map { job in
            TreeNode(
                name: "⊞ \(job.name)", kind: "Job", status: StatusIcon.analysis(job.phase).styled(job.phase),
                age: job.age)
        }
        self.init(
            name: "α \(run.name)", kind: "AnalysisRun", status: StatusIcon.analysis(run.phase).styled(run.phase),
            age: run.age, info: info, children: jobs)
    }

    init(_ experiment: ExperimentView) {
        self.init(
            name: "Σ \(experiment.name)", kind: "Experiment",
            status: StatusIcon.analysis(experiment.phase).styled(experiment.phase), age: experiment.age,
            children: experiment.replicaSets.map { TreeNode($0) } + experiment.analysisRuns.map { TreeNode($0) })
    }
}
