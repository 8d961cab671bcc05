import Manifest

/// What a digest needs to know of a field: plain values, which copy without counting references.
struct DigestField: Sendable {
    var nameHash: UInt64 = 0
    var kind = GoField.Kind.raw
    var shape = GoField.Shape.single
    var structure = 0
    var isPointer = false
    var isUsed = false
    var hasDefault = false
    var defaultHash: UInt64 = 0
    /// The default of a number, or 1 and 0 for a flag's `true` and `false`.
    var defaultNumber: Int64 = 0

    init() {}

    init(_ field: GoField) {
        (nameHash, kind, shape, structure) = (field.nameHash, field.kind, field.shape, field.structure)
        isPointer = field.isPointer
        isUsed = true
        guard let text = field.defaultText else { return }
        hasDefault = true
        defaultHash = hashBytes(text)
        let literal = String(decoding: text, as: UTF8.self)
        defaultNumber = Int64(literal) ?? (literal == "true" ? 1 : 0)
    }
}

/// The fields of all structs by the hash of their names, in one array.
struct FieldTable: Sendable {
    private var slots: [DigestField] = []
    private var starts: [(first: Int, mask: Int)] = []

    init(_ structures: [[GoField]]) {
        for fields in structures { add(fields) }
    }

    private mutating func add(_ fields: [GoField]) {
        var size = 8
        while size < fields.count * 2 { size *= 2 }
        let first = slots.count
        starts.append((first, size - 1))
        slots += Array(repeating: DigestField(), count: size)
        for field in fields {
            var slot = Int(truncatingIfNeeded: field.nameHash) & (size - 1)
            while slots[first + slot].isUsed { slot = (slot + 1) & (size - 1) }
            slots[first + slot] = DigestField(field)
        }
    }

    /// The field of a struct whose name has this ``ByteHash``.
    @inline(__always)
    func field(_ structure: Int, _ hash: UInt64) -> DigestField? {
        let (first, mask) = starts[structure]
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[first &+ slot].isUsed {
            if slots[first &+ slot].nameHash == hash { return slots[first &+ slot] }
            slot = (slot &+ 1) & mask
        }
        return nil
    }
}
