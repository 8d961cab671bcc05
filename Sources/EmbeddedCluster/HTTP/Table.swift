import Manifest

/// Objects as the rows that kubectl prints.
struct Table: Sendable {
    private let kind: ServedKind

    init(_ kind: ServedKind) { self.kind = kind }

    func table(_ objects: [JSON], includeObject: String, now: Timestamp) -> JSON {
        [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": .array(definitions),
            "rows": .array(objects.map { row($0, includeObject, now) }),
        ]
    }

    private var definitions: [JSON] {
        let name: JSON = [
            "name": "Name", "type": "string", "format": "name", "priority": 0,
            "description": "Name must be unique within a namespace.",
        ]
        return [name]
            + kind.version.columns.map { column in
                [
                    "name": .string(column.name), "type": .string(column.type), "format": .string(column.format),
                    "priority": JSON(column.priority), "description": .string(column.description),
                ]
            }
    }

    private func row(_ object: JSON, _ includeObject: String, _ now: Timestamp) -> JSON {
        let cells = [.string(object.objectKey.name)] + kind.version.columns.map { $0.cell(object, now) }
        var row: JSON = ["cells": .array(cells)]
        switch includeObject {
        case "None": break
        case "Object": row["object"] = object
        default:
            row["object"] = [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"] ?? .emptyObject,
            ]
        }
        return row
    }
}
