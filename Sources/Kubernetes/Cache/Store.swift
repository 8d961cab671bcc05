package import Manifest

/// What the watch has shown of one kind, with indexes.
///
/// It only ever moves forward: an object replaces another only if the watch delivered it later. Own writes are not put
/// into it but remembered beside it (``noteWrite(_:_:)``) until the watch has caught up with them, so an event that
/// arrives between a write and its echo is never lost.
package final class Store<Object: CachedObject>: Sendable {
    /// Gives the values under which an object is found in an index.
    package typealias Index = @Sendable (Object) -> [String]

    private let content: Lock<StoreContent<Object>>

    /// - Parameter indexes: Indexes by name, for ``indexed(_:_:)``.
    package init(indexes: [String: Index] = [:]) { content = Lock(StoreContent(indexes: indexes)) }

    package func get(_ key: ObjectKey) -> Object? { content.withLock { $0[key] } }

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
        package var key: ObjectKey
        package var old: Object?
        package var new: Object?
    }

    /// Takes in an object that the watch or a list delivered; one that is not newer than what is known changes nothing.
    package func apply(_ object: Object) -> [Change] { content.withLock { $0.apply(object) } }

    /// Takes out an object that was deleted, unless what is known is newer.
    package func remove(_ key: ObjectKey, resourceVersion: String) -> [Change] {
        content.withLock { $0.remove(key, resourceVersion: resourceVersion) }
    }

    /// Takes out what a complete list did not show, in order of keys.
    package func sweep(keeping keys: Set<ObjectKey>) -> [Change] { content.withLock { $0.sweep(keeping: keys) } }

    /// Tells how far the watch has come: bookmarks, and the version of a complete list.
    package func advance(to resourceVersion: String) { content.withLock { $0.advance(to: resourceVersion) } }

    private func sorted(_ objects: [Object]) -> [Object] { objects.sorted { $0.key < $1.key } }
}
