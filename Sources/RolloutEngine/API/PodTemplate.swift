package import Manifest

/// The pod template of a Rollout: its bytes, and what was computed from them once.
package struct PodTemplate: Hashable, Sendable {
    /// The template's JSON text, as the user wrote it.
    package var bytes: [UInt8]
    package var labels: [String: String]
    package var annotations: [String: String]
    /// Images by container name, in order, for views.
    package var images: [String]
    /// Equal for semantically equal templates.
    package var digest: UInt64
    /// Violations of what a ReplicaSet's template must fulfil.
    var problems: [FieldProblem]
    private var newerState: FNV1a

    package init(_ reader: inout JSONReader) throws(JSONError) {
        var digestReader = reader
        digest = try TemplateDigest.read(&digestReader)
        let range = try reader.skipValue()
        bytes = Array(reader.bytes[range])
        let json = try JSON(parsing: bytes)
        labels = json.at("metadata", "labels")?.stringMap ?? [:]
        annotations = json.at("metadata", "annotations")?.stringMap ?? [:]
        images = (json.at("spec", "containers")?.arrayValue ?? []).compactMap { $0["image"]?.stringValue }
        problems = TemplateValidation.problems(of: json)
        newerState = PodTemplateHash.state(json, dialect: .newer)
    }

    package var json: JSON { (try? JSON(parsing: bytes)) ?? .emptyObject }

    /// The hash label for this template; see ``PodTemplateHash``.
    package func hash(collisionCount: Int?, dialect: PodTemplateHash.Dialect = .newer) -> String {
        // The older dialect is asked for once in a Rollout's life under us, so it is not kept.
        let state = dialect == .newer ? newerState : PodTemplateHash.state(json, dialect: .older)
        return PodTemplateHash.finish(state, collisionCount: collisionCount)
    }

    package static func == (left: PodTemplate, right: PodTemplate) -> Bool { left.bytes == right.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
