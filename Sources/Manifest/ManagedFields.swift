/// One entry of `metadata.managedFields`: the fields that one manager owns.
package struct ManagedFieldsEntry: Hashable, Sendable {
    package enum Operation: String, Hashable, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    package var manager: String
    package var operation: Operation
    package var apiVersion: String
    package var subresource: String
    package var time: Timestamp?
    package var fields: FieldSet

    package init(
        manager: String, operation: Operation, apiVersion: String, subresource: String = "", time: Timestamp?,
        fields: FieldSet
    ) {
        self.manager = manager
        self.operation = operation
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.time = time
        self.fields = fields
    }

    package init(_ json: JSON) throws(PatchError) {
        guard let operation = Operation(rawValue: json["operation"]?.stringValue ?? "") else {
            throw PatchError("operation must be Apply or Update", path: "metadata.managedFields")
        }
        guard json["fieldsType"] ?? "FieldsV1" == "FieldsV1" else {
            throw PatchError("fieldsType must be FieldsV1", path: "metadata.managedFields")
        }
        self.init(
            manager: json["manager"]?.stringValue ?? "", operation: operation,
            apiVersion: json["apiVersion"]?.stringValue ?? "", subresource: json["subresource"]?.stringValue ?? "",
            time: json["time"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            fields: try FieldSet(fieldsV1: json["fieldsV1"] ?? .emptyObject))
    }

    package var json: JSON {
        var entry: JSON = [
            "manager": .string(manager), "operation": .string(operation.rawValue), "apiVersion": .string(apiVersion),
            "fieldsType": "FieldsV1", "fieldsV1": fields.fieldsV1,
        ]
        if let time { entry["time"] = .string(time.rfc3339) }
        if !subresource.isEmpty { entry["subresource"] = .string(subresource) }
        return entry
    }

    /// Whether two entries stand for the same writer: an applier has one entry, whatever version it applies.
    func isSame(as other: ManagedFieldsEntry) -> Bool {
        manager == other.manager && operation == other.operation && subresource == other.subresource
            && (operation == .apply || apiVersion == other.apiVersion)
    }
}

/// The entries of `metadata.managedFields` of one object.
package struct ManagedFields: Hashable, Sendable {
    package var entries: [ManagedFieldsEntry]

    package init(_ entries: [ManagedFieldsEntry] = []) { self.entries = entries }

    /// Those of an object; `nil` when it has none or one of them cannot be read.
    package init?(of object: JSON) {
        guard let list = object.at("metadata", "managedFields")?.arrayValue, !list.isEmpty else { return nil }
        entries = []
        for json in list {
            guard let entry = try? ManagedFieldsEntry(json) else { return nil }
            entries.append(entry)
        }
    }

    /// More entries of plain updates than this are merged into one of the manager `ancient-changes`.
    private static let maxUpdates = 10

    /// The entries as they are stored: empty ones dropped, appliers first, then by time and name.
    package var json: JSON {
        .array(
            entries.filter { !$0.fields.isEmpty }
                .sorted { left, right in
                    if left.operation != right.operation { return left.operation == .apply }
                    let (a, b) = (left.time ?? Timestamp(seconds: 0), right.time ?? Timestamp(seconds: 0))
                    if a != b { return a < b }
                    return (left.manager, left.apiVersion, left.subresource)
                        < (right.manager, right.apiVersion, right.subresource)
                }.map(\.json))
    }

    mutating func boundUpdates() {
        var updates = entries.filter { $0.operation == .update && !$0.fields.isEmpty }
        guard updates.count > ManagedFields.maxUpdates else { return }
        updates.sort { ($0.time ?? Timestamp(seconds: 0), $0.manager) < ($1.time ?? Timestamp(seconds: 0), $1.manager) }
        let ancient = updates.prefix(updates.count - ManagedFields.maxUpdates + 1)
        entries.removeAll { entry in ancient.contains { $0.isSame(as: entry) } }
        for entry in ancient {
            if let index = entries.firstIndex(where: {
                $0.manager == "ancient-changes" && $0.apiVersion == entry.apiVersion && $0.operation == .update
            }) {
                entries[index].fields = entries[index].fields.union(entry.fields)
                entries[index].time = max(
                    entries[index].time ?? Timestamp(seconds: 0), entry.time ?? Timestamp(seconds: 0))
            } else {
                entries.append(
                    ManagedFieldsEntry(
                        manager: "ancient-changes", operation: .update, apiVersion: entry.apiVersion, time: entry.time,
                        fields: entry.fields))
            }
        }
    }

    mutating func reconcile(with live: JSON, schema: any ApplySchema) {
        for index in entries.indices {
            entries[index].fields = entries[index].fields.reconciled(with: live, schema: schema)
        }
    }

    /// Takes fields from some of the managers.
    mutating func take(_ fields: FieldSet, from isTaken: (ManagedFieldsEntry) -> Bool) {
        for index in entries.indices where isTaken(entries[index]) {
            entries[index].fields = entries[index].fields.difference(fields)
        }
    }

    /// What no manager can own: identity, and what the server writes.
    static func stripped(_ ignoring: [[String]]) -> (exact: FieldSet, whole: FieldSet) {
        let metadata = [
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
            "resourceVersion",
        ]
        var whole = FieldSet()
        whole.insert([.field("apiVersion")])
        whole.insert([.field("kind")])
        for name in metadata { whole.insert([.field("metadata"), .field(name)]) }
        for path in ignoring { whole.insert(path.map(FieldStep.field)) }
        var exact = FieldSet()
        exact.insert([.field("metadata")])
        return (exact, whole)
    }
}

extension ManagedFields {
    /// The new object with the `managedFields` that a plain create, update or patch leaves behind.
    ///
    /// The manager comes to own what it changed, and other managers lose it. An empty `managedFields` in the new object
    /// resets them all, an absent or unreadable one keeps the live ones.
    /// - Parameters:
    ///   - live: `nil` for a create.
    ///   - ignoring: Fields that this request cannot write, such as `["status"]` outside of the status subresource.
    package static func updated(
        live: JSON?, new: JSON, manager: String, apiVersion: String, subresource: String = "", now: Timestamp,
        schema: any ApplySchema, ignoring: [[String]] = []
    ) -> JSON {
        var result = new
        if let given = new.at("metadata", "managedFields")?.arrayValue, given.allSatisfy({ $0 == .emptyObject }) {
            result.set(nil, at: "metadata", "managedFields")
            return result
        }
        var managed = ManagedFields(of: new) ?? live.flatMap { ManagedFields(of: $0) } ?? ManagedFields()
        // Once nobody is known to own anything, plain writes do not begin to track: only an apply does.
        guard live == nil || !managed.entries.isEmpty else {
            result.set(nil, at: "metadata", "managedFields")
            return result
        }
        let stripped = stripped(ignoring)
        var comparison = FieldComparison(old: live, new: new, schema: schema)
        comparison.exclude(stripped.whole)
        comparison.added = comparison.added.difference(stripped.exact)
        let changed = comparison.modified.union(comparison.added)
        if live != nil, comparison.isEmpty {
            // A write that changes nothing leaves the owners as they are written, so that it stays no write at all.
            result.set(managed.json, at: "metadata", "managedFields")
            return result
        }
        managed.reconcile(with: live ?? .emptyObject, schema: schema)

        let own = ManagedFieldsEntry(
            manager: manager, operation: .update, apiVersion: apiVersion, subresource: subresource,
            time: now.wholeSeconds, fields: changed)
        managed.take(changed, from: { !$0.isSame(as: own) })
        managed.take(comparison.removed, from: { _ in true })
        if let index = managed.entries.firstIndex(where: own.isSame) {
            let before = managed.entries[index].fields
            managed.entries[index].fields = before.union(changed)
            managed.entries[index].time = now.wholeSeconds
        } else if !changed.isEmpty {
            managed.entries.append(own)
        }
        managed.boundUpdates()
        result.set(managed.json.arrayValue?.isEmpty == false ? managed.json : nil, at: "metadata", "managedFields")
        return result
    }
}
