import Manifest

/// One field of a Go struct, as its JSON encoder treats it.
struct GoField: Sendable {
    enum Kind: Sendable { case string, integer, boolean, quantity, intOrString, raw, structure }
    enum Shape: Sendable { case single, list, map }

    var name: String
    var nameHash: UInt64
    var kind: Kind
    var shape: Shape
    /// Index of the struct in the schema, for `.structure`.
    var structure = 0
    /// A pointer: written whenever present, even when it holds a zero.
    var isPointer = false
    /// Written even when empty.
    var isAlways = false
    /// What the API server fills in where the field is absent, without quotes; `{}` for an empty struct.
    var defaultText: [UInt8]?
}

/// Go structs in declaration order, from a compact table.
///
/// Table syntax, one struct per line: `Name: field:type …`. Types are `s` string, `i` integer, `b` boolean, `q` quantity,
/// `x` int-or-string, `r` anything, or a struct's name; `[]` before a type is a list, `{}` a map, `*` a pointer;
/// `!` after it marks a field without `omitempty`, `=text` the value that the API server defaults it to.
struct GoSchema: Sendable {
    private(set) var structures: [[GoField]] = []
    private(set) var lookup: [[String: Int]] = []
    private var names: [String: Int] = [:]

    init(_ table: String) {
        let lines = table.split(separator: "\n").filter { $0.contains(":") }
        for (index, line) in lines.enumerated() { names[String(line.prefix(while: { $0 != ":" }))] = index }
        for line in lines {
            let fields = line.split(separator: " ").dropFirst().map(field)
            structures.append(fields)
            lookup.append(
                Dictionary(
                    fields.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// The index of a struct; the table is ours, so a missing name is a programming error that tests would meet.
    func index(of name: String) -> Int { names[name] ?? 0 }

    private func field(_ text: Substring) -> GoField {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let name = String(text[..<colon])
        var type = text[colon...].dropFirst()
        var field = GoField(name: name, nameHash: hashBytes(name.utf8), kind: .structure, shape: .single)
        if let equals = type.firstIndex(of: "=") {
            field.defaultText = Array(type[equals...].dropFirst().utf8)
            type = type[..<equals]
        }
        if type.hasSuffix("!") {
            field.isAlways = true
            type = type.dropLast()
        }
        if type.hasPrefix("[]") { field.shape = .list }
        if type.hasPrefix("{}") { field.shape = .map }
        if field.shape != .single { type = type.dropFirst(2) }
        if type.hasPrefix("*") {
            field.isPointer = true
            type = type.dropFirst()
        }
        switch type {
        case "s": field.kind = .string
        case "i": field.kind = .integer
        case "b": field.kind = .boolean
        case "q": field.kind = .quantity
        case "x": field.kind = .intOrString
        case "r": field.kind = .raw
        default: field.structure = names[String(type)] ?? 0
        }
        return field
    }
}

/// FNV-1a in 64 bits.
func hashBytes(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return hash
}
