import Manifest

/// The parts of an object that analysis reads; `managedFields` is skipped.
struct ObjectParts {
    var key = ObjectKey(name: "")
    var resourceVersion = ""
    var uid = ""
    var ownerUID: String?
    var labels: [String: String] = [:]
    var annotations: [String: String] = [:]
    var owners: [JSON] = []
    var creationTimestamp: Timestamp?
    var isDeleting = false
    var spec = JSON.emptyObject
    var status = JSON.emptyObject

    init(_ reader: inout JSONReader) throws(JSONError) {
        var parts = self
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata": try parts.readMetadata(&reader)
            case "spec": parts.spec = try reader.readJSON()
            case "status": parts.status = try reader.readJSON()
            default: break
            }
        }
        guard !parts.key.name.isEmpty else { throw JSONError("the object has no name", path: ["metadata", "name"]) }
        self = parts
    }

    private mutating func readMetadata(_ reader: inout JSONReader) throws(JSONError) {
        var parts = self
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "name": parts.key.name = try reader.readString()
            case "namespace": parts.key.namespace = try reader.readOptionalString() ?? ""
            case "resourceVersion": parts.resourceVersion = try reader.readString()
            case "uid": parts.uid = try reader.readString()
            case "labels": parts.labels = try reader.readJSON().stringMap
            case "annotations": parts.annotations = try reader.readJSON().stringMap
            case "ownerReferences": parts.owners = try reader.readJSON().arrayValue ?? []
            case "creationTimestamp":
                parts.creationTimestamp = try reader.readOptionalString().flatMap { Timestamp(rfc3339: $0) }
            case "deletionTimestamp": parts.isDeleting = try reader.readOptionalString() != nil
            default: break
            }
        }
        parts.ownerUID = parts.owners.first { $0["controller"]?.boolValue == true }?["uid"]?.stringValue
        self = parts
    }
}
