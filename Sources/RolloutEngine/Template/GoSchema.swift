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
    init(_ text: Substring.UTF8View, structures: [String: Int]) {
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        name = String(decoding: text[..<colon], as: UTF8.self)
        nameHash = hashBytes(text[..<colon])
        var type = text[colon...].dropFirst()
        var standard: [UInt8]?
        if let equals = type.firstIndex(of: UInt8(ascii: "=")) {
            standard = Array(type[equals...].dropFirst())
            type = type[..<equals]
        }
        defaultText = standard
        isAlways = type.last == UInt8(ascii: "!")
        if isAlways { type = type.dropLast() }
        shape = type.starts(with: "[]".utf8) ? .list : type.starts(with: "{}".utf8) ? .map : .single
        if shape != .single { type = type.dropFirst(2) }
        isPointer = type.first == UInt8(ascii: "*")
        if isPointer { type = type.dropFirst() }
        let typeName = String(decoding: type, as: UTF8.self)
        structure = structures[typeName] ?? 0
        kind =
            switch typeName {
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
        // As bytes: to split text by characters takes milliseconds here.
        let lines = table[...].utf8.split(separator: UInt8(ascii: "\n")).filter { $0.contains(UInt8(ascii: ":")) }
        let names = Dictionary(
            lines.enumerated().map { number, line in
                (String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self), number)
            },
            uniquingKeysWith: { first, _ in first })
        self.names = names
        structures = lines.map { line in
            line.split(separator: UInt8(ascii: " ")).dropFirst().map { GoField($0, structures: names) }
        }
        digestFields = FieldTable(structures)
    }

    /// The index of a struct; the table is ours, so a missing name is a programming error that tests would meet.
    func index(of name: String) -> Int { names[name] ?? 0 }
}

/// The hash of a name or text; the same as ``JSONReader/readStringHash()`` gives.
func hashBytes(_ bytes: some Sequence<UInt8>) -> UInt64 { ByteHash.of(bytes) }
