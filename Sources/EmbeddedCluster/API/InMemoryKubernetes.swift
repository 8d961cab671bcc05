package import Kubernetes
package import Manifest

/// The cluster's API in process: what controllers and their tests talk to.
///
/// Faults come from `cluster.faults`. Calls answer at once, on the caller's executor; watches end only by cancellation,
/// by 410 or by a fault.
package struct InMemoryKubernetes: KubernetesAPI {
    package let cluster: ClusterAPI
    private let userAgent: String

    /// - Parameter userAgent: Names the field manager of writes that bring none.
    package init(_ cluster: ClusterAPI = ClusterAPI(), userAgent: String = "sluice") {
        self.cluster = cluster
        self.userAgent = userAgent
    }

    package func get(
        _ resource: Resource, _ key: ObjectKey, subresource: String?
    ) async throws(KubernetesError) -> JSON? {
        let kind = try cluster.served(resource)
        let effect = try await meet(.get, kind, name: key.name, subresource: subresource)
        if case .stale(let changes)? = effect {
            return try cluster.staleObjects(kind, changes: changes).first { $0.key == key }.map {
                cluster.shown($0, as: kind)
            }
        }
        do {
            return try cluster.get(kind, key, subresource: subresource)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    package func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String {
        let kind = try cluster.served(resource)
        let effect = try await meet(.list, kind)
        var page = try cluster.list(kind, options, PageOptions(resourceVersion: options.resourceVersion))
        if case .stale(let changes)? = effect {
            let filter = try ObjectFilter(options, of: kind.definition)
            page.objects = try cluster.staleObjects(kind, changes: changes).filter(filter.matches).sorted {
                $0.key < $1.key
            }
            page.revision = try cluster.staleRevision(kind, changes: changes)
        }
        for object in page.objects {
            do {
                try item(cluster.shownBytes(object, as: kind))
            } catch {
                throw (error as? KubernetesError)
                    ?? KubernetesError(code: 0, reason: "Undecodable", message: "\(error)")
            }
        }
        return String(page.revision)
    }

    package func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        let kind = try cluster.served(resource)
        _ = try await meet(.watch, kind)
        do {
            let watching = WatchOptions(
                resourceVersion: resourceVersion, sendsInitialEvents: options.sendsInitialEvents,
                announcesStart: !options.sendsInitialEvents)
            try await cluster.watch(kind, options, watching) { output in
                switch output {
                case .change(let delivery):
                    try event(WatchEvent(kind: delivery.kind, object: cluster.shownBytes(delivery.object, as: kind)))
                case .bookmark(let revision, let isEnd):
                    let object = kind.bookmark(revision, endsInitialEvents: isEnd).serialized()
                    try event(WatchEvent(kind: .bookmark, object: object, endsInitialEvents: isEnd))
                }
            }
        } catch let error as KubernetesError {
            throw error
        } catch is CancellationError {
            return
        } catch {
            throw KubernetesError(code: 0, reason: "Undecodable", message: "\(error)")
        }
    }

    package func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        let kind = try cluster.served(resource)
        let effect = try await meet(.create, kind, name: object.objectKey.name, subresource: subresource?.name)
        let options = named(options)
        let answer: JSON
        if let subresource {
            answer = try cluster.createSubresource(
                kind, ObjectKey(namespace: namespace, name: subresource.of), subresource.name, object, options)
        } else {
            answer = try cluster.create(kind, namespace: namespace, object, options).object
        }
        return try finished(answer, effect)
    }

    package func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        let kind = try cluster.served(resource)
        let effect = try await meet(.update, kind, name: key.name, subresource: subresource)
        return try finished(
            cluster.update(kind, key, object, subresource: subresource, named(options)).object, effect)
    }

    package func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        let kind = try cluster.served(resource)
        let effect = try await meet(.patch, kind, name: key.name, subresource: subresource)
        return try finished(
            cluster.patch(kind, key, type, body, subresource: subresource, named(options)).object, effect)
    }

    @discardableResult
    package func delete(
        _ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions
    ) async throws(KubernetesError) -> Bool {
        let kind = try cluster.served(resource)
        let effect = try await meet(.delete, kind, name: key.name)
        do {
            _ = try cluster.delete(kind, key, options)
        } catch {
            if error.isNotFound { return false }
            throw error
        }
        return try finished(true, effect)
    }

    private func named(_ options: WriteOptions) -> WriteOptions {
        var options = options
        if options.fieldManager == nil { options.fieldManager = userAgent }
        return options
    }

    /// Lets a fault act before the call.
    private func meet(
        _ verb: FaultPlan.Verb, _ kind: ServedKind, name: String = "", subresource: String? = nil
    ) async throws(KubernetesError) -> FaultPlan.Effect? {
        let effect = cluster.faults.next(verb, kind.definition, name: name, subresource: subresource)
        switch effect {
        case .fail(let error): throw error
        case .delay(let length): try? await Task.sleep(for: length)
        default: break
        }
        return effect
    }

    /// Lets a fault act after the call.
    private func finished<Answer>(_ answer: Answer, _ effect: FaultPlan.Effect?) throws(KubernetesError) -> Answer {
        if case .loseAnswer? = effect { throw .lostAnswer }
        return answer
    }
}

extension ServedKind {
    func bookmark(_ revision: UInt64, endsInitialEvents: Bool) -> JSON {
        var metadata: JSON = ["resourceVersion": .string(String(revision))]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        return ["apiVersion": .string(apiVersion), "kind": .string(definition.kind), "metadata": metadata]
    }
}

extension ClusterAPI {
    /// The collection as it was some of its changes ago.
    func staleObjects(_ kind: ServedKind, changes: Int) throws(KubernetesError) -> [StoredObject] {
        let revision = try staleRevision(kind, changes: changes)
        return (try? store.list(kind.definition.collection, namespace: nil, at: revision)) ?? []
    }

    func staleRevision(_ kind: ServedKind, changes: Int) throws(KubernetesError) -> UInt64 {
        let known = store.recentRevisions(kind.definition.collection)
        guard changes > 0, !known.isEmpty else { return store.revision }
        return known[max(known.count - changes, 0)] &- 1
    }
}
