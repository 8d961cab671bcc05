package import Kubernetes
package import Logging
package import Manifest
package import SyncEngine

/// Keeps the ledger: the only writer of Releases.
///
/// The Application reconciler hands it the facts of each look at an application; it adds the numbers of analysis runs,
/// asks the engine, and writes. It runs on the application's own key, so nothing else decides about it meanwhile.
package struct ReleaseReconciler: Sendable {
    /// Says why a Rollout was aborted, as far as analysis runs tell.
    package typealias Evidence = @Sendable (_ rollout: ObjectReference, _ release: Release) -> RejectionEvidence?

    private let api: any KubernetesAPI
    private let caches: ApplicationCaches
    private let evidence: Evidence
    private let recorder: EventRecorder
    private let logger: Logger
    private let pending = PendingWrites()

    /// - Parameter evidence: From the caches of analysis runs; see ``RejectionEvidence``.
    package init(
        api: any KubernetesAPI, caches: ApplicationCaches, evidence: @escaping Evidence, recorder: EventRecorder,
        logger: Logger
    ) {
        self.api = api
        self.caches = caches
        self.evidence = evidence
        self.recorder = recorder
        self.logger = logger
    }

    /// Whether the cache of Releases lacks what was written for an application.
    func isBehind(_ application: ObjectKey) -> Bool { pending.isBehind(application) }

    /// Forgets an application that is gone.
    func forget(_ application: ObjectKey) { pending.forget(application) }

    /// Brings an application's Releases up to date.
    /// - Parameter revertedBy: The commit that undoes the rejected one, where there is one.
    /// - Returns: Whether anything was written; the application is looked at again when the cache has it.
    func reconcile(
        _ application: Application, _ releases: [Release], _ facts: LedgerFacts, onRejection: OnRejection,
        revertedBy: String, keep: Int, now: Timestamp
    ) async throws(KubernetesError) -> Bool {
        let current = ReleaseLedger(releases).current
        let rollouts = facts.rollouts.map { fact in
            guard fact.isAborted, let current, let found = evidence(fact.reference, current) else { return fact }
            var fact = fact
            fact.rejection = found.rejection
            fact.evidence += found.evidence
            return fact
        }
        let decision = decideRelease(
            LedgerSnapshot(
                application: application.key, applicationUID: application.uid, releases: releases,
                operation: application.status.operationState, plan: facts.plan, onRejection: onRejection,
                rollouts: rollouts, isSettled: facts.isSettled, revertedBy: revertedBy, keep: keep), now: now)
        if let create = decision.create { try await self.create(create, of: application) }
        for update in decision.updates { try await write(update, of: application) }
        for key in decision.delete {
            try await api.delete(.releases, key, DeleteOptions(propagation: .background))
            logger.debug("release forgotten", metadata: ["release": "\(key)"])
        }
        return decision.create != nil || !decision.updates.isEmpty
    }

    private func create(_ release: Release, of application: Application) async throws(KubernetesError) {
        let options = WriteOptions(fieldManager: FieldManagers.release)
        do throws(KubernetesError) {
            let made = try await api.create(
                .releases, namespace: release.key.namespace, release.json, subresource: nil, options)
            pending.note(application.key, wrote: made, in: caches.releases.store)
        } catch {
            guard error.isAlreadyExists else { throw error }
            // Made before a crash; the watch will show it.
            logger.debug("release exists already", metadata: ["release": "\(release.key)"])
        }
        try await write(release, of: application)
        logger.info("release begins", metadata: ["release": "\(release.key)", "revision": "\(release.spec.revision)"])
    }

    private func write(_ release: Release, of application: Application) async throws(KubernetesError) {
        let written = try await api.patch(
            .releases, release.key, .merge, ["status": release.status.json], subresource: "status",
            WriteOptions(fieldManager: FieldManagers.release))
        pending.note(application.key, wrote: written, in: caches.releases.store)
        announce(release, of: application, written)
    }

    private func announce(_ release: Release, of application: Application, _ object: JSON) {
        let before = caches.releases.store.get(release.key)?.status.phase
        guard before != release.status.phase else { return }
        let commit = release.spec.revision.prefix(12)
        let target = ObjectEvent.Target(
            apiVersion: "argoproj.io/v1alpha1", kind: "Application", key: application.key, uid: application.uid)
        switch release.status.phase {
        case .released: recorder.record("CommitReleased", "commit \(commit) is released", regarding: target)
        case .rejected:
            recorder.record(
                .warning, "CommitRejected",
                "commit \(commit) is rejected (\(release.status.reason)): \(release.status.message)", regarding: target)
        case .superseded, .syncing, .progressing: break
        }
        logger.info(
            "release moves",
            metadata: [
                "release": "\(release.key)", "phase": "\(release.status.phase.rawValue)",
                "reason": "\(release.status.reason)",
            ])
    }
}

extension EventRecorder {
    fileprivate func record(_ reason: String, _ message: String, regarding target: ObjectEvent.Target) {
        record(.normal, reason, message, regarding: target)
    }
}
