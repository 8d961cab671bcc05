package import Kubernetes
package import Logging
package import Manifest
import SyncEngine

/// Wires the caches of Applications to their queue: which change looks at which Application again.
package struct ApplicationController: Sendable {
    package let queue: Workqueue<ObjectKey>
    package let reconciler: ApplicationReconciler
    private let options: ControllerOptions
    private let metrics: MetricsRegistry
    private let logger: Logger

    package init(
        reconciler: ApplicationReconciler, options: ControllerOptions, metrics: MetricsRegistry, logger: Logger
    ) {
        queue = Workqueue("Applications")
        self.reconciler = reconciler
        self.options = options
        self.metrics = metrics
        self.logger = logger
        watch()
    }

    private func watch() {
        let (queue, reconciler) = (queue, reconciler)
        let caches = reconciler.caches
        caches.applications.onChange { key, old, new in
            queue.add(key, isPatient: old == nil && new != nil && !caches.applications.hasSynced)
        }
        caches.applications.onQuarantine { key, _ in queue.add(key) }
        caches.releases.onChange { key, old, new in
            guard let name = (new ?? old)?.spec.application else { return }
            queue.add(ObjectKey(namespace: key.namespace, name: name))
        }
        caches.projects.onChange { _, _, _ in
            for application in caches.applications.store.all { queue.add(application.key, isPatient: true) }
        }
        reconciler.live.onChange { reference, instances in
            for key in reconciler.applications(touching: reference, instances) { queue.add(key) }
        }
    }

    /// Looks at a source now: for `refresh` in the API, and for webhooks.
    package func refresh(_ key: ObjectKey) {
        reconciler.requestRefresh(key)
        queue.add(key)
    }

    /// A push to a repository: refreshes every Application that follows it.
    /// - Parameters:
    ///   - urls: The repository's addresses as the webhook names them.
    ///   - branch: The pushed branch or tag; `nil` where unknown.
    /// - Returns: The Applications that are looked at.
    @discardableResult
    package func refresh(pushedTo urls: [String], branch: String?) -> [ObjectKey] {
        let pushed = Set(urls.map(RepositoryAddress.normalized))
        let keys = reconciler.caches.applications.store.all.filter { application in
            guard let source = application.spec.source,
                pushed.contains(RepositoryAddress.normalized(source.repoURL))
            else { return false }
            guard let branch else { return true }
            // Ranges and HEAD may mean any of them.
            return source.targetRevision.isEmpty || source.targetRevision == "HEAD" || source.targetRevision == branch
                || source.targetRevision == "refs/heads/\(branch)"
                || source.targetRevision.contains { "*<>=~^ ".contains($0) }
        }.map(\.key)
        for key in keys { refresh(key) }
        return keys
    }

    /// For the manager.
    package func managed() -> ManagedController {
        let reconciler = reconciler
        let caches = reconciler.caches
        return .over(
            queue, workers: options.applicationWorkers,
            caches: [
                ManagedCache(caches.applications), ManagedCache(caches.releases), ManagedCache(caches.projects),
                ManagedCache(run: { await reconciler.live.run() }),
            ], resync: options.applicationResync, isKnown: { caches.applications.store.get($0) != nil },
            everything: { caches.applications.store.all.map(\.key) },
            metrics: metrics, logger: logger, reconcile: { try await reconciler.reconcile($0) })
    }
}

extension ApplicationReconciler {
    /// The Applications that a live object matters to.
    func applications(touching reference: ObjectReference, _ instances: Set<String>) -> [ObjectKey] {
        var keys = Set(
            instances.map { instance in
                // `<namespace>_<name>` outside the control namespace; neither part can hold an underscore.
                let parts = instance.split(separator: "_", maxSplits: 1).map(String.init)
                return parts.count == 2
                    ? ObjectKey(namespace: parts[0], name: parts[1])
                    : ObjectKey(namespace: options.argocdNamespace, name: instance)
            })
        if instances.isEmpty {
            keys.formUnion(memory.withLock { memory in memory.filter { $0.value.targets.contains(reference) }.keys })
        }
        return keys.sorted()
    }
}

/// Repository addresses, as they are compared.
package enum RepositoryAddress {
    /// Host and path in lower case, without scheme, user, port and `.git`: what all addresses of a repository share.
    package static func normalized(_ url: String) -> String {
        var rest = Substring(url.lowercased())
        var hasScheme = false
        if let scheme = rest.range(of: "://") {
            rest = rest[scheme.upperBound...]
            hasScheme = true
        }
        var host = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(host.count)
        if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
        if let colon = host.firstIndex(of: ":") {
            // `git@host:path` as in scp, or a port.
            if !hasScheme { path = Substring("/" + host[host.index(after: colon)...] + path) }
            host = host[..<colon]
        }
        while path.hasSuffix("/") { path = path.dropLast() }
        if path.hasSuffix(".git") { path = path.dropLast(4) }
        return "\(host)\(path)"
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
