import Manifest

/// The built-in transformers of one target, in Kustomize's order.
struct Transformers {
    let target: Kustomization
    let directory: String
    let build: KustomizeBuild
    let tables: FieldSpecTables

    func run(on list: inout ResourceList) throws(RenderError) {
        for rule in target.strategicPatches { try patch(rule, &list) }
        for rule in target.patches { try patch(rule, &list) }
        if !target.namespace.isEmpty { try setNamespace(&list) }
        try rename(&list)
        for rule in target.labels { try label(rule, &list) }
        if !target.annotations.isEmpty { try set(target.annotations, tables.annotations, &list) }
        for rule in target.jsonPatches { try patch(rule, &list) }
        for rule in target.replicas { try scale(rule, &list) }
        if !target.images.isEmpty { try setImages(&list) }
    }

    // MARK: Patches

    private func patch(_ rule: Kustomization.PatchRule, _ list: inout ResourceList) throws(RenderError) {
        let bytes: [UInt8] =
            if let path = rule.path { try build.contents(path, rule.place, target, directory) } else {
                Array(rule.text.utf8)
            }
        let source = rule.path.flatMap { SourcePath.resolve($0, in: directory) } ?? target.file
        let documents: [JSON]
        do {
            documents = try YAML.parse(bytes, dialect: .kustomize)
        } catch {
            throw RenderError(.malformed, path: source, line: error.line, reason: "\(rule.place): \(error.reason)")
        }
        if case .array = documents.first, documents.count == 1 {
            return try applyJSONPatch(documents[0], rule, source, &list)
        }
        if let place = rule.target {
            guard documents.count == 1 else {
                throw RenderError(
                    .malformed, path: source,
                    reason: "\(rule.place): a patch with a target has one document, found \(documents.count); split it")
            }
            let indices = list.resources.indices.filter { place.selects(list.resources[$0]) }
            try applyStrategic(documents[0], to: indices, rule, source, &list)
            return
        }
        guard !documents.isEmpty else {
            throw RenderError(
                .malformed, path: source, reason: "\(rule.place): the patch is empty; add an object, or remove it")
        }
        for document in documents {
            let id = ResourceID(of: document)
            let indices = list.indices(withAnyID: id)
            guard indices.count == 1 else {
                throw RenderError(
                    indices.isEmpty ? .notFound : .conflict, path: source,
                    reason:
                        "\(rule.place): \(indices.isEmpty ? "no object is" : "several objects are") \(id) of \(id.kind.apiVersion); "
                        + "correct apiVersion, kind, name and namespace of the patch, or give it a target")
            }
            try applyStrategic(document, to: indices, rule, source, &list)
        }
    }

    private func applyJSONPatch(
        _ patch: JSON, _ rule: Kustomization.PatchRule, _ source: String, _ list: inout ResourceList
    ) throws(RenderError) {
        guard let place = rule.target else {
            throw RenderError(.malformed, path: source, reason: "\(rule.place): a JSON patch needs a target")
        }
        for index in list.resources.indices where place.selects(list.resources[index]) {
            list.resources[index].rememberID()
            do {
                list.resources[index].object = try JSONPatch.apply(patch, to: list.resources[index].object)
            } catch {
                throw RenderError(
                    .malformed, path: source, reason: "\(rule.place) on \(list.resources[index].id): \(error)")
            }
        }
    }

    private func applyStrategic(
        _ patch: JSON, to indices: [Int], _ rule: Kustomization.PatchRule, _ source: String, _ list: inout ResourceList
    ) throws(RenderError) {
        var deleted = Set<Int>()
        for index in indices {
            let before = list.resources[index]
            var after: JSON?
            do {
                after = try StrategicPatch.apply(patch, to: before.object, schema: MergeSchema.of(before.id.kind))
            } catch {
                throw RenderError(.malformed, path: source, reason: "\(rule.place) on \(before.id): \(error)")
            }
            guard var object = after else {
                deleted.insert(index)
                continue
            }
            if rule.allowNameChange || rule.allowKindChange { list.resources[index].rememberID() }
            if rule.target != nil { object["apiVersion"] = before.object["apiVersion"] }
            if !rule.allowKindChange { object["kind"] = before.object["kind"] }
            if !rule.allowNameChange { object.set(.string(before.id.name), at: "metadata", "name") }
            object.set(before.object.at("metadata", "namespace"), at: "metadata", "namespace")
            list.resources[index].object = object
        }
        if deleted.isEmpty { return }
        list.resources = list.resources.indices.filter { !deleted.contains($0) }.map { list.resources[$0] }
    }

    // MARK: Names and namespaces

