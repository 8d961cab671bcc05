package import Logging
package import Manifest

/// Holds a Lease while work is done, so that one of several processes does it.
///
/// Leases do not fence: a write that must not be repeated carries its own precondition.
package final class LeaderElector: Sendable {
    package enum End: Sendable {
        /// The work returned, or the calling task was cancelled; the Lease is released.
        case finished
        /// The Lease could not be renewed in time: the work was cancelled, and the process should start afresh.
        case lost
    }

    /// Times of the election; each must be longer than the next.
    package struct Timing: Sendable {
        package var leaseDuration: Duration = .seconds(15)
        package var renewDeadline: Duration = .seconds(10)
        package var retryPeriod: Duration = .seconds(2)

        package init() {}
    }

    private struct State {
        var rules: LeaseRules
        /// The Lease as last read or written, for updates without a read.
        var lease: JSON?
        var isLeading = false
    }

    private let api: any KubernetesAPI
    private let key: ObjectKey
    private let timing: Timing
    private let clock: any WallClock
    private let logger: Logger
    private let identity: String
    private let recorder: EventRecorder?
    private let state: Lock<State>

    /// - Parameters:
    ///   - identity: `<hostname>_<uuid>`; another for each process.
    ///   - recorder: Writes an Event of the Lease where the leader comes and goes.
    package init(
        _ api: any KubernetesAPI, lease key: ObjectKey, identity: String, timing: Timing = Timing(),
        recorder: EventRecorder? = nil, clock: any WallClock = SystemClock(), logger: Logger = .silent
    ) {
        self.api = api
        self.key = key
        self.identity = identity
        self.recorder = recorder
        self.timing = timing
        self.clock = clock
        self.logger = logger
        state = Lock(State(rules: LeaseRules(key: key, identity: identity, duration: timing.leaseDuration)))
    }

    package var isLeading: Bool { state.withLock { $0.isLeading } }
    /// Who holds the Lease as far as is known; empty when nobody does.
    package var holder: String { state.withLock { $0.rules.observed?.holder ?? "" } }

    /// Reads the Lease now and then without taking it, until cancelled.
    ///
    /// Of several Leases that are taken in turn the later ones are watched meanwhile: the time of a holder that is gone runs
    /// from when its record was last seen to change, and would begin with each Lease anew.
    package func observe() async {
        while !Task.isCancelled {
            // Whatever goes wrong here goes wrong again, and is told, once the Lease is to be taken.
            if let lease = try? await withDeadline(
                timing.renewDeadline,
                { [api, key] in
                    try await api.get(.leases, key, subresource: nil)
                })
            {
                state.withLock { $0.rules.observe(lease, now: ContinuousClock.now) }
            }
            try? await Task.sleep(for: retryDelay())
        }
    }

    /// Waits for the Lease, runs `work` while it is held, and releases it when the work has ended.
    package func run(_ work: @escaping @Sendable () async -> Void) async -> End {
        while !(await attempt(within: timing.renewDeadline)) {
            if Task.isCancelled { return .finished }
            try? await Task.sleep(for: retryDelay())
        }
        state.withLock { $0.isLeading = true }
        logger.info("leading", metadata: ["lease": "\(key)"])
        // An attempt that fails forgets the Lease, and the Event of the end names the same object.
        let target = state.withLock { $0.lease.map { ObjectEvent.Target($0) } }
        record("became leader", target)
        let end = await withTaskGroup(of: End.self) { group in
            group.addTask {
                await work()
                return .finished
            }
            group.addTask { await self.renew() }
            let first = await group.next() ?? .finished
            group.cancelAll()
            await group.waitForAll()
            return first
        }
        state.withLock { $0.isLeading = false }
        record("stopped leading", target)
        if case .finished = end {
            // Not a child: the calling task may be cancelled, and the Lease is given back all the same.
            await Task { await self.release() }.value
        }
        return end
    }

    /// Renews until that fails for longer than the deadline, or until cancelled.
    private func renew() async -> End {
        var renewed = ContinuousClock.now
        var isRenewed = true
        while true {
            // A Lease that was renewed a moment ago is good for a while; one that was not is tried again soon.
            try? await Task.sleep(for: isRenewed ? max(retryDelay(), timing.renewDeadline / 3) : retryDelay())
            if Task.isCancelled { return .finished }
            let left = timing.renewDeadline - (ContinuousClock.now - renewed)
            if left > .zero, await attempt(within: left) {
                renewed = ContinuousClock.now
                isRenewed = true
                continue
            }
            isRenewed = false
            if Task.isCancelled { return .finished }
            if ContinuousClock.now - renewed >= timing.renewDeadline {
                logger.error("lease not renewed in time, giving up", metadata: ["lease": "\(key)"])
                return .lost
            }
        }
    }

    private func record(_ what: String, _ lease: ObjectEvent.Target?) {
        guard let lease else { return }
        recorder?.record(.normal, "LeaderElection", "\(identity) \(what)", regarding: lease)
    }

    private func retryDelay() -> Duration { timing.retryPeriod * (1 + Double.random(in: 0...1.2)) }

    /// Tries once to take or renew the Lease.
    private func attempt(within limit: Duration) async -> Bool {
        do {
            return try await withDeadline(limit) { try await self.tryOnce() }
        } catch {
            state.withLock { $0.lease = nil }
            if !Task.isCancelled {
                logger.warning("lease not reached", metadata: ["lease": "\(key)", "error": "\(error)"])
            }
            return false
        }
    }

    private func tryOnce() async throws(KubernetesError) -> Bool {
        // While leading, the Lease is written with the version last seen; only a conflict makes it read again.
        if let known = state.withLock({ $0.isLeading ? $0.lease : nil }) {
            if let isOurs = try await write(known) { return isOurs }
        }
        return try await write(try await api.get(.leases, key, subresource: nil)) ?? false
    }

    /// Takes or renews the Lease if it may be; `nil` when another write came first.
    private func write(_ lease: JSON?) async throws(KubernetesError) -> Bool? {
        let now = ContinuousClock.now
        let wall = clock.now()
        let written: JSON
        do {
            switch state.withLock({ $0.rules.decide(lease, now: now, wall: wall) }) {
            case .wait: return false
            case .create(let lease):
                written = try await create(lease)
            case .update(let lease):
                written = try await api.update(.leases, key, lease, subresource: nil, WriteOptions())
            }
        } catch {
            let isLate = error.code == 409 || (error.isNotFound && lease != nil)
            if isLate { return nil }
            throw error
        }
        state.withLock { state in
            state.lease = written
            _ = state.rules.decide(written, now: now, wall: wall)
        }
        return true
    }

    /// Creates the Lease, and its namespace too where there is none: outside a cluster nobody has prepared one, and
    /// a process that never leads would do nothing at all.
    private func create(_ lease: JSON) async throws(KubernetesError) -> JSON {
        let missing: KubernetesError
        do {
            return try await api.create(.leases, namespace: key.namespace, lease, subresource: nil, WriteOptions())
        } catch {
            guard error.isNotFound else { throw error }
            missing = error
        }
        let namespace: JSON = [
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(key.namespace)],
        ]
        do {
            _ = try await api.create(.namespaces, namespace: "", namespace, subresource: nil, WriteOptions())
            logger.notice("namespace created for the Lease", metadata: ["namespace": "\(key.namespace)"])
        } catch {
            guard error.code == 409 else {
                var told = missing
                told.message += "; create it (kubectl create namespace \(key.namespace)), for we may not: \(error)"
                throw told
            }
        }
        return try await api.create(.leases, namespace: key.namespace, lease, subresource: nil, WriteOptions())
    }

    private func release() async {
        do {
            try await withDeadline(.seconds(5)) {
                guard let lease = try await self.api.get(.leases, self.key, subresource: nil),
                    let released = self.state.withLock({ $0.rules.released(lease, self.clock.now()) })
                else { return }
                _ = try await self.api.update(.leases, self.key, released, subresource: nil, WriteOptions())
            }
        } catch {
            logger.info("lease not released, it will run out", metadata: ["lease": "\(key)", "error": "\(error)"])
        }
    }
}

/// The time for something has run out.
package struct DeadlineExceeded: Error {}

/// Runs `body`, and cancels it when it takes longer than `limit`.
package func withDeadline<Result: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw DeadlineExceeded() }
        return first
    }
}
