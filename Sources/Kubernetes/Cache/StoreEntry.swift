import Manifest

/// An object in a store, as the rules of ``StoreContent`` see it: they are the same for every kind, and are compiled once.
class StoreEntry: @unchecked Sendable {  // not final only for ``ObjectEntry``; neither has anything that changes
    var key: ObjectKey { ObjectKey(name: "") }
    var resourceVersion: String { "" }
    var uid: String { "" }
    var ownerUID: String? { nil }
}

/// An object of one kind in a store.
///
/// Apart from the dictionaries, because objects are large and a dictionary keeps a third of its places free.
final class ObjectEntry<Object: CachedObject>: StoreEntry, @unchecked Sendable {  // immutable
    let object: Object

    init(_ object: consuming Object) { self.object = object }

    override var key: ObjectKey { object.key }
    override var resourceVersion: String { object.resourceVersion }
    override var uid: String { object.uid }
    override var ownerUID: String? { object.ownerUID }
}
