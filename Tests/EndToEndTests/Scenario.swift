import EmbeddedCluster
import Kubernetes
import Manifest
import Testing

/// One scenario: a namespace of its own on the stand that all scenarios share.
struct Scenario: Sendable {
    /// How long what has to come may take; no more than a bound, for the machine may be busy with much else.
    static let patience = Duration.seconds(240)

    let stand: Stand
    let namespace: String

    /// Makes the namespace; scenarios run beside each other in theirs.
    init(_ name: String) async throws {
        stand = try await Stand.shared.value
        namespace = "\(name)-\(stand.suffix)"
        try await stand.createNamespace(namespace)
    }

    // MARK: Objects

    /// Applies manifests into the namespace, as `kubectl apply --server-side` does.
    func apply(_ yaml: String, manager: String = "e2e") async throws {
        for var object in try YAML.parse(Array(yaml.utf8)) {
            let kind = try #require(object.groupVersionKind?.kind)
            let resource = try #require(Kinds.all.first { $0.kind == kind }, "unknown kind \(kind)")
            if resource.isNamespaced, object.objectKey.namespace.isEmpty {
                object.set(.string(namespace), at: "metadata", "namespace")
            }
            _ = try await stand.api.patch(
                resource, object.objectKey, .apply, object, subresource: nil,
                WriteOptions(fieldManager: manager, force: true))
        }
    }

    func get(_ resource: Resource, _ name: String) async throws -> JSON? {
        try await stand.api.get(resource, ObjectKey(namespace: namespace, name: name), subresource: nil)
    }

    func list(_ resource: Resource) async throws -> [JSON] {
        try await stand.list(resource, namespace)
    }

    @discardableResult
    func patch(_ resource: Resource, _ name: String, _ body: JSON, subresource: String? = nil) async throws -> JSON {
        try await stand.api.patch(
            resource, ObjectKey(namespace: namespace, name: name), .merge, body, subresource: subresource,
            WriteOptions(fieldManager: "e2e"))
    }

    /// Runs kubectl in the scenario's namespace.
    func kubectl(_ arguments: String...) async throws {
        let process = ChildProcess(
            "kubectl", ["--kubeconfig", stand.kubeconfig, "--namespace", namespace] + arguments)
        let end = try await process.run()
        guard end == "exited with 0" else {
            throw ScenarioError(description: "\(namespace): kubectl \(arguments) \(end): \(process.output)")
        }
    }

    // MARK: Rollouts

    /// Changes the image, which makes a new revision.
    func setImage(_ rollout: String, _ image: String) async throws {
        _ = try await stand.api.patch(
            Kinds.rollout, ObjectKey(namespace: namespace, name: rollout), .json,
            [["op": "replace", "path": "/spec/template/spec/containers/0/image", "value": .string(image)]],
            subresource: nil, WriteOptions(fieldManager: "e2e"))
    }

    func promote(_ rollout: String) async throws {
        try await patch(Kinds.rollout, rollout, ["status": ["pauseConditions": .null]], subresource: "status")
    }

    func promoteFull(_ rollout: String) async throws {
        try await patch(Kinds.rollout, rollout, ["status": ["promoteFull": true]], subresource: "status")
    }

    func abort(_ rollout: String) async throws {
        try await patch(Kinds.rollout, rollout, ["status": ["abort": true]], subresource: "status")
    }

    func retry(_ rollout: String) async throws {
        try await patch(Kinds.rollout, rollout, ["status": ["abort": false]], subresource: "status")
    }

    /// Waits until the Rollout has this phase for its present generation.
    @discardableResult
    func untilPhase(_ rollout: String, _ phase: String) async throws -> JSON {
        try await until("Rollout \(rollout) is \(phase)") {
            guard let object = try await self.get(Kinds.rollout, rollout) else { return nil }
            let observed = object.at("status", "observedGeneration")?.stringValue
            let generation = object.at("metadata", "generation")?.intValue.map(String.init)
            guard observed == generation, object.at("status", "phase")?.stringValue == phase else { return nil }
            return object
        }
    }

    /// Waits until the Rollout is paused at a step, with its pods there.
    @discardableResult
    func untilPaused(_ rollout: String, at step: Int64) async throws -> JSON {
        try await until("Rollout \(rollout) pauses at step \(step)") {
            guard let object = try await self.get(Kinds.rollout, rollout) else { return nil }
            guard object.at("status", "phase")?.stringValue == "Paused",
                object.at("status", "currentStepIndex")?.intValue == step,
                object.at("status", "observedGeneration")?.stringValue
                    == object.at("metadata", "generation")?.intValue.map(String.init)
            else { return nil }
            return object
        }
    }

    /// Looks until `body` gives a value.
    @discardableResult
    func until<Value: Sendable>(
        _ what: String, _ body: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            if let value = try await body() { return value }
            guard ContinuousClock.now < deadline else {
                throw ScenarioError(
                    description: "\(namespace): \(what): not within \(Self.patience.go)\n\(try await situation())")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    /// Looks until `body` is true.
    func until(_ what: String, holds body: () async throws -> Bool) async throws {
        _ = try await until(what) { try await body() ? true : nil }
    }

    /// Sizes of the Rollout's ReplicaSets by the image's tag.
    func sizes() async throws -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        for set in try await list(Kinds.replicaSet) {
            let image = set.at("spec", "template", "spec", "containers")?[0]?["image"]?.stringValue ?? ""
            sizes[String(image.split(separator: ":").last ?? ""), default: 0] +=
                set.at("spec", "replicas")?.intValue ?? 0
        }
        return sizes
    }

    /// Weights of the first HTTP route of a VirtualService, by destination host or subset.
    func weights(_ virtualService: String) async throws -> [String: Int64] {
        Self.weights(try await http(virtualService).first)
    }

    /// Weights of one route, by destination host or subset.
    static func weights(_ http: JSON?) -> [String: Int64] {
        var weights: [String: Int64] = [:]
        for route in http?["route"]?.arrayValue ?? [] {
            let name = route.at("destination", "subset")?.stringValue ?? route.at("destination", "host")?.stringValue
            weights[name ?? ""] = route["weight"]?.intValue ?? 0
        }
        return weights
    }

    /// The HTTP routes of a VirtualService, in order.
    func http(_ virtualService: String) async throws -> [JSON] {
        try await get(Kinds.virtualService, virtualService)?.at("spec", "http")?.arrayValue ?? []
    }

    /// Their names.
    func routes(_ virtualService: String) async throws -> [String] {
        try await http(virtualService).map { $0["name"]?.stringValue ?? "" }
    }

    /// What a person would look at first when a scenario hangs.
    private func situation() async throws -> String {
        var text = ""
        for rollout in try await list(Kinds.rollout) {
            text += "Rollout \(rollout.objectKey): \(rollout["status"]?.prettyPrinted() ?? "no status")\n"
        }
        let applications = try await stand.list(Kinds.application, "argocd")
        for application in applications where application.objectKey.name == namespace {
            text += "Application \(application.objectKey): \(application["status"]?.description.prefix(3_000) ?? "")\n"
        }
        for run in try await list(Kinds.analysisRun) {
            text += "AnalysisRun \(run.objectKey): \(run["status"]?.description ?? "no status")\n"
        }
        for event in try await list(Kinds.event).suffix(25) {
            text += "Event \(event["reason"]?.stringValue ?? ""): \(event["message"]?.stringValue ?? "")\n"
        }
        return text + "controller: \(stand.controllerOutput.suffix(2_000))"
    }
}

/// A scenario that did not end as told.
struct ScenarioError: Error, CustomStringConvertible {
    var description: String
}
