import Manifest

/// The annotation of an Ingress that says which Rollout wrote which of its annotations.
struct ALBRecord: Hashable, Sendable {
    static let annotation = "rollouts.argoproj.io/managed-alb-annotations"

    private(set) var keys: [String: [String]] = [:]

    /// - Throws: what keeps the annotation from being read.
    init(of ingress: JSON) throws(RouteProblem) {
        guard let text = ingress.annotations[Self.annotation], !text.isEmpty else { return }
        guard let members = (try? JSON(parsing: text))?.objectValue else {
            throw RouteProblem("its annotation \(Self.annotation) is no JSON object; correct or remove it")
        }
        keys = members.mapValues { ($0.arrayValue ?? []).compactMap(\.stringValue) }
    }

    /// The Rollout that wrote an annotation, where it is another one.
    func otherOwner(of key: String, than rollout: String) -> String? {
        keys.keys.sorted(by: utf8Order).first { $0 != rollout && keys[$0]?.contains(key) == true }
    }

    mutating func add(_ key: String, for rollout: String) {
        guard keys[rollout]?.contains(key) != true else { return }
        keys[rollout, default: []].append(key)
    }

    mutating func remove(_ key: String, for rollout: String) { keys[rollout]?.removeAll { $0 == key } }

    mutating func removeAll(for rollout: String) { keys[rollout] = nil }

    /// The annotation's value; `nil` where nobody has written anything.
    var text: String? {
        keys.isEmpty ? nil : JSON.object(keys.mapValues { JSON($0) }).description
    }
}
