package import Manifest

/// What the watch has shown of one kind, with indexes.
///
/// It only ever moves forward: an object replaces another only if the watch delivered it later. Own writes are not put
/// into it but remembered beside it (``noteWrite(_:_:)``) until the watch has caught up with them, so an event that
/// arrives between a write and its echo is never lost.
package final class Store<Object: CachedObject>: Sendable {
    /// Gives the values under which an object is found in an index.
    package typealias Index = @Sendable (Object) -> [String]

    private typealias Entry = ObjectEntry<Object>

    private let content: Lock<StoreContent>

    /// - Parameter indexes: Indexes by name, for ``indexed(_:_:)``.
    package init(indexes: [String: Index] = [:]) {
        content = Lock(
            StoreContent(
                indexes: indexes.mapValues { index in { entry in Self.object(entry).map(index) ?? [] } }))
    }

    package func get(_ key: ObjectKey) -> Object? { Self.object(content.withLock { $0[key] }) }

    package var count: Int { content.withLock { $0.count } }

    /// All objects, ordered by key.
    package var all: [Object] { sorted(content.withLock { $0.all }) }

    /// The objects of one namespace, ordered by name.
    package func inNamespace(_ namespace: String) -> [Object] { sorted(content.withLock { $0.inNamespace(namespace) }) }

    /// The objects that the owner with this uid controls, ordered by key.
    package func ownedBy(_ uid: String) -> [Object] { sorted(content.withLock { $0.ownedBy(uid) }) }

    /// The objects that `index` files under `value`, ordered by key.
    package func indexed(_ index: String, _ value: String) -> [Object] {
        sorted(content.withLock { $0.indexed(index, value) })
    }

    /// Remembers that an own write of `key` returned this resourceVersion.
    package func noteWrite(_ key: ObjectKey, _ resourceVersion: String) {
        content.withLock { $0.noteWrite(key, resourceVersion) }
    }

    /// Whether the cached object is older than an own write of it: look again in a moment instead of deciding.
    package func isBehind(_ key: ObjectKey) -> Bool { content.withLock { $0.isBehind(key) } }

    // MARK: What the watch delivers

    /// One change of the store; a replaced object (another uid) is two.
    package struct Change: Sendable {
        package let key: ObjectKey
        fileprivate let oldEntry: StoreEntry?
        fileprivate let newEntry: StoreEntry?

        package var old: Object? { Store.object(oldEntry) }
        package var new: Object? { Store.object(newEntry) }

        init(_ change: StoreContent.Change) {
            (key, oldEntry, newEntry) = (change.key, change.old, change.new)
        }
    }

    /// Takes in an object that the watch or a list delivered; one that is not newer than what is known changes nothing.
    package func apply(_ object: consuming Object) -> [Change] { take(object).changes.map(Change.init) }

    /// As ``apply(_:)``, for who may not need the changes.
    func take(_ object: consuming Object) -> StoreContent.Outcome {
        let entry = Entry(object)
        return content.withLock { $0.apply(entry) }
    }

    /// Takes out an object that was deleted, unless what is known is newer.
    package func remove(_ key: ObjectKey, resourceVersion: String) -> [Change] {
        takeOut(key, resourceVersion: resourceVersion).map(Change.init)
    }

    /// Takes out what a complete list did not show, in order of keys.
    package func sweep(keeping keys: Set<ObjectKey>) -> [Change] {
        takeOut(butFor: keys).map(Change.init)
    }

    func takeOut(_ key: ObjectKey, resourceVersion: String) -> [StoreContent.Change] {
        content.withLock { $0.remove(key, resourceVersion: resourceVersion) }
    }

    func takeOut(butFor keys: Set<ObjectKey>) -> [StoreContent.Change] { content.withLock { $0.sweep(keeping: keys) } }

    /// Tells how far the watch has come: bookmarks, and the version of a complete list.
    package func advance(to resourceVersion: String) { content.withLock { $0.advance(to: resourceVersion) } }

    private func sorted(_ entries: [StoreEntry]) -> [Object] {
        entries.map { (key: $0.key, entry: $0) }.sorted { $0.key < $1.key }.compactMap { Self.object($0.entry) }
    }

    private static func object(_ entry: StoreEntry?) -> Object? { (entry as? Entry)?.object }
}
