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
    /// The same fields for digests, by the hash of their names.
    let digestFields: FieldTable
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
        digestFields = FieldTable(structures)
    }

    /// The index of a struct; the table is ours, so a missing name is a programming error that tests would meet.
    func index(of name: String) -> Int { names[name] ?? 0 }
}

/// The hash of a name or text; the same as ``JSONReader/readStringHash()`` gives.
func hashBytes(_ bytes: some Sequence<UInt8>) -> UInt64 { ByteHash.of(bytes) }
