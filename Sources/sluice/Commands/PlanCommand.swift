import ArgumentParser
import Controllers
import Glibc
import Kubernetes
import Manifest
import RolloutEngine

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show the way that an update would take, without touching anything.",
        discussion: """
            Asks the engine that the controller runs, step after step, on a cluster where everything goes well: pods
            start, analyses succeed, people promote at once. Without --from another revision is taken to be running.
            """)

    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A file with the Rollout as it will be, and AnalysisTemplates beside it; - reads standard input.")
    var file: String

    @Option(help: "The Rollout of the cluster that the change starts from.")
    var from: String?

    @Option(help: "How long a new pod takes until it is ready, such as 30s.")
    var podStart = "10s"

    @Option(help: "Write a chart of weights and pods over time to this file, .svg or .png.")
    var chart: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard Duration(go: podStart) != nil else {
            throw ValidationError("--pod-start \(podStart) is no duration; write 30s or 1m30s")
        }
        if let chart, !chart.hasSuffix(".svg"), !chart.hasSuffix(".png") {
            throw ValidationError("--chart \(chart) ends neither in .svg nor in .png")
        }
    }

    func run() async throws {
        try await reporting {
            let objects = try InputFile.objects(file)
            guard var rolloutObject = objects.first(where: { $0["kind"]?.stringValue == "Rollout" }) else {
                throw CommandError("\(file): no Rollout in it")
            }
            var inputs = PlanInputs()
            var sets: [ReplicaSet] = []
            if let from {
                let session = try connection.connect("plan")
                let live = try await session.get(.rollouts, from)
                rolloutObject["status"] = live["status"]
                rolloutObject.set(.string(live.uid), at: "metadata", "uid")
                rolloutObject.set(live.at("metadata", "generation"), at: "metadata", "generation")
                rolloutObject.set(.string(from), at: "metadata", "name")
                for (key, value) in live.annotations where rolloutObject.annotations[key] == nil {
                    rolloutObject.set(.string(value), at: "metadata", "annotations", key)
                }
                sets = try await session.list(.replicaSets, namespace: session.namespace)
                    .compactMap { try? ReplicaSet($0) }.filter { $0.ownerUID == live.uid }
                for kind in ["analysistemplates", "clusteranalysistemplates"] {
                    guard let resource = try await session.discovery.resource(named: kind) else { continue }
                    let namespace = resource.isNamespaced ? session.namespace : nil
                    for template in try await session.list(resource, namespace: namespace) { inputs.add(template) }
                }
            }
            for object in objects { inputs.add(object) }
            let rollout = try Rollout(rolloutObject)
            var assumptions = RolloutPlan.Assumptions()
            assumptions.podStart = Duration(go: podStart) ?? .seconds(10)
            let known = inputs
            assumptions.analysisLength = { known.length(of: $0) }
            let plan = RolloutPlan(of: rollout, replicaSets: sets, now: SystemClock().now(), assumptions)
            try show(plan, rollout, inputs)
            if case .blocked = plan.outcome { throw ExitCode(1) }
        }
    }

    private func show(_ plan: RolloutPlan, _ rollout: Rollout, _ inputs: PlanInputs) throws {
        let queries = rollout.spec.analyses.flatMap { analysis in
            inputs.queries(of: analysis.reference).map { (path: analysis.path, query: $0) }
        }
        var json = plan.json
        json["rollout"] = .string(rollout.key.name)
        json["queries"] = .array(
            queries.map { path, query in
                [
                    "path": .string(path), "template": .string(query.template), "metric": .string(query.metric),
                    "provider": .string(query.provider), "query": .string(query.text),
                ]
            })
        switch output.output {
        case .json: Terminal.write(json.prettyPrinted() + "\n")
        case .yaml: Terminal.write(YAML.emit(json))
        case .name: Terminal.write("rollout.argoproj.io/\(rollout.key.name)\n")
        default:
            // Without a step there is only the header.
            if plan.rows.count > 1 {
                var table = TextTable()
                for row in plan.rows { table.add(row) }
                Terminal.write(table.lines().map { $0 + "\n" }.joined() + "\n")
            }
            for (path, query) in queries {
                Terminal.write("\(path): \(query.template)/\(query.metric) asks \(query.provider): \(query.text)\n\n")
            }
            Terminal.write("\(rollout.key.name) \(plan.summary)\n")
        }
        if let chart { try draw(plan, rollout, to: chart) }
    }

    private func draw(_ plan: RolloutPlan, _ rollout: Rollout, to path: String) throws {
        let svg = plan.svg(title: "Plan of Rollout \(rollout.key.name)")
        if path.hasSuffix(".svg") { return try OutputFile.write(Array(svg.utf8), to: path) }
        // Drawing is a library's business; Debian has it as a program.
        let source = path + ".svg"
        try OutputFile.write(Array(svg.utf8), to: source)
        defer { unlink(source) }
        guard try ExternalProgram.run("rsvg-convert", ["-o", path, source]) else {
            throw CommandError(
                "cannot write \(path): rsvg-convert is missing or failed; apt-get install librsvg2-bin, or write an .svg"
            )
        }
    }
}
