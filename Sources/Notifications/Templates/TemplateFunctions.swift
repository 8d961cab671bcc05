/// The functions of the template language.
enum TemplateFunctions {
    struct Function: Sendable {
        let arity: ClosedRange<Int>
        let run: @Sendable (TemplateCall) throws(TemplateError) -> TemplateValue
    }

    static let many = 1_000

    static func function(
        _ arity: ClosedRange<Int>, _ run: @escaping @Sendable (TemplateCall) throws(TemplateError) -> TemplateValue
    ) -> Function { Function(arity: arity, run: run) }

    static let table: [String: Function] = {
        var table: [String: Function] = [:]
        for group in [
            builtins, comparisons, printing, strings, words, lists, maps, numbers, defaults, types, dates, encodings,
            expressions, versions, paths, addresses,
        ] { table.merge(group) { first, _ in first } }
        // `mustX` is `X`: here every function stops the template when it fails.
        for name in mustNames {
            if let function = table[name] { table["must" + name.prefix(1).uppercased() + name.dropFirst()] = function }
        }
        for (name, other) in otherNames { table[name] = table[other] }
        return table
    }()

    /// Paths of files are those of addresses: the separator is the same here.
    private static let otherNames = [
        "trimall": "trimAll", "must_date_modify": "date_modify", "osBase": "base", "osClean": "clean", "osDir": "dir",
        "osExt": "ext", "osIsAbs": "isAbs",
    ]

    private static let mustNames = [
        "append", "chunk", "compact", "dateModify", "deepCopy", "first", "fromJson", "has", "initial", "last", "merge",
        "mergeOverwrite", "prepend", "push", "regexFind", "regexFindAll", "regexMatch", "regexReplaceAll",
        "regexReplaceAllLiteral", "regexSplit", "rest", "reverse", "slice", "toDate", "toJson", "toPrettyJson",
        "toRawJson", "uniq", "without",
    ]

    /// How many values a function takes; `nil` for no function.
    static func arity(of name: String) -> ClosedRange<Int>? {
        name == "and" || name == "or" ? 1...many : table[name]?.arity
    }

    /// Sprig's functions that would read the machine, call the network, or give something else at the next try.
    private static let withheld: Set<String> = [
        "env", "expandenv", "getHostByName", "genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert",
        "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "buildCustomCert", "derivePassword",
        "encryptAES", "decryptAES", "bcrypt", "htpasswd", "randAlphaNum", "randAlpha", "randAscii", "randNumeric",
        "randBytes", "randInt", "uuidv4", "shuffle",
    ]

    /// How to mend an unknown name.
    static func hint(for name: String) -> String {
        if withheld.contains(name) { return ": it would read the machine or give another text at each try" }
        let similar = table.keys.filter { $0.lowercased() == name.lowercased() }.sorted().first
        if let similar { return "; did you mean \(similar)?" }
        return "; see the list of functions in docs/reference/notifications.md"
    }
}
