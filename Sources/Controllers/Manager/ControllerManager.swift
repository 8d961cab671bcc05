package import Kubernetes
package import Logging
import Manifest

/// A cache that a controller reads.
package struct ManagedCache: Sendable {
    /// Fills the cache and keeps it, until cancelled.
    package var run: @Sendable () async -> Void
    /// Waits until it is filled; `false` when cancelled first.
    package var synced: @Sendable () async -> Bool

    package init(run: @escaping @Sendable () async -> Void, synced: @escaping @Sendable () async -> Bool = { true }) {
        self.run = run
        self.synced = synced
    }

    package init<Object: CachedObject>(_ informer: Informer<Object>) {
        self.init(run: { await informer.run() }, synced: { await informer.waitUntilSynced() })
    }
}

/// One controller that the manager runs: its caches are filled before its workers start.
package struct ManagedController: Sendable {
    package var name: String
    package var caches: [ManagedCache]
    /// Runs the workers until the queue is shut down or the task is cancelled.
    package var work: @Sendable () async -> Void
    /// Stops taking keys; those in hand are finished.
    package var shutDown: @Sendable () -> Void

    package init(
        name: String, caches: [ManagedCache] = [], work: @escaping @Sendable () async -> Void,
        shutDown: @escaping @Sendable () -> Void = {}
    ) {
        self.name = name
        self.caches = caches
        self.work = work
        self.shutDown = shutDown
    }
}

/// Runs controllers: caches at once, workers only while this process leads.
///
/// Standing by with full caches makes a take-over as quick as the Lease allows.
package final class ControllerManager: Sendable {
    private let api: any KubernetesAPI
    private let options: ControllerOptions
    private let controllers: [ManagedController]
    private let recorder: EventRecorder
    private let logger: Logger
    private let electors: [LeaderElector]
    private let ready = Lock<Set<String>>([])
    private let stopping: AsyncStream<Void>
    private let stop: AsyncStream<Void>.Continuation

    package init(
        _ api: any KubernetesAPI, options: ControllerOptions, controllers: [ManagedController],
        recorder: EventRecorder, identity: String, logger: Logger
    ) {
        self.api = api
        self.options = options
        self.controllers = controllers
        self.recorder = recorder
        self.logger = logger
        (stopping, stop) = AsyncStream.makeStream()
        var timing = LeaderElector.Timing()
        timing.leaseDuration = options.leaseDuration
        timing.renewDeadline = options.renewDeadline
        timing.retryPeriod = options.retryPeriod
        let own = options.instanceID.isEmpty ? "sluice" : "sluice-\(options.instanceID)"
        // Ours first, then the one that keeps an Argo Rollouts controller from leading beside us.
        electors = [
            ObjectKey(namespace: options.controllerNamespace, name: own),
            ObjectKey(namespace: options.argoRolloutsNamespace, name: options.leaseName),
        ].map { LeaderElector(api, lease: $0, identity: identity, timing: timing, recorder: recorder, logger: logger) }
    }

    /// Whether this process acts.
    package var isLeading: Bool { !options.leaderElect || electors.allSatisfy(\.isLeading) }

    /// Who holds our own Lease, as far as is known; empty when nobody does.
    package var leader: String { electors.first?.holder ?? "" }

    /// Controllers whose caches are not filled yet; empty means ready.
    package var notReady: [String] {
        let ready = ready.withLock { $0 }
        return controllers.map(\.name).filter { !ready.contains($0) }
    }

    /// Stops taking new work; `run()` ends when what is in hand is done.
    package func shutDown() {
        for controller in controllers { controller.shutDown() }
        stop.finish()
    }

    /// Runs until cancelled, shut down, or no longer leading.
    /// - Returns: `false` when the Lease was lost: the process should start afresh.
    package func run() async -> Bool {
        await withTaskGroup(of: Bool?.self) { group in
            for controller in controllers {
                for cache in controller.caches {
                    group.addTask {
                        await cache.run()
                        return nil
                    }
                }
                group.addTask {
                    for cache in controller.caches where await cache.synced() == false { return nil }
                    self.ready.withLock { _ = $0.insert(controller.name) }
                    return nil
                }
            }
            group.addTask { [recorder] in
                await recorder.run()
                return nil
            }
            group.addTask { await self.lead() }
            group.addTask { [stopping] in
                for await _ in stopping {}
                // Who leads ends with its work, which the queues end; who stands by would wait for the Lease for ever.
                return Task.isCancelled || self.isLeading ? nil : true
            }
            for await end in group {
                guard let end else { continue }
                await recorder.drain(for: .seconds(3))
                group.cancelAll()
                await group.waitForAll()
                return end
            }
            return true
        }
    }

    private func lead() async -> Bool {
        guard options.leaderElect else {
            await work()
            return true
        }
        let lost = Lock(false)
        let observation = Task { [electors] in await electors[1].observe() }
        defer { observation.cancel() }
        let end = await electors[0].run { [electors] in
            observation.cancel()
            // An answer that is on its way would put an old record back.
            await observation.value
            if case .lost = await electors[1].run({ await self.work() }) { lost.withLock { $0 = true } }
        }
        if case .lost = end { return false }
        return !lost.withLock { $0 }
    }

    private func work() async {
        await withTaskGroup { group in
            for controller in controllers {
                group.addTask {
                    for cache in controller.caches where await cache.synced() == false { return }
                    await controller.work()
                }
            }
        }
    }
}
