package import Logging
package import Manifest

/// Keeps a ``Store`` equal to the cluster: lists once, then watches, for ever, whatever fails.
///
/// Where the server offers it, one watch brings what exists and then what changes; else the collection is listed first.
///
/// Objects are decoded straight from the bytes as they arrive. One that cannot be decoded is quarantined alone: its last
/// good state stays in the store, its problem is in ``quarantined``, and everything else goes on.
/// Handlers run on the thread that reads the network: they only put keys into queues.
package final class Informer<Object: CachedObject>: Sendable {
    /// Told of each change: `old` is nil for a new object, `new` for a deleted one.
    package typealias Handler = @Sendable (ObjectKey, _ old: Object?, _ new: Object?) -> Void

    package let resource: Resource
    package let options: ListOptions
    package let store: Store<Object>
    private let api: any KubernetesAPI
    private let clock: any WallClock
    private let logger: Logger
    private let backoff: Backoff
    private let state = Lock(InformerState())
    private let latch = Latch()

    package init(
        _ api: any KubernetesAPI, _ resource: Resource, _ options: ListOptions = ListOptions(),
        indexes: [String: Store<Object>.Index] = [:], logger: Logger = .silent, clock: any WallClock = SystemClock(),
        backoff: Backoff = .watch
    ) {
        self.api = api
        self.resource = resource
        self.options = options
        store = Store(indexes: indexes)
        self.clock = clock
        self.backoff = backoff
        var logger = logger
        logger[metadataKey: "resource"] = "\(resource)"
        self.logger = logger
    }

    /// Adds a handler; register before `run()`.
    ///
    /// It must not block.
    package func onChange(_ handler: @escaping Handler) {
        state.withLock { state in
            state.handlers.append { change in
                let change = Store<Object>.Change(change)
                handler(change.key, change.old, change.new)
            }
        }
    }

    /// Adds a handler for objects that cannot be decoded; register before `run()`.
    package func onQuarantine(_ handler: @escaping @Sendable (ObjectKey, JSONError) -> Void) {
        state.withLock { $0.quarantineHandlers.append(handler) }
    }

    /// Whether the first list is complete; also where the kind does not exist on the server.
    package var hasSynced: Bool { latch.isOpen }
    /// Waits until the first list is complete; `false` when the calling task is cancelled first.
    @discardableResult
    package func waitUntilSynced() async -> Bool { await latch.wait() }

    /// Objects whose latest state cannot be decoded, and why.
    package var quarantined: [ObjectKey: JSONError] { state.withLock { $0.quarantined } }
    package func problem(_ key: ObjectKey) -> JSONError? { state.withLock { $0.quarantined[key] } }
    package var health: InformerHealth { state.withLock { $0.health } }
    /// Since when no list or watch has worked.
    package var failingSince: Timestamp? { health.failingSince }

    /// Lists and watches until the calling task is cancelled.
    package func run() async {
        var rules = ReflectorRules()
        while !Task.isCancelled {
            var mayPause = true
            switch rules.phase {
            case .stream(let version): mayPause = await watch(from: version ?? "", sendsInitialEvents: true, &rules)
            case .list(let version): await list(from: version, &rules)
            case .watch(let version): await watch(from: version, &rules)
            }
            if mayPause, rules.failures > 0 {
                var random = SystemRandomNumberGenerator()
                try? await Task.sleep(for: backoff.delay(after: rules.failures, using: &random))
            }
        }
    }

    // MARK: List

    private func list(from version: String?, _ rules: inout ReflectorRules) async {
        var options = options
        options.resourceVersion = version
        let listed = keysToCompare.map { Lock($0) }
        do {
            let version = try await api.readList(
                resource, options,
                item: { reader in
                    guard let key = try self.take(&reader)?.key else { return }
                    listed?.withLock { _ = $0.insert(key) }
                })
            if let listed { sweep(keeping: listed.withLock { $0 }) }
            store.advance(to: version)
            rules.listed(version)
            works { $0.lists += 1 }
            latch.open()
        } catch {
            failed(error, &rules)
        }
    }

    /// Objects go into the store one by one as they come; only keys are held to find what vanished meanwhile.
    private var keysToCompare: Set<ObjectKey>? { store.count + quarantined.count > 0 ? [] : nil }

    private func sweep(keeping keys: Set<ObjectKey>) {
        state.withLock { state in state.quarantined = state.quarantined.filter { keys.contains($0.key) } }
        publish(store.takeOut(butFor: keys))
    }

    // MARK: Watch

    private struct Progress {
        var version = ""
        var events = 0
        var isLost = false
        /// What exists has not all come yet.
        var isInitial = false
        var listed: Set<ObjectKey>?

        mutating func note(_ event: WatchEvent, _ key: ObjectKey) {
            events += 1
            guard isInitial else { return }
            if case .deleted = event.kind { listed?.remove(key) } else { listed?.insert(key) }
        }
    }

    /// - Returns: `false` where the server has only refused to stream its list.
    @discardableResult
    private func watch(
        from version: String, sendsInitialEvents: Bool = false, _ rules: inout ReflectorRules
    ) async -> Bool {
        let start = ContinuousClock.now
        var options = options
        options.sendsInitialEvents = sendsInitialEvents
        let progress = Lock(
            Progress(isInitial: sendsInitialEvents, listed: sendsInitialEvents ? keysToCompare : nil))
        let outcome: KubernetesError?
        do {
            try await api.watch(resource, options, from: version) { event in
                guard let (key, version) = self.take(event) else {
                    progress.withLock { $0.isLost = true }
                    throw KubernetesError(
                        code: 0, reason: "Malformed", message: "the watch of \(self.resource) sent an unreadable object"
                    )
                }
                if event.endsInitialEvents { self.haveAll(progress.withLock { $0.listed.take() }, version) }
                let isFirst = progress.withLock { progress in
                    progress.note(event, key)
                    if event.endsInitialEvents { progress.isInitial = false }
                    // What exists comes in no order of versions: none of them is one to go on from.
                    if !progress.isInitial { progress.version = version }
                    return progress.events == 1
                }
                if isFirst { self.works { $0.watches += 1 } }
            }
            outcome = nil
        } catch {
            outcome = error
        }
        if Task.isCancelled { return true }
        let seen = progress.withLock { $0 }
        if sendsInitialEvents, !seen.isInitial { rules.listed(seen.version) }
        rules.seen(seen.version)
        if seen.isLost { rules.lostTrack() }
        if let outcome {
            if !seen.isLost { return failed(outcome, &rules) }
            note(outcome)
        } else {
            rules.closed(after: ContinuousClock.now - start, events: seen.events)
            works { _ in }
        }
        return true
    }

    /// A streaming list is complete.
    private func haveAll(_ listed: Set<ObjectKey>?, _ version: String) {
        if let listed { sweep(keeping: listed) }
        store.advance(to: version)
        works { $0.lists += 1 }
        latch.open()
    }

    /// Takes in an event and gives its object's key and resourceVersion; `nil` where not even that can be read.
    private func take(_ event: WatchEvent) -> (key: ObjectKey, version: String)? {
        switch event.kind {
        case .added, .modified:
            var reader = JSONReader(event.object)
            // What exists may come this way, so an object that can be read is read once.
            return (try? take(&reader)) ?? nil
        case .bookmark, .deleted:
            guard let header = try? ObjectHeader(event.object) else { return nil }
            if case .bookmark = event.kind {
                store.advance(to: header.resourceVersion)
            } else {
                _ = state.withLock { $0.quarantined.removeValue(forKey: header.key) }
                publish(store.takeOut(header.key, resourceVersion: header.resourceVersion))
            }
            return (header.key, header.resourceVersion)
        }
    }

    // MARK: Objects

    /// Takes in an object and gives its key and resourceVersion; `nil` where it has none.
    ///
    /// Throws only where the reader is partial: the rest of the object may make it readable.
    private func take(_ reader: inout JSONReader) throws(JSONError) -> (key: ObjectKey, version: String)? {
        let start = reader.mark
        do {
            var object = try Object.decode(&reader)
            object.adopt(resource)
            let (key, version) = (object.key, object.resourceVersion)
            let handlers = state.withLock { state in
                if !state.quarantined.isEmpty { state.quarantined[key] = nil }
                return state.handlers
            }
            let outcome = store.take(consume object)
            if !handlers.isEmpty { publish(outcome.changes, to: handlers) }
            return (key, version)
        } catch {
            if reader.isPartial { throw error }
            var again = reader
            again.rewind(to: start)
            guard let header = try? ObjectHeader(&again), !header.key.name.isEmpty else {
                logger.error("an object without a readable name is left out", metadata: ["error": "\(error)"])
                return nil
            }
            quarantine(header.key, error)
            return (header.key, header.resourceVersion)
        }
    }

    private func quarantine(_ key: ObjectKey, _ problem: JSONError) {
        let handlers = state.withLock { state in
            state.quarantined[key] = problem
            return state.quarantineHandlers
        }
        logger.warning("object cannot be read and is set aside", metadata: ["key": "\(key)", "error": "\(problem)"])
        for handler in handlers { handler(key, problem) }
    }

    private func publish(_ changes: [StoreContent.Change]) {
        if !changes.isEmpty { publish(changes, to: state.withLock { $0.handlers }) }
    }

    private func publish(_ changes: [StoreContent.Change], to handlers: [InformerState.Handler]) {
        for change in changes {
            for handler in handlers { handler(change) }
        }
    }

    // MARK: Health

    /// - Returns: `false` where the server has only refused to stream its list.
    @discardableResult
    private func failed(_ error: KubernetesError, _ rules: inout ReflectorRules) -> Bool {
        guard !Task.isCancelled else { return true }
        guard rules.failed(error) else {
            logger.debug("the server sends no lists by watch", metadata: ["error": "\(error)"])
            return false
        }
        if rules.isMissing {
            sweep(keeping: [])
            latch.open()
        }
        // A watch that has become too old is part of normal life; so is a kind that is not installed.
        if !error.isExpired { note(error, isMissing: rules.isMissing) }
        return true
    }

    private func note(_ error: KubernetesError, isMissing: Bool = false) {
        let now = clock.now()
        let isNew = state.withLock { state in
            let before = state.health
            state.health.lastError = error
            state.health.isMissing = isMissing
            if before.failingSince == nil { state.health.failingSince = now }
            return before.failingSince == nil || before.lastError?.reason != error.reason
        }
        logger.log(
            level: isNew && !isMissing ? .warning : .debug, "list or watch failed, trying again",
            metadata: ["error": "\(error)"])
    }

    private func works(_ change: (inout InformerHealth) -> Void) {
        state.withLock { state in
            state.health.failingSince = nil
            state.health.lastError = nil
            state.health.isMissing = false
            change(&state.health)
        }
    }
}

/// What an informer knows beside its store, whatever its kind: code for it is compiled once.
private struct InformerState {
    typealias Handler = @Sendable (StoreContent.Change) -> Void

    var handlers: [Handler] = []
    var quarantineHandlers: [@Sendable (ObjectKey, JSONError) -> Void] = []
    var quarantined: [ObjectKey: JSONError] = [:]
    var health = InformerHealth()
}
