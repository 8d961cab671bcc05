package import Kubernetes
package import Logging
package import Manifest
import TrafficEngine

/// Versions of the routers' APIs that are spoken.
package struct RouterVersions: Hashable, Sendable {
    /// Of Istio.
    package var istio = "v1alpha3"
    /// Of SMI's TrafficSplit.
    package var trafficSplit = "v1alpha1"
    /// Of Traefik, with its group.
    package var traefik = "traefik.io/v1alpha1"
    /// Of Ambassador, with its group.
    package var ambassador = "getambassador.io/v2"
    /// Of App Mesh.
    package var appMesh = "v1beta2"

    package init() {}

    /// Both parts of `group/version`; the group is the default where none is given.
    static func parts(_ apiVersion: String, group: String) -> (group: String, version: String) {
        let parts = apiVersion.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return (group, apiVersion) }
        return (parts[0], parts[1])
    }
}

/// The objects that routers read and write; each kind is watched from the first Rollout on that uses it.
package final class RouteCaches: Sendable {
    /// What is known of a kind.
    package enum State: Sendable {
        case known
        /// The first list is still under way.
        case notYetKnown
        /// The cluster does not serve it.
        case notServed
        /// We may not read it, and why.
        case forbidden(String)
        /// It could not be listed for long, and why.
        case unreadable(String)
    }

    /// How long a kind may stay without its first list, from when it is wanted, before its Rollouts are told.
    package static let patience: Duration = .seconds(30)
    /// The same where nothing has failed: a long list takes its time, and its Rollouts are well meanwhile.
    package static let listPatience: Duration = .seconds(120)

    private let kinds: [GroupKind: Kind]
    private let isFilledByHand: Bool
    private let clock: any WallClock
    /// The resourceVersion in which each object was deleted that its cache may show still.
    private let deleted = Lock<[ObjectReference: String]>([:])

    private struct Kind: Sendable {
        var informer: Informer<UntypedObject>
        var isWanted = Latch()
        /// When it was first asked for.
        var wantedSince = Lock<Timestamp?>(nil)
    }

    /// - Parameter isFilledByHand: Nobody runs the caches, and what is in them is all there is; for tests.
    package init(
        _ api: any KubernetesAPI, namespace: String?, versions: RouterVersions = RouterVersions(),
        isFilledByHand: Bool = false, clock: any WallClock = SystemClock(), logger: Logger
    ) {
        self.isFilledByHand = isFilledByHand
        self.clock = clock
        var kinds: [GroupKind: Kind] = [:]
        for (kind, resource) in Self.resources(versions) {
            kinds[kind] = Kind(
                informer: Informer(
                    api, resource, ListOptions(namespace: namespace),
                    indexes: kind == Self.ingress ? [Self.managers: Self.managers(of:)] : [:], logger: logger,
                    clock: clock))
        }
        self.kinds = kinds
        for (kind, found) in kinds {
            found.informer.onChange { [deleted] key, _, _ in
                let reference = ObjectReference(
                    group: kind.group, kind: kind.kind, namespace: key.namespace, name: key.name)
                deleted.withLock { _ = $0.removeValue(forKey: reference) }
            }
        }
    }

    /// The kinds as routers name them, with what the cluster serves for them.
    private static func resources(_ versions: RouterVersions) -> [GroupKind: Resource] {
        func resource(_ group: String, _ version: String, _ kind: String, _ plural: String) -> Resource {
            Resource(group: group, version: version, plural: plural, kind: kind)
        }
        let istio = "networking.istio.io"
        let mesh = "appmesh.k8s.aws"
        let traefik = RouterVersions.parts(versions.traefik, group: "traefik.io")
        let ambassador = RouterVersions.parts(versions.ambassador, group: "getambassador.io")
        // Emissary serves the same objects by another name in its own group.
        let mappings = ambassador.group == "x.getambassador.io" ? "ambassadormappings" : "mappings"
        return [
            GroupKind(group: "split.smi-spec.io", kind: "TrafficSplit"):
                resource("split.smi-spec.io", versions.trafficSplit, "TrafficSplit", "trafficsplits"),
            GroupKind(group: "traefik.io", kind: "TraefikService"):
                resource(traefik.group, traefik.version, "TraefikService", "traefikservices"),
            GroupKind(group: "apisix.apache.org", kind: "ApisixRoute"):
                resource("apisix.apache.org", "v2", "ApisixRoute", "apisixroutes"),
            GroupKind(group: "getambassador.io", kind: "Mapping"):
                resource(
                    ambassador.group, ambassador.version,
                    mappings == "mappings" ? "Mapping" : "AmbassadorMapping", mappings),
            GroupKind(group: mesh, kind: "VirtualService"):
                resource(mesh, versions.appMesh, "VirtualService", "virtualservices"),
            GroupKind(group: mesh, kind: "VirtualRouter"):
                resource(mesh, versions.appMesh, "VirtualRouter", "virtualrouters"),
            GroupKind(group: mesh, kind: "VirtualNode"):
                resource(mesh, versions.appMesh, "VirtualNode", "virtualnodes"),
            ingress: resource(ingress.group, "v1", "Ingress", "ingresses"),
            GroupKind(group: istio, kind: "VirtualService"):
                resource(istio, versions.istio, "VirtualService", "virtualservices"),
            GroupKind(group: istio, kind: "DestinationRule"):
                resource(istio, versions.istio, "DestinationRule", "destinationrules"),
        ]
    }

    private static let ingress = GroupKind(group: "networking.k8s.io", kind: "Ingress")

    /// For tests that fill them.
    package var informers: [Informer<UntypedObject>] { kinds.values.map(\.informer) }

    // MARK: Reading

    package func get(_ reference: ObjectReference) -> JSON? {
        kinds[reference.groupKind]?.informer.store.get(reference.key)?.json
    }

    package func resource(_ kind: GroupKind) -> Resource? { kinds[kind]?.informer.resource }

    /// What is known of a kind, which is watched from now on.
    package func state(_ kind: GroupKind) -> State {
        guard let found = kinds[kind] else { return .notServed }
        if isFilledByHand { return .known }
        let now = clock.now()
        let since = found.wantedSince.withLock { since in
            let first = since ?? now
            since = first
            return first
        }
        found.isWanted.open()
        let health = found.informer.health
        if found.informer.hasSynced { return health.isMissing ? .notServed : .known }
        let error = health.lastError
        if let error, error.isForbidden { return .forbidden("\(error)") }
        // A request that hangs has not failed yet, so it is not failures alone that are timed.
        guard now - since >= (error == nil ? Self.listPatience : Self.patience) else { return .notYetKnown }
        return .unreadable(error.map { "\($0)" } ?? "it has not been listed yet")
    }

    // MARK: Own writes

    package func noteWrite(_ reference: ObjectReference, _ resourceVersion: String) {
        kinds[reference.groupKind]?.informer.store.noteWrite(reference.key, resourceVersion)
    }

    package func noteDeletion(_ reference: ObjectReference, of resourceVersion: String) {
        guard get(reference)?.resourceVersion == resourceVersion else { return }
        deleted.withLock { $0[reference] = resourceVersion }
    }

    /// Whether the cache lacks an own write of an object, or shows one that we deleted.
    package func isBehind(_ reference: ObjectReference) -> Bool {
        if kinds[reference.groupKind]?.informer.store.isBehind(reference.key) ?? false { return true }
        guard let version = deleted.withLock({ $0[reference] }) else { return false }
        if get(reference)?.resourceVersion == version { return true }
        deleted.withLock { if $0[reference] == version { $0[reference] = nil } }
        return false
    }

    /// Whether the cache has yet to show a write that was done.
    func lacks(_ write: TrafficWrite) -> Bool {
        isBehind(write.reference)
    }

    // MARK: Watching

    /// Calls `changed` with the kind and key of every object that changes; register before they run.
    package func onChange(_ changed: @escaping @Sendable (GroupKind, ObjectKey) -> Void) {
        for (kind, found) in kinds { found.informer.onChange { key, _, _ in changed(kind, key) } }
    }

    /// Calls `named` with the Rollouts that an Ingress says it was written by; register before they run.
    package func onRecord(_ named: @escaping @Sendable ([ObjectKey]) -> Void) {
        kinds[Self.ingress]?.informer.onChange { key, _, new in
            guard let new else { return }
            let rollouts = ALBOrphans.rollouts(recordedIn: new.json)
            if !rollouts.isEmpty { named(rollouts.map { ObjectKey(namespace: key.namespace, name: $0) }) }
        }
    }

    /// The Ingresses that name a Rollout as the writer of some of their annotations.
    package func ingresses(recording rollout: ObjectKey) -> [JSON] {
        kinds[Self.ingress]?.informer.store.indexed(Self.managers, rollout.description).map(\.json) ?? []
    }

    private static let managers = "managers"

    private static func managers(of ingress: UntypedObject) -> [String] {
        ALBOrphans.rollouts(recordedIn: ingress.json).map {
            ObjectKey(namespace: ingress.key.namespace, name: $0).description
        }
    }

    /// For the manager; a kind that no Rollout uses costs nothing.
    package var managed: [ManagedCache] {
        kinds.values.map { kind in
            ManagedCache(run: {
                guard await kind.isWanted.wait() else { return }
                await kind.informer.run()
            })
        }
    }
}
