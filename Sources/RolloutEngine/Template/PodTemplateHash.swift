package import Manifest

/// The hash that names a pod template's ReplicaSet, as upstream's controller computes it.
package enum PodTemplateHash {
    /// How a zero `creationTimestamp` is written: API libraries from 0.34 on leave it out.
    package enum Dialect: Sendable { case newer, older }

    /// - Parameter collisionCount: `status.collisionCount`; `nil` and 0 give different hashes.
    package static func hash(_ template: JSON, collisionCount: Int? = nil, dialect: Dialect = .newer) -> String {
        finish(state(template, dialect: dialect), collisionCount: collisionCount)
    }

    /// The hash's state before the collision count, which is all that a cache needs to keep.
    static func state(_ template: JSON, dialect: Dialect) -> FNV1a {
        var hash = FNV1a()
        hash.combine(
            GoSerializer.bytes(
                template, as: "PodTemplateSpec", in: podTemplateSchema, writesNullCreationTimestamp: dialect == .older))
        return hash
    }

    static func finish(_ state: FNV1a, collisionCount: Int?) -> String {
        var hash = state
        if let collisionCount {
            let count = UInt32(truncatingIfNeeded: collisionCount)
            hash.combine((0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + [0, 0, 0, 0])
        }
        return hash.safeEncoded
    }
}

/// The hash that tells whether `canary.steps` changed.
package enum StepHash {
    /// - Parameter steps: The value of `canary.steps`; absent and empty lists hash alike.
    package static func hash(_ steps: JSON?) -> String {
        var hash = FNV1a()
        let elements = steps?.arrayValue ?? []
        if elements.isEmpty {
            hash.combine("null".utf8)
        } else {
            hash.combine("[".utf8)
            for (index, step) in elements.enumerated() {
                if index > 0 { hash.combine(",".utf8) }
                hash.combine(GoSerializer.bytes(step, as: "CanaryStep", in: canaryStepSchema))
            }
            hash.combine("]".utf8)
        }
        return hash.safeEncoded
    }
}
