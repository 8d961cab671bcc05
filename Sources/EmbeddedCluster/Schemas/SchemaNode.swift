import Manifest

/// One node of a structural schema: of a built-in kind or of a custom resource.
final class SchemaNode: Sendable {
    /// How many and which values are allowed; only custom resources have such rules.
    struct Rules: Sendable {
        var allowed: [JSON] = []
        var pattern: RegularExpression?
        var minimum: Double?
        var maximum: Double?
        var excludesMinimum = false
        var excludesMaximum = false
        var multipleOf: Double?
        var minLength: Int?
        var maxLength: Int?
        var minItems: Int?
        var maxItems: Int?
        var minProperties: Int?
        var maxProperties: Int?
        var allOf: [SchemaNode] = []
        var anyOf: [SchemaNode] = []
        var oneOf: [SchemaNode] = []
        var not: SchemaNode?
    }

    /// `object`, `array`, `string`, `integer`, `number`, `boolean`; empty for any value.
    let type: String
    let format: String
    let properties: [String: SchemaNode]
    /// What the values of a map are.
    let additional: SchemaNode?
    let items: SchemaNode?
    let required: [String]
    let isNullable: Bool
    let preservesUnknown: Bool
    let isIntOrString: Bool
    /// A whole object with apiVersion, kind and metadata of its own.
    let isEmbedded: Bool
    let defaultValue: JSON?
    let rules: Rules?
    /// `atomic`, `set`, `map` or empty.
    let listType: String
    let listKeys: [String]
    /// `atomic`, `granular` or empty.
    let mapType: String
    let patchMergeKey: String?
    let patchStrategy: String?
    /// Name of the type in OpenAPI documents, for built-in types.
    let typeName: String?
    /// Carried through to OpenAPI documents.
    let description: String

    init(
        type: String, format: String = "", properties: [String: SchemaNode] = [:], additional: SchemaNode? = nil,
        items: SchemaNode? = nil, required: [String] = [], isNullable: Bool = false, preservesUnknown: Bool = false,
        isIntOrString: Bool = false, isEmbedded: Bool = false, defaultValue: JSON? = nil, rules: Rules? = nil,
        listType: String = "", listKeys: [String] = [], mapType: String = "", patchMergeKey: String? = nil,
        patchStrategy: String? = nil, typeName: String? = nil, description: String = ""
    ) {
        self.type = type
        self.format = format
        self.properties = properties
        self.additional = additional
        self.items = items
        self.required = required
        self.isNullable = isNullable
        self.preservesUnknown = preservesUnknown
        self.isIntOrString = isIntOrString
        self.isEmbedded = isEmbedded
        self.defaultValue = defaultValue
        self.rules = rules
        self.listType = listType
        self.listKeys = listKeys
        self.mapType = mapType
        self.patchMergeKey = patchMergeKey
        self.patchStrategy = patchStrategy
        self.typeName = typeName
        self.description = description
    }

    /// Accepts everything and keeps it.
    static let anything = SchemaNode(type: "", preservesUnknown: true)
    /// An object whose members are not known.
    static let openObject = SchemaNode(type: "object", preservesUnknown: true)

    /// The schema of a member, or `nil` where none is declared.
    func member(_ name: String) -> SchemaNode? { properties[name] ?? additional }
}
