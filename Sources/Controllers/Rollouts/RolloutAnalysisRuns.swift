package import AnalysisEngine
package import Kubernetes
package import Manifest
package import RolloutEngine

/// Turns what the rollout engine asks for into AnalysisRuns, and AnalysisRuns into facts for it.
package final class RolloutAnalysisRuns: RolloutAnalyses {
    private let api: any KubernetesAPI
    private let caches: AnalysisCaches

    package init(api: any KubernetesAPI, caches: AnalysisCaches) {
        self.api = api
        self.caches = caches
    }

    package func facts(of rollout: Rollout) -> [AnalysisRunFact] {
        caches.runs.store.ownedBy(rollout.uid).map { run in
            AnalysisRunFact(
                name: run.key.name, uid: run.uid, phase: run.phase.rawValue, message: run.message, labels: run.labels,
                creationTimestamp: run.creationTimestamp ?? Timestamp(seconds: 0), isTerminating: run.isTerminated)
        }
    }

    package func problems(of rollout: Rollout) -> [FieldProblem] {
        Self.problems(of: rollout, catalog: caches.catalog, isComplete: true)
    }

    /// What is wrong with the templates that a Rollout refers to, by rule and then by field.
    /// - Parameter isComplete: A template that is not in the catalog does not exist; else it may be elsewhere.
    package static func problems(
        of rollout: Rollout, catalog: TemplateCatalog, isComplete: Bool
    ) -> [FieldProblem] {
        var found: [(rule: Int, problem: FieldProblem)] = []
        for analysis in rollout.spec.analyses where !analysis.reference.templates.isEmpty {
            var isMissing = false
            for (index, template) in analysis.reference.templates.enumerated()
            where !exists(template, in: rollout.key.namespace, catalog) {
                isMissing = true
                guard isComplete else { continue }
                let kind = template.isClusterScoped ? "ClusterAnalysisTemplate" : "AnalysisTemplate"
                let place = template.isClusterScoped ? "" : " in namespace \"\(rollout.key.namespace)\""
                found.append(
                    (
                        0,
                        FieldProblem(
                            "\(analysis.path).templates[\(index)].templateName", .notFound,
                            "\(kind) \"\(template.name)\" does not exist\(place); create it or correct the name")
                    ))
            }
            guard !isMissing else { continue }
            guard let error = error(in: analysis.reference, rollout, mustEnd: analysis.mustEnd, catalog) else {
                continue
            }
            // A template that another one names may be elsewhere too.
            if !isComplete, error.code == .template, error.message.contains("does not exist") { continue }
            let field = error.code == .arguments ? "args" : "templates"
            let rule =
                switch error.code {
                case .template: 0
                case .invalidSpec: 1
                case .arguments: 2
                }
            found.append((rule, FieldProblem("\(analysis.path).\(field)", .invalid, "\(error)")))
        }
        let ordered = found.enumerated().sorted { ($0.element.rule, $0.offset) < ($1.element.rule, $1.offset) }
        return ordered.map(\.element.problem)
    }

    package func create(
        _ request: AnalysisRunRequest, for rollout: Rollout, live: @Sendable () async throws -> JSON
    ) async throws {
        var blueprint = Self.blueprint(request.reference, rollout, name: request.name)
        blueprint.labels = request.labels
        blueprint.annotations = request.annotations
        blueprint.args = request.arguments.map { name, value in
            switch value {
            case .literal(let text): AnalysisArgument(name: name, value: text)
            case .fieldPath(let path): AnalysisArgument(name: name, source: .field(path: path))
            case .none: AnalysisArgument(name: name, value: "")
            }
        }
        // A template's own argument may be a field of the Rollout as well.
        let owner =
            AnalysisRunBuilder.readsOwner(blueprint, catalog: caches.catalog)
            ? try await live() : reference(to: rollout)
        var wanted = try AnalysisRunBuilder.build(blueprint, owner: owner, catalog: caches.catalog)
        for collisions in 0..<AnalysisRunBuilder.maximalCollisions {
            wanted.set(
                .string(AnalysisRunBuilder.name(request.name, collisions: collisions)), at: "metadata", "name")
            if try await createOrReuse(wanted, for: rollout) { return }
        }
        throw KubernetesError(
            code: 409, reason: "AlreadyExists",
            message: "no free name for AnalysisRun \(request.name); delete some of its predecessors")
    }

    /// - Returns: `false` when another run has the name.
    private func createOrReuse(_ wanted: JSON, for rollout: Rollout) async throws -> Bool {
        let options = WriteOptions(fieldManager: FieldManagers.rollout)
        let namespace = rollout.key.namespace
        var conflict: KubernetesError?
        do {
            let written = try await api.create(
                .analysisRuns, namespace: namespace, wanted, subresource: nil, options)
            caches.runs.store.noteWrite(written.objectKey, written.resourceVersion)
        } catch {
            conflict = error
        }
        guard let conflict else { return true }
        guard conflict.isAlreadyExists else { throw conflict }
        let key = ObjectKey(namespace: namespace, name: wanted.objectKey.name)
        guard let found = try await api.get(.analysisRuns, key, subresource: nil) else { return false }
        // A call before a crash may have made the very run that is wanted.
        return AnalysisRunBuilder.canReuse(try AnalysisRun(found), for: wanted, ownerUID: rollout.uid)
    }

    package func isBehind(_ key: ObjectKey) -> Bool { caches.runs.store.isBehind(key) }

    package func terminate(_ key: ObjectKey) async throws {
        do {
            _ = try await api.patch(
                .analysisRuns, key, .merge, ["spec": ["terminate": true]], subresource: nil,
                WriteOptions(fieldManager: FieldManagers.rollout))
        } catch  where error.isNotFound {
            // Gone is as good as terminated.
        }
    }

    package func delete(_ key: ObjectKey, uid: String) async throws {
        try await api.delete(.analysisRuns, key, DeleteOptions(propagation: .background, uid: uid))
    }

    // MARK: Inside

    private static func exists(
        _ template: AnalysisReference.Template, in namespace: String, _ catalog: TemplateCatalog
    ) -> Bool {
        template.isClusterScoped
            ? catalog.clusterScoped(template.name) != nil
            : catalog.namespaced(ObjectKey(namespace: namespace, name: template.name)) != nil
    }

    private static func error(
        in reference: AnalysisReference, _ rollout: Rollout, mustEnd: Bool, _ catalog: TemplateCatalog
    ) -> AnalysisError? {
        do throws(AnalysisError) {
            try AnalysisRunBuilder.validate(request(reference, rollout), mustEnd: mustEnd, catalog: catalog)
            return nil
        } catch {
            return error
        }
    }

    /// The run that a Rollout would ask for, by the arguments as it writes them.
    static func request(_ reference: AnalysisReference, _ rollout: Rollout) -> AnalysisRunBlueprint {
        var blueprint = blueprint(reference, rollout, name: rollout.key.name)
        blueprint.args = reference.arguments.map { argument in
            switch argument.value {
            case .literal(let text): AnalysisArgument(name: argument.name, value: text)
            case .podTemplateHash(let which): AnalysisArgument(name: argument.name, source: .podTemplateHash(which))
            case .fieldPath(let path): AnalysisArgument(name: argument.name, source: .field(path: path))
            case .none: AnalysisArgument(name: argument.name, value: "")
            }
        }
        return blueprint
    }

    private static func blueprint(
        _ reference: AnalysisReference, _ rollout: Rollout, name: String
    ) -> AnalysisRunBlueprint {
        AnalysisRunBlueprint(
            namespace: rollout.key.namespace, name: name,
            templates: reference.templates.map {
                TemplateReference(name: $0.name, isClusterScoped: $0.isClusterScoped)
            },
            dryRun: reference.dryRun?.arrayValue ?? [],
            measurementRetention: reference.measurementRetention?.arrayValue ?? [],
            stableHash: rollout.status.stableRS, latestHash: rollout.status.currentPodHash)
    }

    private func reference(to rollout: Rollout) -> JSON {
        [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": [
                "name": .string(rollout.key.name), "namespace": .string(rollout.key.namespace),
                "uid": .string(rollout.uid),
            ],
        ]
    }
}
