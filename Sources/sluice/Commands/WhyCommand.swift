import ArgumentParser
import Controllers
import Kubernetes
import Manifest
import RolloutEngine

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say what an object waits for, since when, and who can move it.")

    @Argument(help: "A Rollout by its name, or another object as KIND/NAME: app/shop, deployment/db.")
    var object: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    /// Kind and name; a name alone is that of a Rollout.
    private var parts: (kind: String, name: String)? {
        let parts = object.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty }), let last = parts.last else { return nil }
        return (parts.count == 1 ? "rollout" : parts[0].lowercased(), last)
    }

    func validate() throws {
        guard parts != nil else {
            throw ValidationError("name a Rollout, or another object as KIND/NAME, such as app/shop")
        }
    }

    func run() async throws {
        try await reporting {
            guard let (kind, name) = parts else { return }
            let now = Terminal.now()
            let view = try await view(kind: kind, name: name, now: now)
            switch output.output {
            case .json: Terminal.write(view.json.prettyPrinted() + "\n")
            case .yaml: Terminal.write(YAML.emit(view.json))
            default: Terminal.write(view.text(now: now))
            }
        }
    }

    private func view(kind: String, name: String, now: Timestamp) async throws -> WhyView {
        switch kind {
        case "rollout", "rollouts", "ro": return try await rollout(name, now: now)
        case "app", "application", "applications":
            var options = ApplicationOptions()
            options.connection = connection
            let (session, name) = try options.connect("why", name)
            let application = try await session.get(.applications, name)
            var view = WhyView(application: application, releases: try await session.releases(of: name))
            view.movedBy = Invocation.current.runnable(view.movedBy, in: session.namespace)
            return view
        default:
            let session = try connection.connect("why")
            guard let resource = try await session.discovery.resource(named: kind) else {
                throw CommandError("the cluster has no kind \"\(kind)\"; see `kubectl api-resources`")
            }
            let key = resource.isNamespaced ? session.key(name) : ObjectKey(name: name)
            guard var object = try await session.client.get(resource, key, subresource: nil) else {
                throw CommandError("there is no \(resource.kind) \(key)")
            }
            object.adopt(resource)
            return WhyView(object: object)
        }
    }

    /// Asks the engine itself: what it would wait for, seen from here.
    private func rollout(_ name: String, now: Timestamp) async throws -> WhyView {
        let session = try connection.connect("why")
        let object = try await session.get(.rollouts, name)
        let shown = "Rollout \(object.objectKey)"
        // The controller has looked at more than can be seen from here, such as routers.
        if let condition = Self.invalidSpec(object) {
            return WhyView(
                object: shown, reason: Waiting.Reason.invalidSpec.rawValue,
                message: condition["message"]?.stringValue ?? "", since: Self.time(condition["lastTransitionTime"]),
                movedBy: "whoever edits the Rollout, or what it refers to")
        }
        let written = try Rollout(object)
        var workload: WorkloadFact?
        if let object = try await session.workload(of: written) {
            var inputs = PlanInputs(namespace: session.namespace)
            inputs.add(object)
            workload = inputs.workload(of: written)
        }
        let rollout = written.resolved(with: workload)
        let namespace = session.namespace
        let sets = try await session.list(.replicaSets, namespace: namespace).compactMap { try? ReplicaSet($0) }
            .filter { !$0.hash.isEmpty && ($0.ownerUID == nil || $0.ownerUID == rollout.uid) }
        let runs = try await session.list(.analysisRuns, namespace: namespace)
            .filter { Self.controller(of: $0) == rollout.uid }.map(Self.fact)
        var services: [String: ServiceFact] = [:]
        for service in try await session.list(.services, namespace: namespace) {
            services[service.objectKey.name] = ServiceFact(
                selector: service.at("spec", "selector")?.stringMap ?? [:],
                managedBy: service.annotations[Keys.managedBy])
        }
        let isRouted = rollout.spec.canary?.trafficRouting != nil
        let traffic = isRouted ? TrafficFact(isInSync: true, verified: rollout.status.weights?.verified) : nil
        let decision = decide(
            RolloutSnapshot(
                rollout: rollout, replicaSets: sets, analysisRuns: runs, services: services, traffic: traffic,
                workload: workload), now: now)
        guard let waiting = decision.waiting else {
            let phase = PhaseRule.shown(rollout)
            if phase.phase == "Healthy" { return WhyView(object: shown, reason: nil, message: phase.phase) }
            return WhyView(
                object: shown, reason: phase.phase, message: phase.message,
                movedBy: "the controller; if it stays so, see whether it runs")
        }
        return WhyView(
            object: shown, reason: waiting.reason.rawValue, message: waiting.message,
            since: rollout.status.since(waiting, now: now),
            movedBy: Invocation.current.runnable(waiting.movedBy, in: namespace))
    }

    /// The condition InvalidSpec, where the controller has seen the Rollout as it is.
    private static func invalidSpec(_ rollout: JSON) -> JSON? {
        let generation = rollout.at("metadata", "generation")?.intValue ?? 0
        let observed = Int64(rollout.at("status", "observedGeneration")?.stringValue ?? "") ?? generation
        guard observed >= generation else { return nil }
        return (rollout.at("status", "conditions")?.arrayValue ?? []).first {
            $0["type"] == "InvalidSpec" && $0["status"] != "False"
        }
    }

    private static func time(_ json: JSON?) -> Timestamp? { json?.stringValue.flatMap(Timestamp.init(rfc3339:)) }

    private static func controller(of object: JSON) -> String? {
        (object.at("metadata", "ownerReferences")?.arrayValue ?? []).first { $0["controller"] == true }?["uid"]?
            .stringValue
    }

    private static func fact(_ run: JSON) -> AnalysisRunFact {
        let created = run.at("metadata", "creationTimestamp")?.stringValue.flatMap(Timestamp.init(rfc3339:))
        return AnalysisRunFact(
            name: run.objectKey.name, uid: run.uid, phase: run.at("status", "phase")?.stringValue ?? "",
            message: run.at("status", "message")?.stringValue ?? "", labels: run.labels,
            creationTimestamp: created ?? Timestamp(seconds: 0), isTerminating: run.at("spec", "terminate") == true)
    }
}

extension RolloutStatus {
    /// Since when it waits for this: by what is written, for asking anew gives all that would change the time of asking.
    fileprivate func since(_ waiting: Waiting, now: Timestamp) -> Timestamp? {
        guard let since = waiting.since, since >= now else { return waiting.since }
        let written: Timestamp? =
            switch waiting.reason {
            case .aborted: abortedAt
            case .pausedByUser: condition(.paused)?.lastTransitionTime
            case .pauseStep, .promotion, .inconclusiveAnalysis: pauseConditions.first?.startTime
            default: condition(.progressing)?.lastUpdateTime
            }
        return written ?? condition(.progressing)?.lastUpdateTime ?? since
    }
}
