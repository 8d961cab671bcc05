import Crypto
package import Manifest

/// What a commit means beside the last released one: which objects it touches, and whose verdict it waits for.
package struct ReleasePlan: Hashable, Sendable {
    package var revision: String
    package var digest: String
    /// What was rendered, so that it can be rendered again.
    package var source: JSON
    package var changed: [Release.Change]
    /// Rollouts whose pod template the commit changes, or that do not run the commit's template yet.
    package var rollouts: [ObjectReference]

    package init(
        revision: String, digest: String, source: JSON = .emptyObject, changed: [Release.Change] = [],
        rollouts: [ObjectReference] = []
    ) {
        self.revision = revision
        self.digest = digest
        self.source = source
        self.changed = changed
        self.rollouts = rollouts
    }

    /// Compares a commit's manifests with the last released ones and with what runs.
    /// - Parameters:
    ///   - released: The targets of the last released commit; `nil` where nothing was released yet.
    ///   - current: The commit's objects beside the live ones.
    package static func of(
        _ commit: RenderedCommit, released: TargetSet?, current: LiveComparison
    ) -> ReleasePlan {
        let set = commit.set
        let old = Dictionary((released?.targets ?? []).map { ($0.reference, $0.object) }, uniquingKeysWith: { $1 })
        let new = Dictionary(set.targets.map { ($0.reference, $0.object) }, uniquingKeysWith: { $1 })
        var changed: [Release.Change] = []
        var rollouts: Set<ObjectReference> = []
        for (reference, object) in new {
            let previous = old[reference]
            if previous == nil {
                changed.append(.init(reference, .added))
            } else if previous != object {
                changed.append(.init(reference, .modified))
            }
            if reference.isRollout, template(previous) != template(object) { rollouts.insert(reference) }
        }
        for reference in old.keys where new[reference] == nil { changed.append(.init(reference, .removed)) }
        for state in current.objects where state.reference.isRollout {
            guard let desired = state.desired else { continue }
            guard let live = state.live, runs(live.json, templateOf: desired) else {
                rollouts.insert(state.reference)
                continue
            }
        }
        return ReleasePlan(
            revision: commit.revision, digest: set.digest, source: commit.source,
            changed: changed.sorted { $0.object < $1.object },
            rollouts: rollouts.sorted())
    }

    /// Whether a live Rollout was given the pod template that a manifest asks for; server-side defaults do not matter.
    package static func runs(_ live: JSON, templateOf desired: JSON) -> Bool {
        guard let wanted = template(desired) else { return true }
        let frame: (JSON) -> JSON = {
            ["apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "spec": ["template": $0]]
        }
        let actual = template(live) ?? .emptyObject
        return Difference.between(desired: frame(wanted), live: frame(actual), owned: nil, limit: 1).isEmpty
    }

    private static func template(_ rollout: JSON?) -> JSON? { rollout?.at("spec", "template") }
}

extension ObjectReference {
    package var isRollout: Bool { group == "argoproj.io" && kind == "Rollout" }
}

extension TargetSet {
    /// A digest of all objects as they would be applied, equal for equal manifests in any order.
    static func digest(of targets: [Target]) -> String {
        var hash = SHA256()
        for target in targets.sorted(by: { $0.reference < $1.reference }) {
            hash.update(data: target.object.serialized())
            hash.update(data: [0x0A])
        }
        return hash.finalize().prefix(16).reduce(into: "") { text, byte in
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
