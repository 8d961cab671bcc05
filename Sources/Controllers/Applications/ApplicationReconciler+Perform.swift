import Kubernetes
import Logging
import Manifest
import SyncEngine

extension ApplicationReconciler {
    /// What came of an attempt to apply or delete one object.
    private enum Attempt: Sendable {
        case done(ResourceResult)
        /// The object changed meanwhile, or the server was busy: look again.
        case again(KubernetesError)
    }

    private static let parallelWrites = 10

    /// Carries out a decision and writes the status.
    /// - Returns: When to look again.
    func perform(
        _ next: SyncDecision.Next, _ application: Application, _ resources: [GroupKind: Resource],
        _ report: inout StatusReport, now: Timestamp
    ) async throws -> Duration? {
        var wait: Duration?
        var trouble: KubernetesError?
        switch next {
        case .idle: break
        case .wait(let until): wait = max(until - now, .milliseconds(100))
        case .request(let operation): report.request = operation
        case .begin(let state):
            report.state = state
            announce(.normal, "OperationStarted", state, application)
        case .awaitRelease: wait = .milliseconds(200)
        case .end(let state):
            report.state = state
            report.endsOperation = state.phase.isCompleted
            if let due = state.retryAt { wait = max(due - now, .milliseconds(100)) }
            announce(
                state.phase == .succeeded ? .normal : .warning, "OperationCompleted", state, application)
        case .step(var state, let action):
            switch action {
            case .dryRun(let tasks):
                let problems = try await dryRun(tasks, application, resources)
                if problems.isEmpty {
                    state.hasResult = true
                    state.revision = state.operation.revision
                    state.message = "applying"
                } else {
                    state = state.ended(.failed, problems.prefix(3).joined(separator: "; "), now: now)
                    report.endsOperation = state.phase.isCompleted
                    announce(.warning, "OperationCompleted", state, application)
                }
            case .wave(let prunes, let groups):
                if let pause = wavePause(application.key, isFirst: state.results.isEmpty) {
                    wait = pause
                    break
                }
                trouble = await carryOut([prunes] + groups, application, resources, &state)
                startWavePause(application.key)
            case .confirmGone(let references):
                try await confirm(references, resources, &state)
                wait = .seconds(1)
            case .wait: wait = .seconds(30)
            case .finish: break
            }
            report.state = state
        }
        try await write(report, application)
        // A refused write is tried again with back-off; its results so far are kept.
        if let trouble { throw trouble }
        return wait
    }

    // MARK: Waves

    private func wavePause(_ key: ObjectKey, isFirst: Bool) -> Duration? {
        guard !isFirst, let due = memory.withLock({ $0[key]?.nextWaveAt }) else { return nil }
        let left = due - .now
        return left > .zero ? left : nil
    }

    private func startWavePause(_ key: ObjectKey) {
        memory.withLock { $0[key, default: Memory()].nextWaveAt = .now + Self.waveDelay }
    }

    private func carryOut(
        _ groups: [[SyncTask]], _ application: Application, _ resources: [GroupKind: Resource],
        _ state: inout OperationState
    ) async -> KubernetesError? {
        var trouble: KubernetesError?
        for group in groups where !group.isEmpty {
            for start in stride(from: 0, to: group.count, by: Self.parallelWrites) {
                let batch = group[start..<min(start + Self.parallelWrites, group.count)]
                let attempts = await withTaskGroup(of: (Int, Attempt).self) { tasks in
                    for (index, task) in batch.enumerated() {
                        tasks.addTask { (index, await self.attempt(task, application, resources)) }
                    }
                    var attempts: [(Int, Attempt)] = []
                    for await attempt in tasks { attempts.append(attempt) }
                    return attempts.sorted { $0.0 < $1.0 }.map(\.1)
                }
                for attempt in attempts {
                    switch attempt {
                    case .done(let result): state.results.append(result)
                    case .again(let error): trouble = error
                    }
                }
            }
            // Later groups rely on this one.
            if trouble != nil { break }
        }
        return trouble
    }

    private func attempt(
        _ task: SyncTask, _ application: Application, _ resources: [GroupKind: Resource]
    ) async -> Attempt {
        var result = ResourceResult(
            reference: task.reference, version: task.version, status: task.action == .prune ? .pruned : .synced,
            message: task.action == .prune ? "pruned" : "applied", phase: .running)
        do throws(KubernetesError) {
            guard let resource = try await resource(for: task, resources) else {
                throw KubernetesError(
                    code: 404, reason: "NotFound",
                    message: "the server does not know \(task.groupVersionKind); install its CustomResourceDefinition")
            }
            switch task.action {
            case .apply:
                let applied = try await apply(task, resource, dryRun: false)
                live.noteWrite(task.reference, applied.resourceVersion)
            case .prune:
                let propagation: DeleteOptions.Propagation =
                    switch task.options.propagation {
                    case "background": .background
                    case "orphan": .orphan
                    default: .foreground
                    }
                try await api.delete(
                    resource, task.reference.key,
                    DeleteOptions(
                        propagation: propagation, uid: task.live?.json.uid, impersonate: impersonated))
            }
            logger.info(
                task.action == .prune ? "pruned" : "applied",
                metadata: ["application": "\(application.key)", "object": "\(task.reference)"])
            return .done(result)
        } catch {
            if error.isRetriable, !error.isAlreadyExists { return .again(error) }
            result.status = .failed
            result.phase = .failed
            result.message = error.description
            return .done(result)
        }
    }

