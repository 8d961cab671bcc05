import Kubernetes
import Manifest

/// The controllers and the node of the cluster: Deployments, ReplicaSets, Jobs and endpoints are reconciled, and pods live.
///
/// One worker takes keys from one queue, so no two reconciles overlap. Each step reads the store and writes through the
/// API as a controller of a real cluster would.
package final class WorkloadRuntime: Sendable {
    package struct Options: Sendable {
        /// From creation to Ready, where a pod does not say otherwise.
        package var readyAfter: Duration = .milliseconds(200)

        package init(readyAfter: Duration = .milliseconds(200)) { self.readyAfter = readyAfter }
    }

    enum Work: Hashable, Sendable {
        case deployment(ObjectKey)
        case replicaSet(ObjectKey)
        case job(ObjectKey)
        case service(ObjectKey)
        case pod(ObjectKey)
    }

    let cluster: ClusterAPI
    let options: Options
    let pods: PodRuntime
    private let queue = Lock<Set<Work>>([])
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    package init(_ cluster: ClusterAPI, _ options: Options = Options()) {
        self.cluster = cluster
        self.options = options
        pods = PodRuntime(cluster, options)
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Reconciles until cancelled.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for name in ["pods", "replicasets.apps", "deployments.apps", "jobs.batch", "services"] {
                group.addTask { [self] in try await follow(name) }
            }
            for await _ in wakes {
                while let work = takeAll() {
                    for item in work {
                        guard let delay = reconcile(item) else { continue }
                        group.addTask { [self] in
                            try await Task.sleep(for: delay)
                            add(item)
                        }
                    }
                }
            }
        }
    }

    /// Reconciles until nothing changes, without waiting for delays; for tests without tasks.
    package func settle(rounds: Int = 100) {
        for _ in 0..<rounds {
            let before = cluster.store.revision
            for (name, make) in Self.everything {
                for object in cluster.store.list(name, namespace: nil).objects.sorted(by: { $0.key < $1.key }) {
                    _ = reconcile(make(object.key))
                }
            }
            if cluster.store.revision == before { return }
        }
    }

    private static let everything: [(String, @Sendable (ObjectKey) -> Work)] = [
        ("deployments.apps", { .deployment($0) }), ("replicasets.apps", { .replicaSet($0) }),
        ("jobs.batch", { .job($0) }), ("pods", { .pod($0) }), ("services", { .service($0) }),
    ]

    private func follow(_ name: String) async throws {
        let kind = try cluster.kind(name)
        while !Task.isCancelled {
            do {
                // From the beginning each time: everything is enqueued again after an expired watch.
                try await cluster.watch(kind, ListOptions(), WatchOptions(sendsBookmarks: false)) { output in
                    if case .change(let delivery) = output { enqueue(name, delivery.object) }
                }
            } catch let error as KubernetesError where error.isExpired {
                continue
            }
        }
    }

    private func enqueue(_ name: String, _ object: StoredObject) {
        let key = object.key
        switch name {
        case "deployments.apps": add(.deployment(key))
        case "services": add(.service(key))
        case "jobs.batch": add(.job(key))
        case "replicasets.apps":
            add(.replicaSet(key))
            addOwner(of: object)
        default:
            add(.pod(key))
            addOwner(of: object)
            for service in cluster.store.list("services", namespace: key.namespace).objects {
                add(.service(service.key))
            }
        }
    }

    private func addOwner(of object: StoredObject) {
        guard let owner = object.json.controllerReference else { return }
        let key = ObjectKey(namespace: object.key.namespace, name: owner["name"]?.stringValue ?? "")
        switch owner["kind"]?.stringValue {
        case "Deployment": add(.deployment(key))
        case "ReplicaSet": add(.replicaSet(key))
        case "Job": add(.job(key))
        default: break
        }
    }

    private func add(_ work: Work) {
        queue.withLock { _ = $0.insert(work) }
        wake.yield()
    }

    private func takeAll() -> [Work]? {
        queue.withLock { queue in
            defer { queue = [] }
            return queue.isEmpty ? nil : Array(queue)
        }
    }

    /// One step; gives the time after which to look again.
    func reconcile(_ work: Work) -> Duration? {
        do {
            switch work {
            case .deployment(let key): return try DeploymentController(cluster: cluster).reconcile(key)
            case .replicaSet(let key): return try ReplicaSetController(cluster: cluster).reconcile(key)
            case .job(let key): return try JobController(cluster: cluster).reconcile(key)
            case .service(let key): try EndpointsController(cluster: cluster).reconcile(key)
            case .pod(let key): return try pods.reconcile(key)
            }
            return nil
        } catch {
            // Conflicts and vanished objects: look again soon.
            return .milliseconds(50)
        }
    }
}

extension JSON {
    /// The owner reference with `controller: true`.
    var controllerReference: JSON? {
        at("metadata", "ownerReferences")?.arrayValue?.first { $0["controller"] == true }
    }

    var isBeingDeleted: Bool { at("metadata", "deletionTimestamp") != nil }

    /// The status of a condition: `True`, `False`, `Unknown` or none.
    func condition(_ type: String) -> JSON? {
        at("status", "conditions")?.arrayValue?.first { $0["type"]?.stringValue == type }
    }

    var isReadyPod: Bool { condition("Ready")?["status"] == "True" }

    /// Neither ended nor ending.
    var isActivePod: Bool {
        let phase = at("status", "phase")?.stringValue
        return !isBeingDeleted && phase != "Succeeded" && phase != "Failed"
    }

    /// The conditions with one set; its transition time moves only with its status.
    mutating func setCondition(_ type: String, _ status: String, _ reason: String, _ message: String, _ now: Timestamp)
    {
        var list = at("status", "conditions")?.arrayValue ?? []
        let old = list.first { $0["type"]?.stringValue == type }
        let since = old?["status"]?.stringValue == status ? old?["lastTransitionTime"] : nil
        var new: JSON = [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastTransitionTime": since ?? .string(now.rfc3339),
        ]
        if old?["lastUpdateTime"] != nil || type == "Progressing" {
            new["lastUpdateTime"] =
                old?["reason"]?.stringValue == reason && since != nil ? old?["lastUpdateTime"] : .string(now.rfc3339)
        }
        list.removeAll { $0["type"]?.stringValue == type }
        list.append(new)
        set(
            .array(list.sorted { ($0["type"]?.stringValue ?? "") < ($1["type"]?.stringValue ?? "") }), at: "status",
            "conditions")
    }
}
