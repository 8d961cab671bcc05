import Manifest

extension FieldSpecTables {
    /// Adds the rows of a `configurations` file, and returns its rows of name references.
    mutating func add(configuration bytes: [UInt8], file: String) throws(RenderError) -> [NameReferenceTable.Row] {
        let documents: [JSON]
        do {
            documents = try YAML.parse(bytes, dialect: .kustomize)
        } catch {
            throw RenderError(.malformed, path: file, line: error.line, reason: error.reason)
        }
        var rows: [NameReferenceTable.Row] = []
        for document in documents {
            var fields = try StrictFields(document, file: file, place: "")
            let labels = try specs("commonLabels", &fields)
            metadataLabels += try specs("labels", &fields)
            templateLabels += try specs("templateLabels", &fields)
            selectorLabels += labels
            annotations += try specs("commonAnnotations", &fields)
            namespace += try specs("namespace", &fields)
            namePrefix += try specs("namePrefix", &fields)
            nameSuffix += try specs("nameSuffix", &fields)
            replicas += try specs("replicas", &fields)
            images += try specs("images", &fields)
            for var entry in try fields.fieldsList("nameReference") {
                guard let kind = try entry.string("kind"), !kind.isEmpty else {
                    throw entry.error("kind", "is required")
                }
                let row = NameReferenceTable.Row(
                    group: try entry.string("group") ?? "", version: try entry.string("version") ?? "", kind: kind,
                    referrers: try specs("fieldSpecs", &entry))
                try entry.finish()
                rows.append(row)
            }
            try fields.refuse("varReference")
            try fields.finish()
        }
        return rows
    }

    private func specs(_ field: String, _ fields: inout StrictFields) throws(RenderError) -> [FieldSpec] {
        var specs: [FieldSpec] = []
        for var entry in try fields.fieldsList(field) { specs.append(try FieldSpec(&entry)) }
        return specs
    }
}

extension NameReferenceTable {
    /// The table with more rows; those for a kind that is there already join its row.
    func adding(_ more: [Row]) -> NameReferenceTable {
        var table = self
        for row in more {
            let index = table.rows.firstIndex {
                $0.kind == row.kind && $0.group == row.group && $0.version == row.version
            }
            if let index { table.rows[index].referrers += row.referrers } else { table.rows.append(row) }
        }
        return table
    }
}
