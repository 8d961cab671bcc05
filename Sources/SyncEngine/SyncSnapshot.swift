package import Manifest

/// A commit's manifests, prepared for comparing and applying.
package struct RenderedCommit: Hashable, Sendable {
    package var revision: String
    /// The source that was rendered, as it stands in the spec or in a Release.
    package var source: JSON
    package var set: TargetSet

    package init(revision: String, source: JSON, set: TargetSet) {
        self.revision = revision
        self.source = source
        self.set = set
    }
}

/// All that one decision about an application is made from.
package struct SyncSnapshot: Sendable {
    package var application: Application
    /// The application's name in tracking ids.
    package var instance: String
    /// What the source names now.
    package var head: RenderedCommit
    /// What the running or requested operation syncs; `nil` where there is none.
    package var operation: RenderedCommit?
    /// The current Release's commit, as it was rendered then.
    package var current: RenderedCommit?
    /// The last released commit.
    package var released: RenderedCommit?
    package var releases: [Release]
    /// Live objects that are targets of any of these commits, or tracked by the application.
    package var live: [ObjectReference: LiveObject]
    package var context: OwnershipContext

    package init(
        application: Application, instance: String, head: RenderedCommit, operation: RenderedCommit? = nil,
        current: RenderedCommit? = nil, released: RenderedCommit? = nil, releases: [Release] = [],
        live: [ObjectReference: LiveObject] = [:], context: OwnershipContext = OwnershipContext()
    ) {
        self.application = application
        self.instance = instance
        self.head = head
        self.operation = operation
        self.current = current
        self.released = released
        self.releases = releases
        self.live = live
        self.context = context
    }

    func compare(_ commit: RenderedCommit) -> LiveComparison {
        LiveComparison.of(
            commit.set, live: live, instance: instance, application: application.reference,
            options: SyncOptions(application.spec.syncOptions), ignoring: application.spec.ignoreDifferences,
            context: context)
    }
}

/// Facts for the ledger, all from one snapshot.
package struct LedgerFacts: Hashable, Sendable {
    package var plan: ReleasePlan?
    package var rollouts: [RolloutFact]
    package var isSettled: Bool

    package init(plan: ReleasePlan? = nil, rollouts: [RolloutFact] = [], isSettled: Bool = false) {
        self.plan = plan
        self.rollouts = rollouts
        self.isSettled = isSettled
    }
}

extension RolloutFact {
    /// How a live Rollout stands towards a Release that asks for `desired`.
    ///
    /// Why it was aborted is only told apart as far as its own status says; AnalysisRuns say more.
    init(_ reference: ObjectReference, live: JSON, desired: JSON?) {
        let health = Health.of(live) ?? .healthy
        let observed = live.at("status", "observedGeneration")?.generationText
        let generation = live.at("metadata", "generation")?.generationText
        let isAborted = live.at("status", "abort")?.boolValue ?? false
        let progressing = live.at("status", "conditions")?.arrayValue?.first { $0["type"] == "Progressing" }
        let why = progressing?["message"]?.stringValue ?? live.at("status", "message")?.stringValue ?? ""
        var rejection = Release.Rejection.abortedByUser
        if progressing?["reason"] == "ProgressDeadlineExceeded" || why.contains("made no progress within")
            || why.contains("ProgressDeadlineExceeded")
        {
            rejection = .deadlineExceeded
        } else if why.contains(" analysis ") {
            rejection = .analysisFailed
        }
        self.init(
            reference: reference,
            runsRelease: observed == generation && desired.map { ReleasePlan.runs(live, templateOf: $0) } ?? false,
            health: health, isAborted: isAborted,
            abortedAt: live.at("status", "abortedAt")?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            rejection: rejection,
            evidence: isAborted
                ? [Release.Evidence(object: reference, phase: "Aborted", message: why)] : [])
    }
}
