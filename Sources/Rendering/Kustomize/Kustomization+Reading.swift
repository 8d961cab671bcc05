import Manifest

extension Kustomization {
    /// Reads a kustomization file strictly: a field that is unknown or not supported is an error that names it.
    init(_ value: JSON, file: String) throws(RenderError) {
        self.file = file
        var fields = try StrictFields(value, file: file, place: "")
        try readKind(&fields)
        resources = try fields.strings("resources")
        resources += try fields.strings("bases")
        components = try fields.strings("components")
        configurations = try fields.strings("configurations")
        namespace = try fields.string("namespace") ?? ""
        namePrefix = try fields.string("namePrefix") ?? ""
        nameSuffix = try fields.string("nameSuffix") ?? ""
        try readLabels(&fields)
        annotations = try fields.stringMap("commonAnnotations")
        try readPatches(&fields)
        for name in ["images", "imageTags"] {
            for image in try fields.fieldsList(name) { images.append(try ImageRule(image)) }
        }
        for var entry in try fields.fieldsList("replicas") {
            guard let name = try entry.string("name"), !name.isEmpty else { throw entry.error("name", "is required") }
            replicas.append(ReplicaRule(name: name, count: try entry.int("count") ?? 0))
            try entry.finish()
        }
        try readGenerators(&fields)
        if var order = try fields.fields("sortOptions") { sortOrder = try OutputOrder(&order) }
        try fields.refuse("helmCharts", instead: "commit the chart's output")
        try fields.refuse("helmChartInflationGenerator", instead: "commit the chart's output")
        try fields.refuse("helmGlobals")
        try fields.refuse("vars", instead: "use a patch")
        try fields.refuse("replacements", instead: "use a patch")
        for name in ["crds", "generators", "transformers", "validators", "buildMetadata", "openapi"] {
            try fields.refuse(name)
        }
        _ = fields.take("metadata")
        try fields.finish()
    }

    private mutating func readKind(_ fields: inout StrictFields) throws(RenderError) {
        let kind = try fields.string("kind") ?? ""
        let version = try fields.string("apiVersion") ?? ""
        isComponent = kind == "Component"
        guard kind.isEmpty || isComponent || kind == "Kustomization" else {
            throw fields.error("kind", "must be Kustomization or Component, found \"\(kind.prefix(60))\"")
        }
        let wanted = "kustomize.config.k8s.io/" + (isComponent ? "v1alpha1" : "v1beta1")
        guard version.isEmpty || version == wanted else {
            throw fields.error("apiVersion", "must be \(wanted), found \"\(version.prefix(60))\"")
        }
    }

    private mutating func readLabels(_ fields: inout StrictFields) throws(RenderError) {
        for var entry in try fields.fieldsList("labels") {
            var rule = LabelRule(pairs: try entry.stringMap("pairs"))
            rule.includeSelectors = try entry.bool("includeSelectors") ?? false
            rule.includeTemplates = try entry.bool("includeTemplates") ?? false
            for var spec in try entry.fieldsList("fields") { rule.fields.append(try FieldSpec(&spec)) }
            try entry.refuse("includeVolumeClaimTemplates")
            try entry.finish()
            labels.append(rule)
        }
        let common = try fields.stringMap("commonLabels")
        if !common.isEmpty { labels.append(LabelRule(pairs: common, includeSelectors: true)) }
    }

    private mutating func readPatches(_ fields: inout StrictFields) throws(RenderError) {
        for (index, text) in try fields.strings("patchesStrategicMerge").enumerated() {
            var rule = PatchRule(place: "patchesStrategicMerge[\(index)]")
            // An entry is a path or, where it has several lines, the patch itself.
            if text.contains("\n") { rule.text = text } else { rule.path = text }
            strategicPatches.append(rule)
        }
        for (index, entry) in try fields.fieldsList("patches").enumerated() {
            patches.append(try PatchRule(entry, place: "patches[\(index)]"))
        }
        for (index, entry) in try fields.fieldsList("patchesJson6902").enumerated() {
            let rule = try PatchRule(entry, place: "patchesJson6902[\(index)]")
            guard rule.target != nil else { throw entry.error("target", "is required") }
            jsonPatches.append(rule)
        }
    }

    private mutating func readGenerators(_ fields: inout StrictFields) throws(RenderError) {
        var shared = GeneratorOptions()
        if var options = try fields.fields("generatorOptions") {
            shared = try GeneratorOptions(&options)
            try options.finish()
        }
        for (name, isSecret) in [("configMapGenerator", false), ("secretGenerator", true)] {
            for (index, entry) in try fields.fieldsList(name).enumerated() {
                var rule = try GeneratorRule(entry, isSecret: isSecret, place: "\(name)[\(index)]")
                rule.options.labels.merge(shared.labels) { own, _ in own }
                rule.options.annotations.merge(shared.annotations) { own, _ in own }
                if shared.disableNameSuffixHash { rule.options.disableNameSuffixHash = true }
                if shared.immutable { rule.options.immutable = true }
                generators.append(rule)
            }
        }
    }
}

extension Kustomization.PatchRule {
    init(_ entry: StrictFields, place: String) throws(RenderError) {
        var entry = entry
        self.place = place
        path = try entry.string("path")
        text = try entry.string("patch") ?? ""
        guard (path == nil) != text.isEmpty else { throw entry.error("patch", "give either path or patch") }
        if var fields = try entry.fields("target") { target = try PatchTarget(&fields) }
        if var options = try entry.fields("options") {
            allowNameChange = try options.bool("allowNameChange") ?? false
            allowKindChange = try options.bool("allowKindChange") ?? false
            try options.finish()
        }
        try entry.finish()
    }
}

extension Kustomization.GeneratorOptions {
    init(_ fields: inout StrictFields) throws(RenderError) {
        labels = try fields.stringMap("labels")
        annotations = try fields.stringMap("annotations")
        disableNameSuffixHash = try fields.bool("disableNameSuffixHash") ?? false
        immutable = try fields.bool("immutable") ?? false
    }
}

extension Kustomization.GeneratorRule {
    init(_ entry: StrictFields, isSecret: Bool, place: String) throws(RenderError) {
        var entry = entry
        self.isSecret = isSecret
        self.place = place
        name = try entry.string("name") ?? ""
        guard !name.isEmpty else { throw entry.error("name", "is required") }
        namespace = try entry.string("namespace") ?? ""
        if let text = try entry.string("behavior"), !text.isEmpty {
            guard let known = Behavior(rawValue: text) else {
                throw entry.error("behavior", "must be create, merge or replace, found \"\(text.prefix(60))\"")
            }
            behavior = known
        }
        literals = try entry.strings("literals")
        files = try entry.strings("files")
        envs = try entry.strings("envs")
        if let env = try entry.string("env") { envs.append(env) }
        if isSecret { type = try entry.string("type") ?? "" }
        if var fields = try entry.fields("options") {
            options = try Kustomization.GeneratorOptions(&fields)
            try fields.finish()
        }
        try entry.finish()
    }
}
