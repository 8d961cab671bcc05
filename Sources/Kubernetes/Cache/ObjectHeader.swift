package import Manifest

/// The part of any object's metadata that caches work with, read leniently.
///
/// It can be read where the object itself cannot: a Rollout whose `spec.replicas` is a string still has a name.
package struct ObjectHeader: Hashable, Sendable {
    package var key = ObjectKey(name: "")
    package var resourceVersion = ""
    package var uid = ""
    package var generation: Int64 = 0

    /// Reads the header; throws where `bytes` are no JSON object with a name.
    package init(_ bytes: [UInt8]) throws(JSONError) {
        var reader = JSONReader(bytes)
        try self.init(&reader)
    }

    /// Reads the header; throws where the next value is no JSON object.
    package init(_ reader: inout JSONReader) throws(JSONError) {
        var (namespace, name, version, uid, generation) = ("", "", "", "", Int64(0))
        try reader.readObject { reader, member throws(JSONError) in
            guard member == "metadata" else { return }
            try reader.readObject { reader, member throws(JSONError) in
                switch member {
                case "namespace": namespace = try reader.readOptionalString() ?? ""
                case "name": name = try reader.readOptionalString() ?? ""
                case "resourceVersion": version = try reader.readOptionalString() ?? ""
                case "uid": uid = try reader.readOptionalString() ?? ""
                case "generation": generation = try reader.readInt()
                default: break
                }
            }
        }
        key = ObjectKey(namespace: namespace, name: name)
        resourceVersion = version
        self.uid = uid
        self.generation = generation
    }
}

/// How two resourceVersions of one kind on one server relate.
package enum VersionOrder: Sendable {
    case older, same, newer, unknown

    /// How `left` relates to `right`: `older` where it came earlier; `unknown` where either is no decimal number.
    package init(_ left: String, _ right: String) {
        if left == right {
            self = .same
        } else if let left = UInt64(left), let right = UInt64(right) {
            self = left < right ? .older : .newer
        } else {
            self = .unknown
        }
    }
}
