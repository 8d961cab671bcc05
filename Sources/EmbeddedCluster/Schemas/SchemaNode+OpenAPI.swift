import Manifest

extension SchemaNode {
    /// Compiles `openAPIV3Schema` of a CustomResourceDefinition; unknown keywords are left out.
    convenience init(openAPI json: JSON, depth: Int = 0) {
        func node(_ key: String) -> SchemaNode? {
            guard depth < 60, let child = json[key], child.objectValue != nil else { return nil }
            return SchemaNode(openAPI: child, depth: depth + 1)
        }
        func nodes(_ key: String) -> [SchemaNode] {
            guard depth < 60 else { return [] }
            return (json[key]?.arrayValue ?? []).map { SchemaNode(openAPI: $0, depth: depth + 1) }
        }
        func count(_ key: String) -> Int? { json[key]?.intValue.map { Int($0) } }
        func flag(_ key: String) -> Bool { json[key]?.boolValue ?? false }

        var rules = Rules()
        rules.allowed = json["enum"]?.arrayValue ?? []
        rules.pattern = json["pattern"]?.stringValue.flatMap { try? RegularExpression($0) }
        rules.minimum = json["minimum"]?.doubleValue
        rules.maximum = json["maximum"]?.doubleValue
        rules.excludesMinimum = flag("exclusiveMinimum")
        rules.excludesMaximum = flag("exclusiveMaximum")
        rules.multipleOf = json["multipleOf"]?.doubleValue
        rules.minLength = count("minLength")
        rules.maxLength = count("maxLength")
        rules.minItems = count("minItems")
        rules.maxItems = count("maxItems")
        rules.minProperties = count("minProperties")
        rules.maxProperties = count("maxProperties")
        rules.allOf = nodes("allOf")
        rules.anyOf = nodes("anyOf")
        rules.oneOf = nodes("oneOf")
        rules.not = node("not")

        var properties: [String: SchemaNode] = [:]
        if depth < 60 {
            for (name, child) in json["properties"]?.objectValue ?? [:] {
                properties[name] = SchemaNode(openAPI: child, depth: depth + 1)
            }
        }
        let isIntOrString = flag("x-kubernetes-int-or-string")
        if flag("x-kubernetes-embedded-resource") {
            properties["apiVersion"] = SchemaNode(type: "string")
            properties["kind"] = SchemaNode(type: "string")
            properties["metadata"] = BuiltInSchemas.objectMeta
        }
        let additional: SchemaNode? =
            json["additionalProperties"]?.boolValue == true ? .anything : node("additionalProperties")
        self.init(
            type: isIntOrString ? "" : json["type"]?.stringValue ?? "", format: json["format"]?.stringValue ?? "",
            properties: properties, additional: additional, items: node("items"),
            required: json["required"]?.arrayValue?.compactMap(\.stringValue) ?? [], isNullable: flag("nullable"),
            preservesUnknown: flag("x-kubernetes-preserve-unknown-fields"), isIntOrString: isIntOrString,
            isEmbedded: flag("x-kubernetes-embedded-resource"), defaultValue: json["default"], rules: rules,
            listType: json["x-kubernetes-list-type"]?.stringValue ?? "",
            listKeys: json["x-kubernetes-list-map-keys"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            mapType: json["x-kubernetes-map-type"]?.stringValue ?? "",
            description: json["description"]?.stringValue ?? "")
    }

    /// The node as an OpenAPI schema; built-in types that have a name become references.
    /// - Parameter prefix: `#/components/schemas/` in version 3, `#/definitions/` in version 2.
    func openAPI(prefix: String, expandingName: Bool = false) -> JSON {
        if let typeName, !expandingName {
            let reference: JSON = ["$ref": .string(prefix + Self.publicName(typeName))]
            guard patchStrategy != nil || patchMergeKey != nil else { return reference }
            var result: JSON = ["allOf": [reference], "default": .emptyObject]
            addPatchMarks(to: &result)
            return result
        }
        var result = JSON.emptyObject
        if isIntOrString {
            if format == "quantity" || format == "int-or-string" {
                result["oneOf"] = [["type": "string"], ["type": "number"]]
                result["x-kubernetes-int-or-string"] = true
            } else {
                result["x-kubernetes-int-or-string"] = true
            }
        } else {
            if !type.isEmpty { result["type"] = .string(type) }
            if !format.isEmpty { result["format"] = .string(format) }
        }
        if !description.isEmpty { result["description"] = .string(description) }
        if !properties.isEmpty {
            result["properties"] = .object(properties.mapValues { $0.openAPI(prefix: prefix) })
        }
        if let additional { result["additionalProperties"] = additional.openAPI(prefix: prefix) }
        if let items { result["items"] = items.openAPI(prefix: prefix) }
        if !required.isEmpty { result["required"] = JSON(required) }
        if preservesUnknown { result["x-kubernetes-preserve-unknown-fields"] = true }
        if let defaultValue { result["default"] = defaultValue }
        if !listType.isEmpty, type == "array" { result["x-kubernetes-list-type"] = .string(listType) }
        if !listKeys.isEmpty { result["x-kubernetes-list-map-keys"] = JSON(listKeys) }
        if !mapType.isEmpty { result["x-kubernetes-map-type"] = .string(mapType) }
        if let rules, !rules.allowed.isEmpty { result["enum"] = .array(rules.allowed) }
        addPatchMarks(to: &result)
        return result
    }

    private func addPatchMarks(to result: inout JSON) {
        if let patchMergeKey { result["x-kubernetes-patch-merge-key"] = .string(patchMergeKey) }
        if let patchStrategy { result["x-kubernetes-patch-strategy"] = .string(patchStrategy) }
    }

    /// `apps.v1.Deployment` as `io.k8s.api.apps.v1.Deployment`.
    static func publicName(_ name: String) -> String {
        name.hasPrefix("meta.v1.")
            ? "io.k8s.apimachinery.pkg.apis." + name
            : name.hasPrefix("apiextensions.")
                ? "io.k8s.apiextensions-apiserver.pkg.apis." + name : "io.k8s.api." + name
    }
}
