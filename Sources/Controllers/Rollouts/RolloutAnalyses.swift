package import Manifest
package import RolloutEngine

/// AnalysisRuns as the Rollout reconciler needs them.
package protocol RolloutAnalyses: Sendable {
    /// The runs that a Rollout owns, from the cache.
    func facts(of rollout: Rollout) -> [AnalysisRunFact]

    /// What is wrong with the templates that a Rollout refers to; empty where all resolve.
    func problems(of rollout: Rollout) -> [FieldProblem]

    /// Creates the run, or finds the equal one that a call before a crash made.
    /// - Parameter live: The Rollout as JSON, for arguments that read its fields; fetched only where one does.
    func create(
        _ request: AnalysisRunRequest, for rollout: Rollout, live: @Sendable () async throws -> JSON
    ) async throws

    /// Whether the cache still lacks a run that was created.
    func isBehind(_ key: ObjectKey) -> Bool

    /// Sets `spec.terminate`.
    func terminate(_ key: ObjectKey) async throws

    /// Deletes the run with this uid.
    func delete(_ key: ObjectKey, uid: String) async throws
}

/// Router objects as the Rollout reconciler needs them.
package protocol RolloutRouters: Sendable {
    /// Whether the objects that a Rollout's routers look at have been listed; asks for their kinds to be watched.
    func areKnown(for rollout: Rollout) -> Bool

    /// When to look at a Rollout again because a router waits for a time.
    func revisit(_ rollout: Rollout) -> Duration?

    /// What the router objects say; `nil` without traffic routing.
    func fact(for rollout: Rollout) -> TrafficFact?

    /// What is wrong with the route objects that a Rollout refers to.
    func problems(of rollout: Rollout) -> [FieldProblem]

    /// Writes weights, hashes and routes where they differ; idempotent, one write for each object.
    /// - Parameters:
    ///   - events: Gets one for each write, also those before one that fails: nobody would tell of them later.
    ///   - noteWrite: Gets for each write the test whether the cache still lacks it.
    /// - Throws: ``RouterNotReady`` where the routes must wait for pods; that is no failure.
    func apply(
        _ request: TrafficRequest, for rollout: Rollout, telling events: inout [RolloutEvent],
        noteWrite: (@escaping @Sendable () -> Bool) -> Void
    ) async throws

    /// Leaves the objects of a Rollout that is gone as if it had never been: all traffic on stable, no hashes.
    func cleanUp(after rollout: Rollout) async throws

    /// Takes a Rollout out of objects that still name it as their writer.
    /// - Parameter isGone: Asked before the first write.
    func release(_ key: ObjectKey, whenGone isGone: () async throws -> Bool) async throws
}

/// The routes cannot take the weights yet; what they wait for moves by itself.
package struct RouterNotReady: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
