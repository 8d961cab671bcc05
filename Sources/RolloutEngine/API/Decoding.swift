import Manifest

extension JSONReader {
    /// An integer that the API declares as int32.
    mutating func readInt32() throws(JSONError) -> Int {
        let start = position
        let value = try readInt()
        guard let narrow = Int32(exactly: value) else {
            throw JSONError(
                "\(value) does not fit into 32 bits; use a number from -2147483648 to 2147483647", offset: start)
        }
        return Int(narrow)
    }

    mutating func readOptionalInt32() throws(JSONError) -> Int? {
        if try readNull() { return nil }
        return try readInt32()
    }

    mutating func readFlag() throws(JSONError) -> Bool {
        if try readNull() { return false }
        return try readBool()
    }

    mutating func readText() throws(JSONError) -> String { try readOptionalString() ?? "" }

    mutating func readTime() throws(JSONError) -> Timestamp? {
        let start = position
        guard let text = try readOptionalString(), !text.isEmpty else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw JSONError("\"\(text.prefix(40))\" is not a time; write it as 2026-11-21T08:53:00Z", offset: start)
        }
        return time
    }
}

/// What is read of every object's metadata.
struct DecodedMetadata {
    var key = ObjectKey(name: "")
    var uid = ""
    var resourceVersion = ""
    var generation: Int64 = 0
    var creationTimestamp = Timestamp(seconds: 0)
    var isBeingDeleted = false
    var labels: [String: String] = [:]
    var annotations: [String: String] = [:]
    var owner: OwnerReference?

    init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = DecodedMetadata()
        try reader.readHashedObject { reader, name throws(JSONError) in
            // Most of a list's members; ordered by how often they come. `managedFields` is half of an object.
            if name == Name.managedFields { return }
            if name == Name.name {
                found.key.name = try reader.readText()
            } else if name == Name.namespace {
                found.key.namespace = KeyInterner.shared.interned(try reader.readText())
            } else if name == Name.uid {
                found.uid = try reader.readText()
            } else if name == Name.resourceVersion {
                found.resourceVersion = try reader.readText()
            } else if name == Name.generation {
                found.generation = try reader.readNull() ? 0 : reader.readInt()
            } else if name == Name.creationTimestamp {
                found.creationTimestamp = try reader.readTime() ?? Timestamp(seconds: 0)
            } else if name == Name.labels {
                found.labels = try reader.readStringMap()
            } else if name == Name.annotations {
                try reader.readObject { reader, key throws(JSONError) in
                    // Often the largest string of an object, and nobody here reads it.
                    if key == Keys.lastApplied { return }
                    guard let value = try reader.readOptionalString() else { return }
                    if found.annotations.isEmpty { found.annotations.reserveCapacity(3) }
                    found.annotations[key] = value
                }
            } else if name == Name.ownerReferences {
                try reader.readArray { reader throws(JSONError) in
                    let reference = try OwnerReference(&reader)
                    if reference.isController { found.owner = reference }
                }
            } else if name == Name.deletionTimestamp {
                found.isBeingDeleted = try reader.readTime() != nil
            }
        }
        self = found
    }

    /// Hashes of the members' names.
    private enum Name {
        static let annotations = ByteHash.of("annotations".utf8)
        static let creationTimestamp = ByteHash.of("creationTimestamp".utf8)
        static let deletionTimestamp = ByteHash.of("deletionTimestamp".utf8)
        static let generation = ByteHash.of("generation".utf8)
        static let labels = ByteHash.of("labels".utf8)
        static let managedFields = ByteHash.of("managedFields".utf8)
        static let name = ByteHash.of("name".utf8)
        static let namespace = ByteHash.of("namespace".utf8)
        static let ownerReferences = ByteHash.of("ownerReferences".utf8)
        static let resourceVersion = ByteHash.of("resourceVersion".utf8)
        static let uid = ByteHash.of("uid".utf8)
    }
}

/// An owner reference, as far as claiming needs it.
package struct OwnerReference: Hashable, Sendable {
    package var kind = ""
    package var name = ""
    package var uid = ""
    package var isController = false

    package init(kind: String, name: String, uid: String, isController: Bool = true) {
        (self.kind, self.name, self.uid, self.isController) = (kind, name, uid, isController)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = OwnerReference(kind: "", name: "", uid: "", isController: false)
        try reader.readHashedObject { reader, name throws(JSONError) in
            switch name {
            case Name.kind: found.kind = try reader.readText()
            case Name.name: found.name = try reader.readText()
            case Name.uid: found.uid = try reader.readText()
            case Name.controller: found.isController = try reader.readFlag()
            default: break
            }
        }
        self = found
    }

    /// Hashes of the members' names.
    private enum Name {
        static let controller = ByteHash.of("controller".utf8)
        static let kind = ByteHash.of("kind".utf8)
        static let name = ByteHash.of("name".utf8)
        static let uid = ByteHash.of("uid".utf8)
    }
}