    /// Kinds that this very sync installs are asked for again.
    private func resource(
        for task: SyncTask, _ resources: [GroupKind: Resource]
    ) async throws(KubernetesError) -> Resource? {
        if let known = resources[task.reference.groupKind] { return known }
        return try await discovery.resource(for: task.groupVersionKind)
    }

    /// Who applies, prunes and cascades are made as.
    var impersonated: String? {
        guard let account = options.syncAs else { return nil }
        return account.contains(":") && !account.hasPrefix("system:") ? "system:serviceaccount:\(account)" : account
    }

    private func apply(_ task: SyncTask, _ resource: Resource, dryRun: Bool) async throws(KubernetesError) -> JSON {
        var body = AppliedForm.of(task.desired ?? .emptyObject, live: task.live?.json)
        // Another engine writes into it: what was adopted must still be what is there.
        if task.isShared, let version = task.live?.json.resourceVersion, !version.isEmpty {
            body.set(.string(version), at: "metadata", "resourceVersion")
        }
        return try await api.patch(
            resource, task.reference.key, .apply, body, subresource: nil,
            WriteOptions(
                fieldManager: FieldManagers.sync, force: true, dryRun: dryRun,
                fieldValidation: task.options.validates ? "Strict" : "Ignore", impersonate: impersonated))
    }

    // MARK: Before and after

    /// Asks the server whether it would accept everything.
    /// - Returns: What it refuses, one sentence each.
    private func dryRun(
        _ tasks: [SyncTask], _ application: Application, _ resources: [GroupKind: Resource]
    ) async throws -> [String] {
        let namespaces = Set(tasks.filter { $0.reference.kind == "Namespace" }.map(\.reference.name))
        let kinds = Set(
            tasks.compactMap { task -> GroupKind? in
                guard task.reference.groupKind.isUntracked,
                    let group = task.desired?.at("spec", "group")?.stringValue,
                    let kind = task.desired?.at("spec", "names", "kind")?.stringValue
                else { return nil }
                return GroupKind(group: group, kind: kind)
            })
        // What this sync brings first cannot be asked for before.
        let askable = tasks.filter {
            !kinds.contains($0.reference.groupKind) && !namespaces.contains($0.reference.namespace)
        }
        var problems: [String] = []
        for start in stride(from: 0, to: askable.count, by: Self.parallelWrites) {
            let batch = askable[start..<min(start + Self.parallelWrites, askable.count)]
            let answers = await withTaskGroup(of: (Int, Result<String?, KubernetesError>).self) { group in
                for (index, task) in batch.enumerated() {
                    group.addTask { (index, await self.refusal(of: task, resources)) }
                }
                var answers: [(Int, Result<String?, KubernetesError>)] = []
                for await answer in group { answers.append(answer) }
                return answers.sorted { $0.0 < $1.0 }.map(\.1)
            }
            for answer in answers {
                if let problem = try answer.get() { problems.append(problem) }
            }
        }
        return problems
    }

    /// Why the server would refuse one object; `nil` where it would not.
    private func refusal(
        of task: SyncTask, _ resources: [GroupKind: Resource]
    ) async -> Result<String?, KubernetesError> {
        do throws(KubernetesError) {
            guard let resource = try await resource(for: task, resources) else {
                if task.options.skipsDryRunOnMissingResource { return .success(nil) }
                return .success(
                    "\(task.reference): the server does not know \(task.groupVersionKind); install its "
                        + "CustomResourceDefinition, or add it to the source")
            }
            _ = try await apply(task, resource, dryRun: true)
            return .success(nil)
        } catch {
            return error.isRetriable ? .failure(error) : .success("\(task.reference): \(error)")
        }
    }

    private func confirm(
        _ references: [ObjectReference], _ resources: [GroupKind: Resource], _ state: inout OperationState
    ) async throws(KubernetesError) {
        for reference in references {
            guard let resource = resources[reference.groupKind] else { continue }
            if try await api.get(resource, reference.key, subresource: nil) != nil { continue }
            for index in state.results.indices where state.results[index].reference == reference {
                state.results[index].phase = .failed
                state.results[index].status = .failed
                state.results[index].message = "was deleted while the sync was running"
            }
        }
    }

    private func announce(
        _ level: ObjectEvent.Level, _ reason: String, _ state: OperationState, _ application: Application
    ) {
        let by = state.operation.isAutomated ? "automated" : state.operation.username
        let commit = state.operation.revision.prefix(12)
        let what = state.phase.isCompleted ? "\(state.phase.rawValue): \(state.message)" : "by \(by)"
        recorder.record(
            level, reason, "sync of commit \(commit) \(what)",
            regarding: ObjectEvent.Target(
                apiVersion: "argoproj.io/v1alpha1", kind: "Application", key: application.key, uid: application.uid))
        logger.info(
            "operation", metadata: ["application": "\(application.key)", "revision": "\(commit)", "state": "\(what)"])
    }
}
