package import Manifest

/// Carries a Rollout's weights into the objects of one mesh or ingress.
///
/// Pure: objects come in as they were read and go out as writes, which the caller performs in order. Planning is
/// idempotent: once its writes are done, a plan for the same intent is empty.
package protocol TrafficRouter: Sendable {
    /// The router's key in `trafficRouting`.
    var name: String { get }

    /// The objects that it needs to see, by kind and key.
    var references: [TrafficReference] { get }

    /// More of them, which the first ones name.
    func references(namedIn objects: [ObjectReference: JSON]) -> [TrafficReference]

    /// The kinds of those.
    var kindsNamedInObjects: [GroupKind] { get }

    /// What keeps it from working, in the configuration or in the objects; missing objects are problems too.
    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem]

    /// The writes that bring the objects to the intent, one for each object that differs. Foreign fields are kept.
    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite]

    /// As ``plan(_:_:)``, with an object that cannot be brought there not keeping the others from it.
    func planEach(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) -> TrafficPlan

    /// When a plan for the same intent will have writes again, with nothing but time passing; `nil` is never.
    func due(_ objects: [ObjectReference: JSON]) -> Timestamp?

    /// The canary's weight as the objects have it; `nil` where it cannot be told.
    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int?

    /// Pod template hashes that the objects point at.
    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String>

    /// The writes that leave the objects without the Rollout: all traffic on stable, nothing of it in them.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite]
}

extension TrafficRouter {
    func references(namedIn objects: [ObjectReference: JSON]) -> [TrafficReference] { [] }

    var kindsNamedInObjects: [GroupKind] { [] }

    func planEach(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) -> TrafficPlan {
        do throws(TrafficError) { return TrafficPlan(writes: try plan(intent, objects)) } catch {
            return TrafficPlan(errors: [error])
        }
    }

    func due(_ objects: [ObjectReference: JSON]) -> Timestamp? { nil }
}

/// What all routers of a Rollout want to write.
package struct TrafficPlan: Hashable, Sendable {
    package var writes: [TrafficWrite] = []
    /// One for each router that could not plan; the others go on.
    package var errors: [TrafficError] = []

    package var isEmpty: Bool { writes.isEmpty && errors.isEmpty }

    static func += (plan: inout TrafficPlan, more: TrafficPlan) {
        plan.writes += more.writes
        plan.errors += more.errors
    }
}
