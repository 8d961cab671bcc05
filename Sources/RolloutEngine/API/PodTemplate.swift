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
    /// Paths of the disks that one node alone can write, and that are not read only.
    var writableDisks: [String]
    private var newerState: FNV1a
    /// Of a template that comes from a recording and has no bytes.
    private var recordedOlderState: FNV1a?

    package init(_ reader: inout JSONReader) throws(JSONError) {
        var digestReader = reader
        digest = try TemplateDigest.read(&digestReader)
        let range = try reader.skipValue()
        bytes = Array(reader.bytes[range])
        let json = try JSON(parsing: bytes)
        labels = json.at("metadata", "labels")?.stringMap ?? [:]
        annotations = json.at("metadata", "annotations")?.stringMap ?? [:]
        images = (json.at("spec", "containers")?.arrayValue ?? []).compactMap { $0["image"]?.stringValue }
        if SoundTemplates.shared.contains(bytes, digest: digest) {
            (problems, writableDisks) = ([], [])
        } else {
            (problems, writableDisks) = TemplateValidation.findings(in: json)
            if problems.isEmpty, writableDisks.isEmpty { SoundTemplates.shared.insert(bytes, digest: digest) }
        }
        newerState = PodTemplateHash.state(json, dialect: .newer)
    }

    /// What was computed from the template, without the template: enough to decide again.
    var recorded: JSON {
        [
            "digest": .string(String(digest)), "labels": JSON(labels), "annotations": JSON(annotations),
            "images": .array(images.map { .string($0) }), "newer": .int(Int64(newerState.value)),
            "older": .int(Int64(olderState.value)),
        ]
    }

    init(recorded json: JSON) throws(JSONError) {
        func state(_ name: String) throws(JSONError) -> FNV1a {
            guard let value = json[name]?.intValue.flatMap({ UInt32(exactly: $0) }) else {
                throw JSONError("a recorded template needs \(name)", offset: 0)
            }
            return FNV1a(value: value)
        }
        guard let digest = json["digest"]?.stringValue.flatMap({ UInt64($0) }) else {
            throw JSONError("a recorded template needs digest", offset: 0)
        }
        self.digest = digest
        bytes = []
        labels = json["labels"]?.stringMap ?? [:]
        annotations = json["annotations"]?.stringMap ?? [:]
        images = (json["images"]?.arrayValue ?? []).compactMap(\.stringValue)
        problems = []
        writableDisks = []
        newerState = try state("newer")
        recordedOlderState = try state("older")
    }

    private var olderState: FNV1a { recordedOlderState ?? PodTemplateHash.state(json, dialect: .older) }

    package var json: JSON { (try? JSON(parsing: bytes)) ?? .emptyObject }

    /// The hash label for this template; see ``PodTemplateHash``.
    package func hash(collisionCount: Int?, dialect: PodTemplateHash.Dialect = .newer) -> String {
        // The older dialect is asked for once in a Rollout's life under us, so it is not kept.
        let state = dialect == .newer ? newerState : olderState
        return PodTemplateHash.finish(state, collisionCount: collisionCount)
    }

    package static func == (left: PodTemplate, right: PodTemplate) -> Bool {
        left.digest == right.digest && left.bytes == right.bytes
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
