package import Manifest

/// What a cache keeps of one kind of object: a compact value, decoded straight from the bytes.
///
/// A decoder reads the fields that its reader needs and leaves the rest unread. `managedFields` is never kept.
package protocol CachedObject: Sendable {
    static func decode(_ reader: inout JSONReader) throws(JSONError) -> Self

    var key: ObjectKey { get }
    var resourceVersion: String { get }
    var uid: String { get }
    /// The uid of the owner that controls the object.
    var ownerUID: String? { get }

    /// Called once after decoding: items of a list come without `apiVersion` and `kind`.
    mutating func adopt(_ resource: Resource)
}

extension CachedObject {
    package mutating func adopt(_ resource: Resource) {}
}

/// An object kept as its JSON tree, without `managedFields`; for kinds that are few or whose fields are not known.
package struct UntypedObject: CachedObject, Hashable {
    package private(set) var json: JSON
    package let key: ObjectKey
    package let resourceVersion: String
    package let uid: String
    package let ownerUID: String?

    package init(_ json: JSON) {
        var json = json
        json.set(nil, at: "metadata", "managedFields")
        self.json = json
        key = json.objectKey
        resourceVersion = json.resourceVersion
        uid = json.uid
        let owners = json.at("metadata", "ownerReferences")?.arrayValue ?? []
        ownerUID = owners.first { $0["controller"]?.boolValue == true }?["uid"]?.stringValue
    }

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> UntypedObject {
        var members: [String: JSON] = [:]
        try reader.readObject { reader, name throws(JSONError) in
            guard name == "metadata" else {
                members[name] = try reader.readJSON()
                return
            }
            var metadata: [String: JSON] = [:]
            try reader.readObject { reader, name throws(JSONError) in
                if name != "managedFields" { metadata[name] = try reader.readJSON() }
            }
            members[name] = .object(metadata)
        }
        let object = UntypedObject(.object(members))
        if object.key.name.isEmpty { throw JSONError("the object has no name", path: ["metadata", "name"]) }
        return object
    }

    package mutating func adopt(_ resource: Resource) {
        if json["apiVersion"] == nil { json["apiVersion"] = .string(resource.apiVersion) }
        if json["kind"] == nil { json["kind"] = .string(resource.kind) }
    }
}
