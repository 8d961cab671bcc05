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
            start, analyses succeed, people promote at once. Without --from another revision is taken to be running, and
            what the file does not have is taken to be in the cluster; with it all that the Rollout refers to must be in
            the one or the other.
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
            let session = try from.map { _ in try connection.connect("plan") }
            let own = rolloutObject.objectKey.namespace
            let place = session?.namespace ?? (own.isEmpty ? connection.namespace ?? "" : own)
            if !place.isEmpty { rolloutObject.set(.string(place), at: "metadata", "namespace") }
            var inputs = PlanInputs(namespace: place)
            var sets: [ReplicaSet] = []
            if let from, let session {
                sets = try await start(from: from, session, &rolloutObject)
                try await addLive(session, to: &inputs)
            }
            // The file says what will be there, too.
            for object in objects { inputs.add(object) }
            let written = try Rollout(rolloutObject)
            if let session { try await addReferences(of: written, session, to: &inputs) }
            let workload = inputs.workload(of: written)
            if session == nil, workload == nil, let reference = written.spec.workloadRef, reference.isSupported {
                throw CommandError(
                    "\(file): Rollout \(written.key.name) runs the template of \(reference.kind) \(reference.name), "
                        + "which is not in it; add it, or name the Rollout of the cluster with --from")
            }
            let rollout = written.resolved(with: workload)
            let (known, owner) = (inputs, rolloutObject)
            var assumptions = RolloutPlan.Assumptions()
            assumptions.podStart = Duration(go: podStart) ?? .seconds(10)
            assumptions.analysisLength = { known.length(of: $0, for: rollout, owner: owner) }
            var plan = RolloutPlan(
                of: written, replicaSets: sets, services: session == nil ? nil : inputs.services(of: rollout),
                workload: workload, referenceProblems: inputs.problems(of: rollout, isComplete: session != nil),
                now: SystemClock().now(), assumptions)
            for index in plan.moments.indices {
                plan.moments[index].waitsFor = plan.moments[index].waitsFor.map {
                    Invocation.current.runnable($0, in: rollout.key.namespace)
                }
            }
            let queries = rollout.spec.analyses.flatMap { analysis in
                inputs.queries(of: analysis.reference, for: rollout, owner: rolloutObject)
                    .map { (path: analysis.path, query: $0) }
            }
            try show(plan, rollout, queries)
            if case .blocked = plan.outcome { throw ExitCode(1) }
        }
    }

    /// Gives the Rollout of the file what the live one has beside its spec.
    /// - Returns: The ReplicaSets that are there.
    private func start(
        from name: String, _ session: ClusterSession, _ object: inout JSON
    ) async throws -> [ReplicaSet] {
        let live = try await session.get(.rollouts, name)
        object["status"] = live["status"]
        object.set(.string(live.uid), at: "metadata", "uid")
        object.set(live.at("metadata", "generation"), at: "metadata", "generation")
        object.set(.string(name), at: "metadata", "name")
        for (key, value) in live.annotations where object.annotations[key] == nil {
            object.set(.string(value), at: "metadata", "annotations", key)
        }
        return try await session.list(.replicaSets, namespace: session.namespace)
            .compactMap { try? ReplicaSet($0) }.filter { $0.ownerUID == live.uid }
    }

    private func addLive(_ session: ClusterSession, to inputs: inout PlanInputs) async throws {
        for kind in ["analysistemplates", "clusteranalysistemplates"] {
            guard let resource = try await session.discovery.resource(named: kind) else { continue }
            let namespace = resource.isNamespaced ? session.namespace : nil
            for template in try await session.list(resource, namespace: namespace) { inputs.add(template) }
        }
        for service in try await session.list(.services, namespace: session.namespace) { inputs.add(service) }
    }

    /// Reads the workload and the objects of routers that the Rollout names and the file does not have.
    private func addReferences(
        of rollout: Rollout, _ session: ClusterSession, to inputs: inout PlanInputs
    ) async throws {
        if inputs.workload(of: rollout) == nil, let workload = try await session.workload(of: rollout) {
            inputs.add(workload)
        }
        var asked: Set<ObjectReference> = []
        // What is read may name more.
        while case let open = inputs.missingRoutes(of: rollout).filter({ !asked.contains($0) }), !open.isEmpty {
            for reference in open {
                asked.insert(reference)
                guard let resource = try await session.discovery.resource(for: reference.groupKind),
                    var object = try await session.client.get(resource, reference.key, subresource: nil)
                else { continue }
                object.adopt(resource)
                inputs.add(object)
            }
        }
    }

    private func show(
        _ plan: RolloutPlan, _ rollout: Rollout, _ queries: [(path: String, query: PlanInputs.Query)]
    ) throws {
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
