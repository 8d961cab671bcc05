import Manifest

/// Puts the new names of renamed objects into the fields that refer to them.
struct NameReferences {
    private let table: NameReferenceTable
    private let resources: [KustomizeResource]
    /// Objects by the names they have had.
    private var byPreviousName: [String: [Int]] = [:]
    /// For each kind of referrer, its fields with the row that they refer to, in the table's order.
    private var fieldsByKind: [String: [(row: Int, spec: FieldSpec)]] = [:]

    private init(_ resources: [KustomizeResource], _ table: NameReferenceTable) {
        self.table = table
        self.resources = resources
        for (index, resource) in resources.enumerated() {
            var names = Set<String>()
            for id in resource.previous where names.insert(id.name).inserted {
                byPreviousName[id.name, default: []].append(index)
            }
        }
        for (row, entry) in table.rows.enumerated() {
            for spec in entry.referrers { fieldsByKind[spec.kind, default: []].append((row, spec)) }
        }
    }

    static func fix(_ list: inout ResourceList, _ table: NameReferenceTable) throws(RenderError) {
        let references = NameReferences(list.resources, table)
        if references.byPreviousName.isEmpty { return }
        for index in references.resources.indices {
            let referrer = references.resources[index]
            var fields = references.fieldsByKind[referrer.original.kind.kind] ?? []
            if let rest = references.fieldsByKind[""] { fields = (fields + rest).sorted { $0.row < $1.row } }
            for (row, spec) in fields where spec.selects(referrer.original.kind) {
                let rule = table.rows[row]
                let isRole = spec.path.segments.first?.name == "roleRef"
                try list.resources[index].edit { object throws(RenderError) in
                    let role = isRole ? object["roleRef"] : nil
                    try object.visit(spec.path.segments[...], create: nil) { value throws(RenderError) in
                        try references.update(&value, referrer, rule, role: role)
                    }
                }
            }
        }
    }

    private func update(
        _ value: inout JSON, _ referrer: KustomizeResource, _ row: NameReferenceTable.Row, role: JSON?
    ) throws(RenderError) {
        switch value {
        case .string(let name):
            guard let found = try referent(name, referrer, row, role: role, namespace: nil) else { return }
            if found.id.name != name { value = .string(found.id.name) }
        case .array(var elements):
            for index in elements.indices { try update(&elements[index], referrer, row, role: role) }
            value = .array(elements)
        case .object(let members):
            guard let name = members["name"]?.stringValue else { return }
            let namespace = members["namespace"]?.stringValue
            guard let found = try referent(name, referrer, row, role: role, namespace: namespace) else { return }
            if found.id.name == name, found.id.namespace.isEmpty { return }
            value["name"] = .string(found.id.name)
            if !found.id.namespace.isEmpty { value["namespace"] = .string(found.id.namespace) }
        default: break
        }
    }

    /// The object that a name meant when it was written.
    private func referent(
        _ name: String, _ referrer: KustomizeResource, _ row: NameReferenceTable.Row, role: JSON?, namespace: String?
    ) throws(RenderError) -> KustomizeResource? {
        guard let named = byPreviousName[name] else { return nil }
        var candidates = named.map { resources[$0] }.filter { candidate in
            candidate.previous.contains { id in
                id.kind.kind == row.kind && (row.group.isEmpty || row.group == id.kind.group)
                    && (row.version.isEmpty || row.version == id.kind.version)
            }
        }
        if let role {
            candidates = candidates.filter {
                $0.id.kind.kind == role["kind"]?.stringValue
                    && $0.id.kind.group == (role["apiGroup"]?.stringValue ?? "")
            }
        }
        candidates = candidates.filter { isVisible($0, to: referrer) }
        if let namespace {
            let byOriginal = candidates.filter { $0.original.effectiveNamespace == namespace }
            candidates = byOriginal.isEmpty ? candidates.filter { $0.id.effectiveNamespace == namespace } : byOriginal
        }
        if candidates.count > 1 {
            candidates = candidates.filter { $0.sharesAffixes(with: referrer, emptyMatchesAll: true) }
        }
        if candidates.count > 1 {
            candidates = candidates.filter { $0.sharesAffixes(with: referrer, emptyMatchesAll: false) }
        }
        guard let first = candidates.first else { return nil }
        let isSame = candidates.allSatisfy {
            $0.id.name == first.id.name && (namespace == nil || $0.id.namespace == first.id.namespace)
        }
        guard isSame else {
            throw RenderError(
                .conflict, path: referrer.provenance.file, line: referrer.provenance.line,
                reason: "\(referrer.original) refers to \"\(name)\", which may be "
                    + candidates.prefix(5).map(\.id.description).joined(separator: " or ") + "; rename one of them")
        }
        return first
    }

    /// Objects of another namespace are out of reach, but for the service accounts that a binding names there.
    private func isVisible(_ candidate: KustomizeResource, to referrer: KustomizeResource) -> Bool {
        if referrer.id.isClusterScoped || candidate.id.isClusterScoped { return true }
        if candidate.id.effectiveNamespace == referrer.id.effectiveNamespace { return true }
        guard candidate.id.kind.kind == "ServiceAccount", referrer.id.kind.kind == "RoleBinding" else { return false }
        let subjects = referrer.object["subjects"]?.arrayValue ?? []
        return subjects.contains { $0["namespace"]?.stringValue == candidate.id.namespace }
    }
}
