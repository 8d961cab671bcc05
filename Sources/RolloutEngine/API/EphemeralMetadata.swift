import Manifest

/// Labels and annotations that pods carry only while they play a role, such as `canaryMetadata`.
package struct EphemeralMetadata: Hashable, Sendable {
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]

    package init(labels: [String: String] = [:], annotations: [String: String] = [:]) {
        (self.labels, self.annotations) = (labels, annotations)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = EphemeralMetadata()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "labels": found.labels = try reader.readStringMap()
            case "annotations": found.annotations = try reader.readStringMap()
            default: break
            }
        }
        self = found
    }

    /// Reads the annotation of a ReplicaSet that records what was injected; `nil` where it is no such record.
    package init?(annotation text: String?) {
        guard let text, let json = try? JSON(parsing: Array(text.utf8)) else { return nil }
        labels = json["labels"]?.stringMap ?? [:]
        annotations = json["annotations"]?.stringMap ?? [:]
    }

    /// The keys of both; where both have one, the other's value.
    func union(_ other: EphemeralMetadata) -> EphemeralMetadata {
        EphemeralMetadata(
            labels: labels.merging(other.labels) { $1 }, annotations: annotations.merging(other.annotations) { $1 })
    }

    package var isEmpty: Bool { labels.isEmpty && annotations.isEmpty }

    /// As the record on a ReplicaSet, keys in order.
    package var annotation: String {
        var json: [String: JSON] = [:]
        if !labels.isEmpty { json["labels"] = JSON(labels) }
        if !annotations.isEmpty { json["annotations"] = JSON(annotations) }
        return String(decoding: JSON.object(json).serialized(), as: UTF8.self)
    }
}
