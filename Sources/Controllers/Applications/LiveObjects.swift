package import Kubernetes
package import Logging
package import Manifest
package import SyncEngine

/// Caches of the kinds that applications manage, started when the first application needs one.
package final class LiveObjects: Sendable {
    /// Told of each change that can matter: the object, and the applications that it says or said it belongs to.
    package typealias Handler = @Sendable (ObjectReference, Set<String>) -> Void

    private static let byInstance = "instance"
    private let api: any KubernetesAPI
    private let namespace: String?
    private let logger: Logger
    private let clock: any WallClock
    private let handler = Lock<Handler>({ _, _ in })
    private let informers = Lock<[GroupKind: Informer<ManagedObject>]>([:])
    private let started: AsyncStream<Informer<ManagedObject>>
    private let start: AsyncStream<Informer<ManagedObject>>.Continuation
    /// Untracked objects that were read for a comparison, by the version that the watch showed.
    private let read = Lock<[ObjectReference: (version: String, live: LiveObject)]>([:])

    /// - Parameter namespace: The only namespace to watch; `nil` watches all.
    package init(_ api: any KubernetesAPI, namespace: String?, clock: any WallClock, logger: Logger) {
        self.api = api
        self.namespace = namespace
        self.clock = clock
        self.logger = logger
        (started, start) = AsyncStream.makeStream()
    }

    package func onChange(_ handler: @escaping Handler) { self.handler.withLock { $0 = handler } }

    /// Runs the caches until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await informer in started { group.addTask { await informer.run() } }
            group.cancelAll()
        }
    }

    /// Starts what is not running yet and waits until all of it is filled.
    /// - Returns: The kinds that did not get there in time.
    package func watch(_ resources: Set<Resource>, waiting limit: Duration) async -> [Resource] {
        var wanted: [Informer<ManagedObject>] = []
        for resource in resources.sorted(by: { $0.description < $1.description }) {
            wanted.append(informer(for: resource))
        }
        let missing = wanted.filter { !$0.hasSynced }
        if missing.isEmpty { return [] }
        _ = try? await withDeadline(limit) {
            for informer in missing { await informer.waitUntilSynced() }
        }
        return missing.filter { !$0.hasSynced }.map(\.resource)
    }

    private func informer(for resource: Resource) -> Informer<ManagedObject> {
        let (informer, isNew) = informers.withLock { informers in
            if let informer = informers[resource.groupKind] { return (informer, false) }
            let options = ListOptions(namespace: resource.isNamespaced ? namespace : nil)
            let informer = Informer<ManagedObject>(
                api, resource, options, indexes: [Self.byInstance: { $0.instance.map { [$0] } ?? [] }],
                logger: logger, clock: clock)
            informers[resource.groupKind] = informer
            return (informer, true)
        }
        if isNew {
            informer.onChange { [weak self] key, old, new in self?.changed(resource, key, old, new) }
            start.yield(informer)
        }
        return informer
    }

    private func changed(_ resource: Resource, _ key: ObjectKey, _ old: ManagedObject?, _ new: ManagedObject?) {
        if let old = old?.live, let new = new?.live, !resource.isRollout, old.looksLike(new) { return }
        let reference = ObjectReference(
            group: resource.group, kind: resource.kind, namespace: key.namespace, name: key.name)
        let handler = handler.withLock { $0 }
        handler(reference, Set([old?.instance, new?.instance].compactMap { $0 }))
    }

    private func find(_ kind: GroupKind) -> Informer<ManagedObject>? { informers.withLock { $0[kind] } }

    /// All objects that say they belong to an application.
    package func objects(of instance: String) -> [ObjectReference: LiveObject] {
        var result: [ObjectReference: LiveObject] = [:]
        for informer in informers.withLock({ Array($0.values) }) {
            for object in informer.store.indexed(Self.byInstance, instance) {
                if let live = object.live { result[live.json.objectReference] = live }
            }
        }
        return result
    }

    /// Every object of a kind that is known, tracked or not, as far as it is kept.
    package func all(_ kind: GroupKind) -> [JSON] { find(kind)?.store.all.compactMap { $0.live?.json } ?? [] }

    /// One object; read from the server where the cache only knows that it exists.
    package func object(_ reference: ObjectReference, _ resource: Resource) async throws(KubernetesError) -> LiveObject?
    {
        guard let cached = find(reference.groupKind)?.store.get(reference.key) else { return nil }
        if cached.instance != nil { return cached.live }
        if let known = read.withLock({ $0[reference] }), known.version == cached.resourceVersion { return known.live }
        guard let json = try await api.get(resource, reference.key, subresource: nil) else { return nil }
        var object = ManagedObject(json)
        let live = object.live
        object.adopt(resource)
        guard let live else { return nil }
        read.withLock { read in
            if read.count > 1_000 { read.removeAll() }
            read[reference] = (cached.resourceVersion, live)
        }
        return live
    }

    /// Whether the cache lacks an own write of an object.
    package func isBehind(_ reference: ObjectReference) -> Bool {
        find(reference.groupKind)?.store.isBehind(reference.key) ?? false
    }

    package func noteWrite(_ reference: ObjectReference, _ resourceVersion: String) {
        find(reference.groupKind)?.store.noteWrite(reference.key, resourceVersion)
    }
}

extension LiveObject {
    /// Whether two states differ in nothing that an application shows: the same but for status, of the same health.
    fileprivate func looksLike(_ other: LiveObject) -> Bool {
        func essence(_ object: JSON) -> JSON {
            var object = object
            object["status"] = nil
            object.set(nil, at: "metadata", "resourceVersion")
            return object
        }
        return owned == other.owned && essence(json) == essence(other.json) && Health.of(json) == Health.of(other.json)
    }
}

extension Resource {
    var isRollout: Bool { group == "argoproj.io" && kind == "Rollout" }
}
