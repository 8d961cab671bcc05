import Manifest

/// A router whose objects are planned one by one: what fails in one does not keep the others from their writes.
protocol PiecewiseRouter: TrafficRouter {
    /// What names one of the objects.
    associatedtype Piece

    /// All of them, in the order of their writes.
    var pieces: [Piece] { get }

    /// The write that brings one object to the intent; `nil` where it is there.
    func write(
        _ intent: TrafficIntent, _ piece: Piece, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> TrafficWrite?
}

extension PiecewiseRouter {
    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        let plan = planEach(intent, objects)
        if let error = plan.errors.first { throw error }
        return plan.writes
    }

    func planEach(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) -> TrafficPlan {
        var plan = TrafficPlan()
        for piece in pieces {
            do throws(TrafficError) {
                if let write = try write(intent, piece, objects) { plan.writes.append(write) }
            } catch {
                plan.errors.append(error)
            }
        }
        return plan
    }
}
