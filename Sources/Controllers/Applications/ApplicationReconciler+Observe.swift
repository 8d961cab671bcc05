import Kubernetes
import Logging
import Manifest
import Rendering
import SyncEngine

/// The commits that a decision is made from.
struct LookedUpCommits: Sendable {
    var head: RenderedCommit
    /// Why the commit that the source names could not be used; `head` is then the one in force.
    var headProblem: String?
    var operation: RenderedCommit?
    var current: RenderedCommit?
    var released: RenderedCommit?
    var tool = RenderRequest.Tool.detect

    var all: [RenderedCommit] { [head] + [operation, current, released].compactMap(\.self) }
}

extension ApplicationReconciler {
    /// Renders the commits that matter: the source's, the operation's, the current Release's and the last released one.
    func commits(_ look: Look) async throws -> LookedUpCommits {
        let current = try await rendered(look.ledger.current, look)
        let released =
            look.ledger.lastReleased?.key == look.ledger.current?.key
            ? current : try await rendered(look.ledger.lastReleased, look)
        let operation = try await operationCommit(look)
        var result: LookedUpCommits
        do throws(RenderProblem) {
            let revision = try await resolve(look.source, look.source.targetRevision, look)
            let manifests = try await manifests(look.source, revision)
            result = LookedUpCommits(head: await prepare(manifests, revision, look.source, look), tool: manifests.tool)
        } catch {
            // The ledger still judges what was applied, and a running operation goes on.
            guard let inForce = operation ?? current else {
                throw Stumble(.comparison, error.description, isRetriable: error.isRetriable)
            }
            result = LookedUpCommits(head: inForce, headProblem: error.description)
        }
        result.operation = operation
        result.current = current
        result.released = released
        return result
    }

    private func rendered(_ release: Release?, _ look: Look) async throws -> RenderedCommit? {
        guard let release else { return nil }
        let source = ApplicationSource(release.spec.source)
        do throws(RenderProblem) {
            let manifests = try await manifests(source, release.spec.revision)
            return await prepare(manifests, release.spec.revision, source, look)
        } catch {
            // The mirror may be new and not fetched yet, or history was rewritten: the ledger then waits.
            logger.debug(
                "release cannot be rendered", metadata: ["release": "\(release.key)", "error": "\(error)"])
            return nil
        }
    }

    private func operationCommit(_ look: Look) async throws -> RenderedCommit? {
        let state = look.application.status.operationState
        let running = state.flatMap { $0.phase.isCompleted ? nil : $0 }
        guard let operation = running?.operation ?? look.application.operation else { return nil }
        var source = operation.source ?? look.source
        // What is restored is rendered as it was released.
        if case .restore = operation.purpose, let release = look.ledger.lastReleased,
            release.spec.revision == operation.revision
        {
            source = ApplicationSource(release.spec.source)
        } else if case .prune = operation.purpose, let release = look.ledger.lastReleased,
            release.spec.revision == operation.revision
        {
            source = ApplicationSource(release.spec.source)
        }
        do throws(RenderProblem) {
            let wanted = operation.revision.isEmpty ? source.targetRevision : operation.revision
            let revision = try await resolve(source, wanted, look)
            return await prepare(try await manifests(source, revision), revision, source, look)
        } catch {
            throw Stumble(.comparison, error.description, isRetriable: error.isRetriable, concernsOperation: true)
        }
    }

    private func resolve(_ source: ApplicationSource, _ revision: String, _ look: Look) async throws(RenderProblem)
        -> String
    {
        do throws(SourceError) {
            return try await sources.resolve(source.repoURL, revision, isFresh: look.isFresh, now: look.now)
        } catch {
            throw .source(error)
        }
    }

    private func manifests(_ source: ApplicationSource, _ revision: String) async throws(RenderProblem)
        -> RenderedManifests
    {
        try await sources.render(source.repoURL, revision, RenderRequest.of(source).request)
    }

    private func prepare(
        _ manifests: RenderedManifests, _ revision: String, _ source: ApplicationSource, _ look: Look
    ) async -> RenderedCommit {
        let objects = manifests.objects.map(\.object)
        var scopes: [GroupVersionKind: Bool] = [:]
        for kind in Set(objects.compactMap(\.groupVersionKind)) {
            if let resource = try? await discovery.resource(for: kind) { scopes[kind] = resource.isNamespaced }
        }
        let spec = look.application.spec
        let options = SyncOptions(spec.syncOptions)
        var set = TargetSet.prepare(
            objects, instance: instance(look.application), namespace: spec.destination.namespace, options: options,
            isNamespaced: { scopes[$0] })
        if options.createsNamespace { set.addNamespace(spec.destination.namespace) }
        return RenderedCommit(revision: revision, source: source.json, set: set)
    }

    /// The resources of every kind that the application has or had something to do with.
    func resources(for look: Look, _ commits: LookedUpCommits) async throws -> [GroupKind: Resource] {
        var kinds: [GroupKind: GroupVersionKind?] = [
            GroupKind(group: "argoproj.io", kind: "Rollout"): nil,
            GroupKind(group: "autoscaling", kind: "HorizontalPodAutoscaler"): nil,
        ]
        for entry in look.application.status.json["resources"]?.arrayValue ?? [] {
            guard let kind = entry["kind"]?.stringValue else { continue }
            kinds[GroupKind(group: entry["group"]?.stringValue ?? "", kind: kind)] = .some(nil)
        }
        for release in look.ledger.releases.suffix(3) {
            for change in release.status.changed { kinds[change.object.groupKind] = .some(nil) }
        }
        for target in commits.all.flatMap(\.set.targets) {
            kinds[target.reference.groupKind] = target.object.groupVersionKind
        }
        var result: [GroupKind: Resource] = [:]
        for (kind, exact) in kinds {
            if let exact, let resource = try await discovery.resource(for: exact) {
                result[kind] = resource
            } else if exact == nil, let resource = try await discovery.resource(for: kind) {
                result[kind] = resource
            }
        }
        return result
    }

    /// The live objects that count; `nil` while a cache lacks an own write.
    func liveObjects(
        _ look: Look, _ commits: LookedUpCommits, _ resources: [GroupKind: Resource]
    ) async throws(KubernetesError) -> [ObjectReference: LiveObject]? {
        var objects = live.objects(of: instance(look.application))
        let targets = Set(commits.all.flatMap(\.set.targets).map(\.reference))
        memory.withLock { $0[look.application.key, default: Memory()].targets = targets }
        for reference in targets {
            if live.isBehind(reference) { return nil }
            guard objects[reference] == nil, let resource = resources[reference.groupKind] else { continue }
            objects[reference] = try await live.object(reference, resource)
        }
        return objects
    }

    /// Who else writes into the objects: what live Rollouts and autoscalers say, and what the commits will.
    func ownership(_ commits: LookedUpCommits) -> OwnershipContext {
        let rollout = GroupKind(group: "argoproj.io", kind: "Rollout")
        let autoscaler = GroupKind(group: "autoscaling", kind: "HorizontalPodAutoscaler")
        let desired = commits.all.flatMap(\.set.targets)
        return OwnershipContext(
            rollouts: live.all(rollout) + desired.filter { $0.reference.groupKind == rollout }.map(\.object),
            autoscalers: live.all(autoscaler) + desired.filter { $0.reference.groupKind == autoscaler }.map(\.object))
    }
}
