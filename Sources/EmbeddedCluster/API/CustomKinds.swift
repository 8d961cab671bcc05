import Kubernetes
import Manifest

/// From a CustomResourceDefinition to a served kind.
enum CustomKinds {
    static let definitionsName = "customresourcedefinitions.apiextensions.k8s.io"
    static let cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

    static func definition(_ object: JSON) -> KindDefinition? {
        guard let spec = object["spec"], let group = spec["group"]?.stringValue, let names = spec["names"],
            let plural = names["plural"]?.stringValue, let kind = names["kind"]?.stringValue
        else { return nil }
        let versions = (spec["versions"]?.arrayValue ?? []).map(version)
        let storage = spec["versions"]?.arrayValue?.first { $0["storage"] == true }?["name"]?.stringValue
        return KindDefinition(
            group: group, plural: plural, singular: names["singular"]?.stringValue ?? kind.lowercased(), kind: kind,
            isNamespaced: spec["scope"]?.stringValue != "Cluster", shortNames: strings(names["shortNames"]),
            categories: strings(names["categories"]), versions: versions,
            storageVersion: storage ?? versions.first?.name ?? "v1", rules: KindRules(hasGeneration: true),
            isCustom: true)
    }

    private static func version(_ json: JSON) -> KindVersion {
        let root = SchemaNode(openAPI: json.at("schema", "openAPIV3Schema") ?? .emptyObject)
        var properties = root.properties
        properties["apiVersion"] = SchemaNode(type: "string")
        properties["kind"] = SchemaNode(type: "string")
        properties["metadata"] = BuiltInSchemas.objectMeta
        let schema = SchemaNode(
            type: "object", properties: properties, additional: root.additional, required: root.required,
            preservesUnknown: root.preservesUnknown, rules: root.rules, description: root.description)
        let scale = json.at("subresources", "scale")
        return KindVersion(
            name: json["name"]?.stringValue ?? "", schema: schema, columns: columns(json["additionalPrinterColumns"]),
            hasStatus: json.at("subresources", "status") != nil,
            scale: scale.map { paths in
                ScalePaths(
                    replicas: path(paths["specReplicasPath"]) ?? ["spec", "replicas"],
                    statusReplicas: path(paths["statusReplicasPath"]) ?? ["status", "replicas"],
                    selector: path(paths["labelSelectorPath"]))
            }, isServed: json["served"]?.boolValue ?? true, isDeprecated: json["deprecated"]?.boolValue ?? false)
    }

    private static func path(_ json: JSON?) -> [String]? {
        json?.stringValue.map { $0.split(separator: ".").map(String.init) }
    }

    private static func strings(_ json: JSON?) -> [String] { json?.arrayValue?.compactMap(\.stringValue) ?? [] }

    private static func columns(_ json: JSON?) -> [PrinterColumn] {
        let listed = (json?.arrayValue ?? []).map { column in
            let type = column["type"]?.stringValue ?? "string"
            // An unreadable path finds nothing.
            let path = try? JSONPathExpression(column["jsonPath"]?.stringValue ?? "")
            return PrinterColumn(
                name: column["name"]?.stringValue ?? "", type: type, format: column["format"]?.stringValue ?? "",
                priority: Int(column["priority"]?.intValue ?? 0), description: column["description"]?.stringValue ?? "",
                cell: { object, now in cell(path?.values(in: object) ?? [], type, now) })
        }
        return listed.isEmpty ? [.age] : listed
    }

    private static func cell(_ values: [JSON], _ type: String, _ now: Timestamp) -> JSON {
        guard let first = values.first, !first.isNull else { return .null }
        switch type {
        case "integer": return first.doubleValue.map { .int(Int64(clamping: Int($0.rounded(.towardZero)))) } ?? .null
        case "number": return first.doubleValue.map(JSON.number) ?? .null
        case "boolean": return first.boolValue.map(JSON.bool) ?? .null
        case "date":
            guard let text = first.stringValue, let time = Timestamp(rfc3339: text) else { return "<invalid>" }
            return .string(HumanDuration.text(now - time))
        default: return .string(values.map { $0.stringValue ?? $0.description }.joined(separator: ","))
        }
    }

    /// The status that a new or changed definition gets at once.
    static func status(of object: JSON, now: Timestamp) -> JSON {
        let spec = object["spec"] ?? .emptyObject
        let stored = spec["versions"]?.arrayValue?.first { $0["storage"] == true }?["name"] ?? .null
        var versions = object.at("status", "storedVersions")?.arrayValue ?? []
        if !stored.isNull, !versions.contains(stored) { versions.append(stored) }
        func condition(_ type: String, _ reason: String, _ message: String) -> JSON {
            let present = object.at("status", "conditions")?.arrayValue?.first { $0["type"]?.stringValue == type }
            return present ?? [
                "type": .string(type), "status": "True", "reason": .string(reason), "message": .string(message),
                "lastTransitionTime": .string(now.rfc3339),
            ]
        }
        return [
            "acceptedNames": spec["names"] ?? .emptyObject, "storedVersions": .array(versions),
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
        ]
    }
}

extension ClusterAPI {
    /// Serves the kind of a definition in its present form, and says so in the definition's status.
    func refreshCustomKind(_ stored: StoredObject) {
        guard let definition = CustomKinds.definition(stored.json) else { return }
        changeKinds { $0.add(definition) }
        let status = CustomKinds.status(of: stored.json, now: clock.now())
        guard stored.json["status"] != status else { return }
        var object = stored.json
        object["status"] = status
        _ = try? store.put(
            ClusterStore.Place(collection: CustomKinds.definitionsName, key: stored.key), expected: stored.revision
        ) { revision in
            var object = object
            object.set(.string(String(revision)), at: "metadata", "resourceVersion")
            return object
        }
    }
}