    private func setNamespace(_ list: inout ResourceList) throws(RenderError) {
        let namespace = JSON.string(target.namespace)
        for index in list.resources.indices {
            let id = list.resources[index].id
            list.resources[index].rememberID()
            try list.resources[index].edit { object throws(RenderError) in
                if id.kind.kind == "Namespace", id.kind.group.isEmpty {
                    object.set(namespace, at: "metadata", "name")
                } else if !id.isClusterScoped {
                    object.set(namespace, at: "metadata", "namespace")
                }
                switch id.kind.kind {
                case "APIService" where id.kind.group == "apiregistration.k8s.io":
                    try object.visit(FieldPath("spec/service/namespace").segments[...], create: "") { $0 = namespace }
                case "CustomResourceDefinition" where id.kind.group == "apiextensions.k8s.io":
                    let path = FieldPath("spec/conversion/webhook/clientConfig/service/namespace")
                    try object.visit(path.segments[...], create: nil) { $0 = namespace }
                case "RoleBinding", "ClusterRoleBinding":
                    try object.visit(FieldPath("subjects").segments[...], create: nil) { subjects in
                        guard case .array(var elements) = subjects else { return }
                        for index in elements.indices
                        where elements[index]["kind"] == "ServiceAccount" && elements[index]["name"] == "default" {
                            elements[index]["namespace"] = namespace
                        }
                        subjects = .array(elements)
                    }
                default: break
                }
                for spec in tables.namespace where spec.selects(id.kind) {
                    try object.visit(spec.path.segments[...], create: spec.create ? "" : nil) { $0 = namespace }
                }
            }
        }
        var seen = Set<ResourceID>()
        for resource in list.resources where !seen.insert(resource.id.effective).inserted {
            throw RenderError(
                .conflict, path: target.file,
                reason:
                    "namespace: two objects become \(resource.id) (one from \(resource.provenance)); rename one of them"
            )
        }
    }

    private func rename(_ list: inout ResourceList) throws(RenderError) {
        let (prefix, suffix) = (target.namePrefix, target.nameSuffix)
        for index in list.resources.indices {
            let id = list.resources[index].id
            list.resources[index].rememberID()
            if prefix.isEmpty, suffix.isEmpty { continue }
            let isFixed = ["CustomResourceDefinition", "APIService", "Namespace"].contains(id.kind.kind)
            if !isFixed {
                if !prefix.isEmpty { list.resources[index].prefixes.append(prefix) }
                if !suffix.isEmpty { list.resources[index].suffixes.append(suffix) }
            }
            try list.resources[index].edit { object throws(RenderError) in
                if !isFixed { object.set(.string(prefix + id.name + suffix), at: "metadata", "name") }
                for (specs, affix) in [(tables.namePrefix, { prefix + $0 }), (tables.nameSuffix, { $0 + suffix })]
                    as [([FieldSpec], (String) -> String)]
                {
                    for spec in specs where spec.selects(id.kind) {
                        try object.visit(spec.path.segments[...], create: nil) { value in
                            if case .string(let text) = value { value = .string(affix(text)) }
                        }
                    }
                }
            }
        }
    }

    // MARK: Labels, counts and images

    private func label(_ rule: Kustomization.LabelRule, _ list: inout ResourceList) throws(RenderError) {
        var specs = tables.metadataLabels + rule.fields
        if rule.includeTemplates || rule.includeSelectors { specs += tables.templateLabels }
        if rule.includeSelectors { specs += tables.selectorLabels }
        try set(rule.pairs, specs, &list)
    }

    private func set(
        _ pairs: [String: String], _ specs: [FieldSpec], _ list: inout ResourceList
    ) throws(RenderError) {
        if pairs.isEmpty { return }
        for index in list.resources.indices {
            let kind = list.resources[index].id.kind
            for spec in specs where spec.selects(kind) {
                try list.resources[index].edit { object throws(RenderError) in
                    try object.visit(spec.path.segments[...], create: spec.create ? .emptyObject : nil) { value in
                        guard case .object(var members) = value else { return }
                        value = .null
                        for (key, text) in pairs { members[key] = .string(text) }
                        value = .object(members)
                    }
                }
            }
        }
    }

    private func scale(_ rule: Kustomization.ReplicaRule, _ list: inout ResourceList) throws(RenderError) {
        var isFound = false
        for index in list.resources.indices {
            let resource = list.resources[index]
            let hasName =
                resource.id.name == rule.name || resource.original.name == rule.name
                || resource.previous.contains { $0.name == rule.name }
            for spec in tables.replicas where hasName && spec.selects(resource.id.kind) {
                isFound = true
                try list.resources[index].edit { object throws(RenderError) in
                    try object.visit(spec.path.segments[...], create: spec.create ? 0 : nil) { $0 = .int(rule.count) }
                }
            }
        }
        guard isFound else {
            throw RenderError(
                .notFound, path: target.file,
                reason:
                    "replicas: no Deployment, ReplicaSet, ReplicationController or StatefulSet is named \"\(rule.name)\"; correct the name"
            )
        }
    }

    private func setImages(_ list: inout ResourceList) throws(RenderError) {
        let rules = target.images
        for index in list.resources.indices where list.resources[index].id.kind.kind != "CustomResourceDefinition" {
            let kind = list.resources[index].id.kind
            try list.resources[index].edit { object throws(RenderError) in
                object.replaceImages(rules)
                for spec in tables.images where spec.selects(kind) {
                    try object.visit(spec.path.segments[...], create: nil) { value in
                        guard case .string(var image) = value else { return }
                        for rule in rules { image = rule.applied(to: image) ?? image }
                        value = .string(image)
                    }
                }
            }
        }
    }
}
