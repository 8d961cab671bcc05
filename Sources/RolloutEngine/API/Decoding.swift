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
        if let text = plainTextAhead(), let time = Timestamp(rfc3339: bytes.span.extracting(text)) {
            _ = readPlainText()
            return time
        }
        guard let text = try readOptionalString(), !text.isEmpty else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw JSONError("\"\(text.prefix(40))\" is not a time; write it as 2026-11-21T08:53:00Z", offset: start)
        }
        return time
    }
}

/// Revision and size are all that most annotations say.
private let knownAnnotations = TextMemo<[String: String]>(sizeBits: 8)
private let knownOwners = TextMemo<Indirect<OwnerReference>?>(sizeBits: 4)

/// What is read of every object's metadata.
struct DecodedMetadata: Hashable, Sendable {
    var key = ObjectKey(name: "")
    var uid = ""
    var resourceVersion = ""
    var generation: Int64 = 0
    var creationTimestamp = Timestamp(seconds: 0)
    /// When its deletion was asked for; few objects have it.
    var deletion: Indirect<Timestamp>?
    var finalizers: [String] = []
    var annotations: [String: String] = [:]
    var owner: Indirect<OwnerReference>?
    /// The label `rollouts-pod-template-hash`.
    private(set) var templateHash: String?
    /// All others, which objects that differ in the hash alone share.
    private var otherLabels: [String: String] = [:]

    var labels: [String: String] {
        get {
            guard let templateHash else { return otherLabels }
            var labels = otherLabels
            labels[Keys.podTemplateHash] = templateHash
            return labels
        }
        set {
            otherLabels = newValue
            templateHash = otherLabels.removeValue(forKey: Keys.podTemplateHash)
        }
    }

    func label(_ key: String) -> String? { key == Keys.podTemplateHash ? templateHash : otherLabels[key] }

    init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        self.init()
        try read(&reader)
    }

    /// Reads into what is here, of which no copy is made.
    mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.readMembers(Name.table) { reader, name throws(JSONError) in
            switch name {
            // Half of an object.
            case .managedFields, .generateName: break
            case .name: self.key.name = try reader.readText()
            case .namespace: self.key.namespace = try reader.readSharedString() ?? ""
            case .uid: self.uid = try reader.readText()
            case .resourceVersion: self.resourceVersion = try reader.readText()
            case .generation: self.generation = try reader.readNull() ? 0 : reader.readInt()
            case .creationTimestamp: self.creationTimestamp = try reader.readTime() ?? Timestamp(seconds: 0)
            case .labels: (self.otherLabels, self.templateHash) = try LabelMemo.shared.read(&reader)
            // The last applied form is often the largest string of an object, and nobody here reads it.
            case .annotations:
                self.annotations = try knownAnnotations.read(&reader) { reader throws(JSONError) in
                    try reader.readStringMap(without: Keys.lastApplied)
                }
            case .ownerReferences:
                self.owner = try knownOwners.read(&reader) { reader throws(JSONError) in
                    try OwnerReference.controller(&reader).map { .value($0) }
                }
            case .deletionTimestamp: self.deletion = try reader.readTime().map { .value($0) }
            case .finalizers:
                guard try !reader.readNull() else { return }
                try reader.readArray { reader throws(JSONError) in finalizers.append(try reader.readString()) }
            }
        }
    }

    private enum Name: String, CaseIterable {
        case name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp
        case labels, annotations, ownerReferences, finalizers, managedFields

        static let table = MemberTable<Name>()
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
        try reader.readMembers(Name.table) { reader, name throws(JSONError) in
            switch name {
            // An owner has more dependents than one, which come one after another.
            case .kind: found.kind = try reader.readSharedString() ?? ""
            case .name: found.name = try reader.readSharedString() ?? ""
            case .uid: found.uid = try reader.readSharedString() ?? ""
            case .controller: found.isController = try reader.readFlag()
            case .apiVersion, .blockOwnerDeletion: break
            }
        }
        self = found
    }

    /// The one of a list that controls.
    static func controller(_ reader: inout JSONReader) throws(JSONError) -> OwnerReference? {
        var owner: OwnerReference?
        try reader.readArray { reader throws(JSONError) in
            let reference = try OwnerReference(&reader)
            if reference.isController { owner = reference }
        }
        return owner
    }

    private enum Name: String, CaseIterable {
        case apiVersion, kind, name, uid, controller, blockOwnerDeletion

        static let table = MemberTable<Name>()
    }
}
