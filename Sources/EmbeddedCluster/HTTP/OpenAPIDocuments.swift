import Kubernetes
import Manifest

/// OpenAPI documents as far as clients read them: schemas with merge keys, and the patch operation of each kind.
struct OpenAPIDocuments {
    private let kinds: KindRegistry

    init(_ kinds: KindRegistry) { self.kinds = kinds }

    private static let info: JSON = ["title": "Kubernetes", "version": "v1.32.0"]

    /// `/openapi/v3`: where each group's document is.
    var index: JSON {
        var paths = JSON.emptyObject
        for group in kinds.groups {
            for version in group.versions {
                let path = group.name.isEmpty ? "api/\(version)" : "apis/\(group.name)/\(version)"
                var hash = FNV1a()
                for kind in kinds.all where kind.group == group.name {
                    hash.combine(kind.name.utf8)
                    hash.combine("\(kind.versions.map { $0.schema.openAPI(prefix: "") })".utf8)
                }
                paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash.safeEncoded)")]
            }
        }
        return ["paths": paths]
    }

    func versionThree(group: String, version: String) throws(KubernetesError) -> JSON {
        let prefix = "#/components/schemas/"
        var schemas = JSON.emptyObject
        var paths = JSON.emptyObject
        for definition in kinds.all where definition.group == group {
            guard let version = definition.version(version) else { continue }
            let kind = ServedKind(definition: definition, version: version)
            let name = schemaName(kind)
            schemas[name] = schema(kind, prefix: prefix)
            paths[path(kind)] = ["patch": patch(kind, prefix + name)]
        }
        guard schemas != .emptyObject else { throw .noSuchResource }
        for (name, node) in reachable(group: group, version: version) where schemas[name] == nil {
            schemas[name] = node.openAPI(prefix: prefix, expandingName: true)
        }
        return [
            "openapi": "3.0.0", "info": Self.info, "paths": paths, "components": ["schemas": schemas],
        ]
    }

    /// `/openapi/v2`, as JSON.
    var versionTwo: JSON {
        let prefix = "#/definitions/"
        var definitions = JSON.emptyObject
        for definition in kinds.all {
            for version in definition.versions where version.isServed {
                let kind = ServedKind(definition: definition, version: version)
                definitions[schemaName(kind)] = schema(kind, prefix: prefix)
                for (name, node) in reachable(group: definition.group, version: version.name)
                where definitions[name] == nil {
                    definitions[name] = node.openAPI(prefix: prefix, expandingName: true)
                }
            }
        }
        return ["swagger": "2.0", "info": Self.info, "paths": [:], "definitions": definitions]
    }

    private func schemaName(_ kind: ServedKind) -> String {
        if let name = kind.version.schema.typeName { return SchemaNode.publicName(name) }
        let group = kind.definition.group.split(separator: ".").reversed().joined(separator: ".")
        return "\(group).\(kind.version.name).\(kind.definition.kind)"
    }

    private func schema(_ kind: ServedKind, prefix: String) -> JSON {
        var schema = kind.version.schema.openAPI(prefix: prefix, expandingName: true)
        schema["x-kubernetes-group-version-kind"] = [reference(kind)]
        return schema
    }

    private func reference(_ kind: ServedKind) -> JSON {
        [
            "group": .string(kind.definition.group), "version": .string(kind.version.name),
            "kind": .string(kind.definition.kind),
        ]
    }

    private func path(_ kind: ServedKind) -> String {
        let definition = kind.definition
        let root = definition.group.isEmpty ? "/api" : "/apis/\(definition.group)"
        let scope = definition.isNamespaced ? "/namespaces/{namespace}" : ""
        return "\(root)/\(kind.version.name)\(scope)/\(definition.plural)/{name}"
    }

    private func patch(_ kind: ServedKind, _ schema: String) -> JSON {
        var types = [PatchType.apply, .json, .merge]
        if !kind.definition.isCustom { types.append(.strategicMerge) }
        var content = JSON.emptyObject
        for type in types { content[type.rawValue] = ["schema": ["type": "object"]] }
        let parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map { name -> JSON in
            [
                "name": .string(name), "in": "query", "description": .string("The query parameter \(name)."),
                "schema": ["type": name == "force" ? "boolean" : "string", "uniqueItems": true],
            ]
        }
        return [
            "description": .string("partially update the specified \(kind.definition.kind)"),
            "operationId": .string("patch\(kind.definition.kind)\(kind.version.name)\(kind.definition.plural)"),
            "parameters": .array(parameters), "requestBody": ["content": content, "required": true],
            "responses": [
                "200": ["description": "OK", "content": ["application/json": ["schema": ["$ref": .string(schema)]]]]
            ],
            "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": reference(kind),
        ]
    }

    /// The named types that a group's kinds use.
    private func reachable(group: String, version: String) -> [(String, SchemaNode)] {
        var found: [String: SchemaNode] = [:]
        func visit(_ node: SchemaNode, depth: Int) {
            guard depth < 60 else { return }
            if let name = node.typeName {
                guard found[name] == nil else { return }
                found[name] = BuiltInSchemas.type(name)
            }
            for child in node.properties.values { visit(child, depth: depth + 1) }
            if let items = node.items { visit(items, depth: depth + 1) }
            if let additional = node.additional { visit(additional, depth: depth + 1) }
        }
        for definition in kinds.all where definition.group == group {
            if let version = definition.version(version) { visit(version.schema, depth: 0) }
        }
        return found.map { (SchemaNode.publicName($0.key), $0.value) }.sorted { $0.0 < $1.0 }
    }
}
