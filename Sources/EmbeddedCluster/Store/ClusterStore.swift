import Manifest

/// Why a write did not take place.
enum StoreRefusal: Error, Hashable {
    case exists
    case missing
    /// Someone wrote in between.
    case changed
    /// The revision is older than what is still known.
    case compacted
}

/// The objects of a cluster in memory: one global revision, and for each collection the recent changes.
///
/// Knows nothing of kinds or rules; `ClusterAPI` does. All operations are short and never wait.
final class ClusterStore: Sendable {
    /// An object's place in the whole store.
    struct Place: Hashable, Sendable {
        /// Name of the kind: `deployments.apps`.
        var collection: String
        var key: ObjectKey
    }

    fileprivate struct Collection {
        var objects: [ObjectKey: StoredObject] = [:]
        var changes: [StoredChange] = []
        /// Changes before this index of `changes` are forgotten; the array is trimmed now and then.
        var firstChange = 0
        /// Revisions up to this one cannot be watched from.
        var compacted: UInt64 = 0
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    fileprivate struct State {
        var revision: UInt64 = 1
        var collections: [String: Collection] = [:]
        var nextWatcher = 0
        var places: [String: Place] = [:]
        var dependents: [String: Set<Place>] = [:]
    }

    private let state = Lock(State())
    private let historyLimit: Int

    /// - Parameter historyLimit: How many changes of each collection a watch can go back.
    init(historyLimit: Int = 4096) { self.historyLimit = max(historyLimit, 1) }

    var revision: UInt64 { state.withLock { $0.revision } }

    func get(_ collection: String, _ key: ObjectKey) -> StoredObject? {
        state.withLock { $0.collections[collection]?.objects[key] }
    }

    /// Objects in no order, and the revision that they show.
    func list(_ collection: String, namespace: String?) -> (objects: [StoredObject], revision: UInt64) {
        state.withLock { state in
            let all = state.collections[collection]?.objects ?? [:]
            guard let namespace else { return (Array(all.values), state.revision) }
            return (all.values.filter { $0.key.namespace == namespace }, state.revision)
        }
    }

    /// Objects as they were at an earlier revision.
    func list(
        _ collection: String, namespace: String?, at revision: UInt64
    ) throws(StoreRefusal) -> [StoredObject] {
        let (objects, changes, compacted) = state.withLock { state in
            let found = state.collections[collection] ?? Collection()
            return (found.objects, found.changes[found.firstChange...], found.compacted)
        }
        guard revision >= compacted else { throw .compacted }
        var all = objects
        for change in changes.reversed() where change.revision > revision {
            all[change.object.key] = change.previous
        }
        return all.values.filter { namespace == nil || $0.key.namespace == namespace }
    }

    /// Writes one object.
    /// - Parameter expected: The revision that the caller has read; `nil` when the object must not exist.
    /// - Parameter make: Gets the new revision and gives the object; not called when the write is refused.
    @discardableResult
    func put(
        _ place: Place, expected: UInt64?, _ make: (UInt64) -> JSON
    ) throws(StoreRefusal) -> StoredObject {
        let (object, waiting) = try state.withLock { state throws(StoreRefusal) in
            let previous = state.collections[place.collection]?.objects[place.key]
            switch (previous, expected) {
            case (.some, nil): throw .exists
            case (nil, .some): throw .missing
            case (.some(let previous), .some(let expected)) where previous.revision != expected: throw .changed
            default: break
            }
            state.revision += 1
            let object = StoredObject(key: place.key, json: make(state.revision), revision: state.revision)
            state.index(object, at: place, replacing: previous)
            state.collections[place.collection, default: Collection()].objects[place.key] = object
            let waiting = record(
                StoredChange(
                    revision: state.revision, kind: previous == nil ? .added : .modified, object: object,
                    previous: previous), in: place.collection, &state)
            return (object, waiting)
        }
        for watcher in waiting { watcher.yield() }
        return object
    }

    /// Removes one object.
    /// - Parameter last: Gets the last state and the deletion's revision and gives what watches see.
    @discardableResult
    func remove(
        _ place: Place, expected: UInt64, _ last: (JSON, UInt64) -> JSON
    ) throws(StoreRefusal) -> StoredObject {
        let (object, waiting) = try state.withLock { state throws(StoreRefusal) in
            guard let previous = state.collections[place.collection]?.objects[place.key] else { throw .missing }
            guard previous.revision == expected else { throw .changed }
            state.revision += 1
            let object = StoredObject(
                key: place.key, json: last(previous.json, state.revision), revision: state.revision)
            state.index(nil, at: place, replacing: previous)
            state.collections[place.collection]?.objects[place.key] = nil
            let waiting = record(
                StoredChange(revision: state.revision, kind: .deleted, object: object, previous: previous),
                in: place.collection, &state)
            return (object, waiting)
        }
        for watcher in waiting { watcher.yield() }
        return object
    }

    /// Changes after a revision, oldest first, and the store's revision at that moment.
    func changes(
        _ collection: String, after revision: UInt64
    ) throws(StoreRefusal) -> (changes: [StoredChange], revision: UInt64) {
        try state.withLock { state throws(StoreRefusal) in
            guard let found = state.collections[collection] else { return ([], state.revision) }
            guard revision >= found.compacted else { throw .compacted }
            let known = found.changes[found.firstChange...]
            // Changes are sorted by revision: only the tail is new.
            var start = known.endIndex
            while start > known.startIndex, known[start - 1].revision > revision { start -= 1 }
            return (Array(known[start...]), state.revision)
        }
    }

    /// Revisions of the changes that are still known, oldest first.
    func recentRevisions(_ collection: String) -> [UInt64] {
        state.withLock { state in
            guard let found = state.collections[collection] else { return [] }
            return found.changes[found.firstChange...].map(\.revision)
        }
    }

    /// Wakes the caller after each change of a collection; wakes are merged while it is busy.
    func subscribe(_ collection: String) -> (wakes: AsyncStream<Void>, alarm: AsyncStream<Void>.Continuation) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.collections[collection, default: Collection()].watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.collections[collection]?.watchers[id] = nil }
        }
        return (stream, continuation)
    }

    /// Forgets the history of a collection, so that every watch from before now ends in 410.
    func compact(_ collection: String) {
        let waiting = state.withLock { state in
            state.collections[collection, default: Collection()].changes = []
            state.collections[collection]?.firstChange = 0
            state.collections[collection]?.compacted = state.revision
            return state.collections[collection].map { Array($0.watchers.values) } ?? []
        }
        for watcher in waiting { watcher.yield() }
    }

    /// Wakes all watchers of a collection without a change.
    func wake(_ collection: String) {
        let waiting = state.withLock { Array(($0.collections[collection]?.watchers ?? [:]).values) }
        for watcher in waiting { watcher.yield() }
    }

    /// Where the object with this uid is.
    func place(ofUID uid: String) -> Place? { state.withLock { $0.places[uid] } }

    /// Objects that name this uid as an owner, sorted.
    func dependents(ofUID uid: String) -> [Place] {
        let found = state.withLock { $0.dependents[uid] ?? [] }
        return found.sorted { ($0.collection, $0.key) < ($1.collection, $1.key) }
    }

    /// Everything in one namespace, sorted.
    func places(inNamespace namespace: String) -> [Place] {
        let found = state.withLock { state in
            state.collections.flatMap { name, collection in
                collection.objects.keys.filter { $0.namespace == namespace }.map { Place(collection: name, key: $0) }
            }
        }
        return found.sorted { ($0.collection, $0.key) < ($1.collection, $1.key) }
    }

    private func record(
        _ change: StoredChange, in name: String, _ state: inout State
    ) -> [AsyncStream<Void>.Continuation] {
        guard var collection = state.collections.removeValue(forKey: name) else { return [] }
        collection.changes.append(change)
        let known = collection.changes.count - collection.firstChange
        if known > historyLimit {
            collection.compacted = collection.changes[collection.firstChange].revision
            collection.firstChange += 1
            if collection.firstChange > historyLimit {
                collection.changes.removeFirst(collection.firstChange)
                collection.firstChange = 0
            }
        }
        let waiting = Array(collection.watchers.values)
        state.collections[name] = collection
        return waiting
    }
}

extension ClusterStore.State {
    /// Keeps the uid and owner indexes.
    fileprivate mutating func index(_ object: StoredObject?, at place: ClusterStore.Place, replacing old: StoredObject?)
    {
        if let old {
            if object == nil { places[old.uid] = nil }
            for owner in old.json.ownerUIDs {
                dependents[owner]?.remove(place)
                if dependents[owner]?.isEmpty == true { dependents[owner] = nil }
            }
        }
        if let object {
            places[object.uid] = place
            for owner in object.json.ownerUIDs { dependents[owner, default: []].insert(place) }
        }
    }
}

extension JSON {
    var ownerUIDs: [String] {
        at("metadata", "ownerReferences")?.arrayValue?.compactMap { $0["uid"]?.stringValue } ?? []
    }
}
