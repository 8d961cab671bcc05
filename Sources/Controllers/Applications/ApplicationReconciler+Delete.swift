import Kubernetes
import Logging
import Manifest
import SyncEngine

extension ApplicationReconciler {
    private static let finalizers: Set<String> = [
        Names.resourcesFinalizer, Names.resourcesFinalizer + "/foreground", Names.resourcesFinalizer + "/background",
    ]

    /// Deletes an application's objects where its finalizer asks for it: highest wave first, one wave at a time.
    func delete(_ application: Application) async throws -> Duration? {
        let own = application.finalizers.filter(Self.finalizers.contains)
        guard !own.isEmpty else { return nil }
        let look = Look(
            application: application, source: application.spec.source ?? ApplicationSource(.emptyObject),
            ledger: ReleaseLedger(caches.releases(of: application)), isFresh: false, now: clock.now())
        let nothing = RenderedCommit(
            revision: "", source: .emptyObject,
            set: TargetSet.prepare(
                [], instance: "", namespace: "", options: SyncOptions([]), isNamespaced: { _ in nil }))
        let resources = try await resources(for: look, LookedUpCommits(head: nothing))
        let unfilled = await live.watch(Set(resources.values), waiting: .seconds(10))
        guard unfilled.isEmpty else { return .seconds(5) }
        let instance = instance(application)
        let comparison = LiveComparison.of(
            nothing.set, live: live.objects(of: instance), instance: instance, application: application.reference,
            options: SyncOptions(application.spec.syncOptions), context: OwnershipContext())
        let doomed = comparison.objects.filter { state in
            !state.options.forbidsDelete && state.live?.json.annotations[Names.helmResourcePolicy] != "keep"
        }
        let approved = application.annotations[Names.deletionApproved].flatMap(Timestamp.init(rfc3339:))
        let isApproved = approved.map { $0 >= (application.deletedAt ?? $0) } ?? false
        if let held = doomed.first(where: { $0.options.confirmsDelete }), !isApproved {
            return try await hold(
                application,
                "waits for a person to confirm the deletion of \(held.reference); set the annotation "
                    + "\(Names.deletionApproved) on the Application to the current time")
        }
        guard let wave = doomed.map(\.wave).max() else {
            return try await release(application, without: own)
        }
        let propagation: DeleteOptions.Propagation =
            own.contains(Names.resourcesFinalizer + "/background") ? .background : .foreground
        for state in doomed where state.wave == wave {
            guard state.live?.json.at("metadata", "deletionTimestamp") == nil,
                let resource = resources[state.reference.groupKind]
            else { continue }
            do throws(KubernetesError) {
                try await api.delete(
                    resource, state.reference.key,
                    DeleteOptions(propagation: propagation, uid: state.live?.json.uid, impersonate: impersonated))
            } catch {
                if error.isRetriable { throw error }
                return try await hold(
                    application,
                    "cannot delete \(state.reference): \(error); give \(impersonated ?? "the controller") the right to, "
                        + "or delete it by hand")
            }
            logger.info(
                "deleted with its application",
                metadata: ["application": "\(application.key)", "object": "\(state.reference)"])
        }
        return .seconds(1)
    }

    /// Says what the deletion waits for.
    private func hold(_ application: Application, _ reason: String) async throws -> Duration? {
        let report = StatusReport(
            comparison: nil, revision: application.status.revision, source: application.spec.source,
            conditions: [.init(.deletionError, reason)], isRefreshed: false, isKnown: false)
        try await write(report, application)
        return .seconds(60)
    }

    private func release(_ application: Application, without own: [String]) async throws -> Duration? {
        let left = application.finalizers.filter { !own.contains($0) }
        let patch: JSON = [
            "metadata": [
                "resourceVersion": .string(application.resourceVersion),
                "finalizers": left.isEmpty ? .null : JSON(left),
            ]
        ]
        _ = try await api.patch(
            .applications, application.key, .merge, patch, subresource: nil,
            WriteOptions(fieldManager: "argocd-application-controller"))
        return nil
    }
}
