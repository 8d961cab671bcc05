import Manifest

/// One field of a Go struct, as its JSON encoder treats it.
///
/// A class, because the digest of a template meets hundreds of fields and copies none of them.
final class GoField: Sendable {
    enum Kind: Sendable { case string, integer, boolean, quantity, intOrString, raw, structure }
    enum Shape: Sendable { case single, list, map }

    let name: String
    let nameHash: UInt64
    let kind: Kind
    let shape: Shape
    /// Index of the struct in the schema, for `.structure`.
    let structure: Int
    /// A pointer: written whenever present, even when it holds a zero.
    let isPointer: Bool
    /// Written even when empty.
    let isAlways: Bool
    /// What the API server fills in where the field is absent, without quotes; `{}` for an empty struct.
    let defaultText: [UInt8]?

    /// - Parameter text: `name:type`, as ``GoSchema`` describes it.
    init(_ text: Substring, structures: [String: Int]) {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        name = String(text[..<colon])
        nameHash = hashBytes(text[..<colon].utf8)
        var type = text[colon...].dropFirst()
        var standard: [UInt8]?
        if let equals = type.firstIndex(of: "=") {
            standard = Array(type[equals...].dropFirst().utf8)
            type = type[..<equals]
        }
        defaultText = standard
        isAlways = type.hasSuffix("!")
        if isAlways { type = type.dropLast() }
        shape = type.hasPrefix("[]") ? .list : type.hasPrefix("{}") ? .map : .single
        if shape != .single { type = type.dropFirst(2) }
        isPointer = type.hasPrefix("*")
        if isPointer { type = type.dropFirst() }
        structure = structures[String(type)] ?? 0
        kind =
            switch type {
            case "s": .string
            case "i": .integer
            case "b": .boolean
            case "q": .quantity
            case "x": .intOrString
            case "r": .raw
            default: .structure
            }
    }
}

/// Go structs in declaration order, from a compact table.
///
/// Table syntax, one struct per line: `Name: field:type …`. Types are `s` string, `i` integer, `b` boolean, `q` quantity,
/// `x` int-or-string, `r` anything, or a struct's name; `[]` before a type is a list, `{}` a map, `*` a pointer;
/// `!` after it marks a field without `omitempty`, `=text` the value that the API server defaults it to.
final class GoSchema: Sendable {
    let structures: [[GoField]]
    /// Open-addressed tables from a name's hash to a field's position + 1, one for each struct.
    private let lookup: [[UInt8]]
    private let names: [String: Int]

    init(_ table: String) {
        let lines = table.split(separator: "\n").filter { $0.contains(":") }
        let names = Dictionary(
            lines.enumerated().map { (String($0.element.prefix(while: { $0 != ":" })), $0.offset) },
            uniquingKeysWith: { first, _ in first })
        self.names = names
        structures = lines.map { line in
            line.split(separator: " ").dropFirst().map { GoField($0, structures: names) }
        }
        lookup = structures.map(GoSchema.table)
    }

    private static func table(_ fields: [GoField]) -> [UInt8] {
        var size = 8
        while size < fields.count * 3 { size *= 2 }
        var table = [UInt8](repeating: 0, count: size)
        for (position, field) in fields.enumerated() {
            var slot = Int(truncatingIfNeeded: field.nameHash) & (size - 1)
            while table[slot] != 0 { slot = (slot + 1) & (size - 1) }
            table[slot] = UInt8(position + 1)
        }
        return table
    }

    /// The field whose name has this hash, or `nil` for an unknown name.
    func field(in structure: Int, nameHash: UInt64) -> GoField? {
        let table = lookup[structure]
        let fields = structures[structure]
        var slot = Int(truncatingIfNeeded: nameHash) & (table.count - 1)
        while case let entry = Int(table[slot]), entry != 0 {
            let field = fields[entry - 1]
            if field.nameHash == nameHash { return field }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }

    /// The index of a struct; the table is ours, so a missing name is a programming error that tests would meet.
    func index(of name: String) -> Int { names[name] ?? 0 }
}

/// FNV-1a in 64 bits.
func hashBytes(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return hash
}
