import Manifest

/// One stored state of an object; its JSON text is made once, whoever asks first.
final class StoredObject: Sendable {
    let key: ObjectKey
    let json: JSON
    let revision: UInt64
    private let text = Lock<[UInt8]?>(nil)

    init(key: ObjectKey, json: JSON, revision: UInt64) {
        self.key = key
        self.json = json
        self.revision = revision
    }

    var uid: String { json.uid }

    /// The object as JSON text.
    var bytes: [UInt8] {
        if let done = text.withLock({ $0 }) { return done }
        let made = json.serialized()
        text.withLock { $0 = made }
        return made
    }
}

/// One change of a collection, as watches see it.
struct StoredChange: Sendable {
    enum Kind: Sendable { case added, modified, deleted }

    var revision: UInt64
    var kind: Kind
    /// The new state; of a deletion the last one, with the deletion's revision.
    var object: StoredObject
    var previous: StoredObject?
}
