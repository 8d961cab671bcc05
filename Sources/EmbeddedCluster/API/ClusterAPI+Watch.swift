import Kubernetes
import Manifest

/// One event of a watch, as bytes or as the change that it comes from.
struct WatchDelivery: Sendable {
    var kind: WatchEvent.Kind
    var object: StoredObject
}

/// How a watch runs, beyond its selectors.
struct WatchOptions: Sendable {
    /// Empty or `0`: existing objects first.
    var resourceVersion = ""
    var sendsBookmarks = true
    /// Existing objects, then a bookmark with the end mark.
    var sendsInitialEvents = false
    /// A bookmark as soon as the watch is accepted.
    var announcesStart = false
    var timeout: Duration?
    var bookmarkInterval: Duration = .seconds(60)
}

/// What a watch hands to its caller.
enum WatchOutput: Sendable {
    case change(WatchDelivery)
    case bookmark(revision: UInt64, endsInitialEvents: Bool)
}

extension ClusterAPI {
    /// Streams changes until the timeout, the caller's cancellation or an error; `output` gets them in order.
    func watch(
        _ kind: ServedKind, _ list: ListOptions, _ options: WatchOptions,
        output: (WatchOutput) async throws -> Void
    ) async throws {
        let filter = try ObjectFilter(list, of: kind.definition)
        let collection = kind.definition.collection
        // Subscribes first: a change between the first look and the wait then wakes us.
        let (wakes, alarm) = store.subscribe(collection)
        let start = ContinuousClock.now
        let deadline = options.timeout.map { start + $0 }
        var position = try await self.start(kind, filter, options, output: output)
        if options.announcesStart { try await output(.bookmark(revision: position, endsInitialEvents: false)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                let interval = deadline.map { min($0 - start, options.bookmarkInterval) } ?? options.bookmarkInterval
                while !Task.isCancelled {
                    try await Task.sleep(for: interval)
                    alarm.yield()
                }
            }
            var lastSign = start
            alarm.yield()
            for await _ in wakes {
                let (changes, revision) = try self.changes(collection, after: position)
                for change in changes {
                    guard let delivery = Self.delivery(change, filter) else { continue }
                    if case .dropWatch? = faults.next(.watch, kind.definition, isEvent: true) { return }
                    try await output(.change(delivery))
                }
                position = revision
                let now = ContinuousClock.now
                if options.sendsBookmarks, now - lastSign >= options.bookmarkInterval {
                    try await output(.bookmark(revision: position, endsInitialEvents: false))
                    lastSign = now
                }
                if let deadline, now >= deadline { return }
            }
        }
    }

    private func start(
        _ kind: ServedKind, _ filter: ObjectFilter, _ options: WatchOptions,
        output: (WatchOutput) async throws -> Void
    ) async throws -> UInt64 {
        let text = options.resourceVersion
        guard let from = UInt64(text.isEmpty ? "0" : text) else {
            throw KubernetesError.badRequest("invalid resource version \"\(text.prefix(40))\"")
        }
        guard from <= store.revision else { throw KubernetesError.tooLargeVersion(from, store.revision) }
        if from > 0, !options.sendsInitialEvents {
            _ = try changes(kind.definition.collection, after: from)
            return from
        }
        let (objects, revision) = store.list(kind.definition.collection, namespace: filter.namespaceName)
        for object in objects.filter(filter.matches).sorted(by: { $0.key < $1.key }) {
            try await output(.change(WatchDelivery(kind: .added, object: object)))
        }
        if options.sendsInitialEvents { try await output(.bookmark(revision: revision, endsInitialEvents: true)) }
        return revision
    }

    private func changes(
        _ collection: String, after revision: UInt64
    ) throws(KubernetesError) -> (changes: [StoredChange], revision: UInt64) {
        do {
            return try store.changes(collection, after: revision)
        } catch {
            throw .expired("too old resource version: \(revision)")
        }
    }

    /// How a change looks through selectors: entering is ADDED, leaving is DELETED.
    private static func delivery(_ change: StoredChange, _ filter: ObjectFilter) -> WatchDelivery? {
        let wasShown = change.previous.map(filter.matches) ?? false
        switch change.kind {
        case .deleted: return wasShown ? WatchDelivery(kind: .deleted, object: change.object) : nil
        case .added, .modified:
            switch (wasShown, filter.matches(change.object)) {
            case (false, true): return WatchDelivery(kind: .added, object: change.object)
            case (true, true): return WatchDelivery(kind: .modified, object: change.object)
            case (true, false):
                guard let previous = change.previous else { return nil }
                // Its last shown state, with the revision of the change that hid it.
                var json = previous.json
                json.set(.string(String(change.revision)), at: "metadata", "resourceVersion")
                return WatchDelivery(
                    kind: .deleted, object: StoredObject(key: previous.key, json: json, revision: change.revision))
            case (false, false): return nil
            }
        }
    }
}
