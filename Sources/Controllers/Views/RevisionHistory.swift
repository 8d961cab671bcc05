package import Manifest
import RolloutEngine

/// The earlier versions of a Rollout that `undo` goes back to.
package enum RevisionHistory {
    /// The pod template of a revision, without what the controller put into it.
    /// - Parameters:
    ///   - rollout: With its selector, and its template, resolved from the workload where it refers to one.
    ///   - revision: 0 is the one before the newest.
    ///   - replicaSets: Those of the namespace; what the Rollout does not control or select is left out.
    /// - Throws: A sentence for the user, when there is no such revision.
    package static func target(
        of rollout: JSON, selector: JSON?, replicaSets: [JSON], revision: Int64
    ) throws(PromotionError) -> (revision: Int64, template: JSON) {
        let name = rollout.objectKey.name
        var revisions: [(number: Int64, set: JSON)] = []
        let labels = try? selector.map { try LabelSelector($0) }
        for set in replicaSets where set.isOwned(by: rollout.uid) {
            if let labels, !labels.matches(set.labels) { continue }
            guard let number = Int64(set.annotations[Keys.revision] ?? "") else { continue }
            revisions.append((number, set))
        }
        revisions.sort { $0.number > $1.number }
        if revision == 0 {
            guard revisions.count > 1 else {
                throw PromotionError(
                    "Rollout \(name) has no earlier revision to go back to; see `get rollout \(name)`")
            }
            return (revisions[1].number, template(of: revisions[1].set))
        }
        guard let found = revisions.first(where: { $0.number == revision }) else {
            let known = revisions.map { "\($0.number)" }.joined(separator: ", ")
            throw PromotionError(
                "Rollout \(name) has no revision \(revision); it has \(known.isEmpty ? "none" : known)")
        }
        return (found.number, template(of: found.set))
    }

    /// A ReplicaSet's template as its user wrote it: without hash label, ephemeral metadata and injected anti-affinity.
    package static func template(of set: JSON) -> JSON {
        var template = set.at("spec", "template") ?? .emptyObject
        template.set(nil, at: "metadata", "labels", Keys.podTemplateHash)
        if let text = set.annotations[ephemeralMetadata], let injected = try? JSON(parsing: text) {
            for field in ["labels", "annotations"] {
                for key in injected[field]?.objectValue?.keys.sorted() ?? [] {
                    template.set(nil, at: "metadata", field, key)
                }
            }
        }
        removeAntiAffinity(&template)
        for path in [["metadata", "annotations"], ["metadata", "labels"], ["metadata", "creationTimestamp"]] {
            if let value = template.at(path: path), value == .emptyObject || value.isNull {
                template.set(nil, at: path[...])
            }
        }
        return template
    }

    /// Whether two templates mean the same pods, whatever defaults the API server has filled in.
    package static func areEqual(_ left: JSON, _ right: JSON) -> Bool {
        func digest(_ json: JSON) -> UInt64? {
            var reader = JSONReader(json.serialized())
            return (try? PodTemplate(&reader))?.digest
        }
        if left == right { return true }
        guard let one = digest(left), let other = digest(right) else { return false }
        return one == other
    }

    private static let ephemeralMetadata = "rollout.argoproj.io/ephemeral-metadata"

    private static func removeAntiAffinity(_ template: inout JSON) {
        let place = ["spec", "affinity", "podAntiAffinity"]
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
        for (list, inner) in [(required, nil), (preferred, "podAffinityTerm")] as [(String, String?)] {
            guard let terms = template.at(path: place + [list])?.arrayValue else { continue }
            let kept = terms.filter { term in !isInjected(inner.map { term[$0] ?? .null } ?? term) }
            if kept.count != terms.count { template.set(kept.isEmpty ? nil : .array(kept), at: (place + [list])[...]) }
        }
        for count in [3, 2] {
            let path = place.prefix(count)
            if template.at(path: path) == .emptyObject { template.set(nil, at: ArraySlice(path)) }
        }
    }

    /// An injected term keeps pods away from those of one hash.
    private static func isInjected(_ term: JSON) -> Bool {
        let expressions = term.at("labelSelector", "matchExpressions")?.arrayValue ?? []
        return expressions.count == 1 && expressions[0]["key"]?.stringValue == Keys.podTemplateHash
    }
}
