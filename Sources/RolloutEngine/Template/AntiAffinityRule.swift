import Manifest

/// The term of `podAntiAffinity` that keeps new pods off the nodes of the stable ones.
enum AntiAffinityRule {
    /// Appends the term for a stable hash; what the user wrote stays.
    static func inject(
        _ antiAffinity: AntiAffinity, stableHash: String, namespace: String, into template: JSON
    ) -> JSON {
        var template = template
        let term: JSON = [
            "labelSelector": [
                "matchExpressions": [
                    ["key": .string(Keys.podTemplateHash), "operator": "In", "values": [.string(stableHash)]]
                ]
            ],
            "namespaces": [.string(namespace)], "topologyKey": "kubernetes.io/hostname",
        ]
        let (field, entry): (String, JSON) =
            antiAffinity.isRequired
            ? (required, term)
            : (preferred, ["podAffinityTerm": term, "weight": JSON(antiAffinity.preferredWeight ?? 1)])
        let terms = template.at("spec", "affinity", "podAntiAffinity", field)?.arrayValue ?? []
        template.set(.array(terms + [entry]), at: "spec", "affinity", "podAntiAffinity", field)
        return template
    }

    /// The template without injected terms, and the hashes that they named.
    static func strip(_ template: JSON) -> (template: JSON, hashes: [String]) {
        var template = template
        var hashes: [String] = []
        guard template.at("spec", "affinity", "podAntiAffinity") != nil else { return (template, []) }
        for field in [required, preferred] {
            guard let terms = template.at("spec", "affinity", "podAntiAffinity", field)?.arrayValue else { continue }
            let kept = terms.filter { entry in
                guard let hash = injectedHash(entry) else { return true }
                hashes.append(hash)
                return false
            }
            if kept.count != terms.count {
                template.set(kept.isEmpty ? nil : .array(kept), at: "spec", "affinity", "podAntiAffinity", field)
            }
        }
        // Parents that only the injection made.
        if template.at("spec", "affinity", "podAntiAffinity")?.objectValue?.isEmpty ?? false {
            template.set(nil, at: "spec", "affinity", "podAntiAffinity")
        }
        if template.at("spec", "affinity")?.objectValue?.isEmpty ?? false { template.set(nil, at: "spec", "affinity") }
        return (template, hashes)
    }

    /// The stable hash that a term of ours names; `nil` for terms of the user.
    private static func injectedHash(_ entry: JSON) -> String? {
        let term = entry["podAffinityTerm"] ?? entry
        let expressions = term.at("labelSelector", "matchExpressions")?.arrayValue ?? []
        guard expressions.count == 1, expressions[0]["key"]?.stringValue == Keys.podTemplateHash,
            term["topologyKey"]?.stringValue == "kubernetes.io/hostname"
        else { return nil }
        return expressions[0]["values"]?.arrayValue?.first?.stringValue ?? ""
    }

    private static let required = "requiredDuringSchedulingIgnoredDuringExecution"
    private static let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
}
