package import Kubernetes
package import Logging
package import Manifest
package import RolloutEngine

/// Wires a Rollout's caches to its queue: which change looks at which Rollout again.
package struct RolloutController: Sendable {
    package let queue: Workqueue<ObjectKey>
    package let caches: RolloutCaches
    package let reconciler: RolloutReconciler
    private let options: ControllerOptions
    private let metrics: MetricsRegistry
    private let logger: Logger

    /// Makes the caches that Rollouts are observed from.
    package static func caches(
        _ api: any KubernetesAPI, options: ControllerOptions, logger: Logger
    ) -> RolloutCaches {
        RolloutCaches(
            rollouts: Informer(
                api, .rollouts, ListOptions(namespace: options.namespace, labelSelector: options.instanceSelector),
                indexes: RolloutCaches.rolloutIndexes, logger: logger),
            replicaSets: Informer(
                api, .replicaSets, ListOptions(namespace: options.namespace, labelSelector: Keys.podTemplateHash),
                indexes: RolloutCaches.replicaSetIndexes, logger: logger),
            services: Informer(
                api, .services, ListOptions(namespace: options.namespace), indexes: RolloutCaches.serviceIndexes,
                logger: logger))
    }

    package init(
        caches: RolloutCaches, reconciler: RolloutReconciler, options: ControllerOptions, metrics: MetricsRegistry,
        logger: Logger
    ) {
        queue = Workqueue("Rollouts", backoff: .rollout)
        self.caches = caches
        self.reconciler = reconciler
        self.options = options
        self.metrics = metrics
        self.logger = logger
        watch()
    }

    /// Looks again at every Rollout that refers to an object: a Service, template or route.
    package func enqueue(referringTo reference: String, isPatient: Bool = false) {
        for rollout in caches.rollouts.store.indexed(RolloutCaches.references, reference) {
            queue.add(rollout.key, isPatient: isPatient)
        }
    }

    /// Looks again at the Rollout with this uid.
    package func enqueue(owner uid: String?, isPatient: Bool = false) {
        guard let uid else { return }
        for rollout in caches.rollouts.store.indexed(RolloutCaches.uids, uid) {
            queue.add(rollout.key, isPatient: isPatient)
        }
    }

    private func watch() {
        let (queue, caches, reconciler) = (queue, caches, reconciler)
        caches.rollouts.onChange { key, old, new in
            if new == nil, let old { reconciler.noteGone(old) }
            // The first list is many; a live change goes ahead of it.
            queue.add(key, isPatient: old == nil && new != nil && !caches.rollouts.hasSynced)
        }
        caches.rollouts.onQuarantine { key, _ in queue.add(key) }
        let controller = self
        caches.replicaSets.onChange { key, old, new in
            let isFirst = old == nil && !caches.replicaSets.hasSynced
            for uid in Set([old?.ownerUID, new?.ownerUID]) { controller.enqueue(owner: uid, isPatient: isFirst) }
            // One that nobody owns may be adopted.
            if let new, new.owner == nil {
                for rollout in caches.rollouts.store.inNamespace(key.namespace) where rollout.adopts(new) {
                    queue.add(rollout.key)
                }
            }
        }
        caches.services.onChange { key, old, new in
            let isFirst = old == nil && !caches.services.hasSynced
            controller.enqueue(referringTo: RolloutReference.service(key), isPatient: isFirst)
            for manager in Set([old?.fact.managedBy, new?.fact.managedBy].compactMap(\.self)) {
                queue.add(ObjectKey(namespace: key.namespace, name: manager), isPatient: isFirst)
            }
        }
    }

    /// For the manager.
    /// - Parameter more: Other caches that the reconciler reads.
    package func managed(more: [ManagedCache]) -> ManagedController {
        let (caches, reconciler) = (caches, reconciler)
        return .over(
            queue, workers: options.rolloutWorkers,
            caches: [
                ManagedCache(caches.rollouts), ManagedCache(caches.replicaSets), ManagedCache(caches.services),
            ] + more,
            resync: options.rolloutResync, isKnown: { caches.rollouts.store.get($0) != nil },
            everything: { caches.rollouts.store.all.map(\.key) }, metrics: metrics,
            logger: logger, reconcile: { try await reconciler.reconcile($0) })
    }
}

extension Rollout {
    fileprivate func adopts(_ set: ReplicaSet) -> Bool {
        guard let selector = spec.selector, !selector.isEmpty else { return false }
        return set.isSelected(by: selector)
    }
}

/// How objects that a Rollout refers to are named in its index.
package enum RolloutReference {
    package static func service(_ key: ObjectKey) -> String { "Service/\(key)" }
    package static func template(_ key: ObjectKey) -> String { "AnalysisTemplate/\(key)" }
    package static func clusterTemplate(_ name: String) -> String { "ClusterAnalysisTemplate/\(name)" }
    package static func route(_ kind: String, _ key: ObjectKey) -> String { "\(kind)/\(key)" }
}

extension RolloutCaches {
    /// Index of Rollouts by what they refer to.
    package static let references = "references"
    /// Index of Rollouts by uid.
    package static let uids = "uids"

    /// How the Rollout informer must be indexed.
    package static let rolloutIndexes: [String: @Sendable (Rollout) -> [String]] = [
        uids: { [$0.uid] },
        references: { rollout in
            let namespace = rollout.key.namespace
            var references = rollout.serviceNames.map {
                RolloutReference.service(ObjectKey(namespace: namespace, name: $0))
            }
            if let workload = rollout.spec.workloadRef {
                references.append(
                    RolloutReference.route(workload.kind, ObjectKey(namespace: namespace, name: workload.name)))
            }
            let analyses = rollout.spec.analyses.map(\.reference)
            for template in analyses.flatMap(\.templates) {
                references.append(
                    template.isClusterScoped
                        ? RolloutReference.clusterTemplate(template.name)
                        : RolloutReference.template(ObjectKey(namespace: namespace, name: template.name)))
            }
            return references + RolloutRoutes.references(of: rollout)
        },
    ]
}
