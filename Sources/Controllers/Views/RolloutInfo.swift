package import Manifest
import RolloutEngine

/// A Rollout with all that belongs to it as JSON, in the form that Argo Rollouts' dashboard API has.
package enum RolloutInfo {
    /// - Parameters: Objects of the namespace, as the API serves them.
    package static func json(
        rollout: JSON, replicaSets: [JSON], pods: [JSON], analysisRuns: [JSON], experiments: [JSON], now: Timestamp
    ) -> JSON {
        let view = RolloutView(
            rollout: rollout, replicaSets: replicaSets, pods: pods, analysisRuns: analysisRuns,
            experiments: experiments, now: now)
        let facts = RolloutFacts(rollout)
        let source = Source(replicaSets: replicaSets, pods: pods, analysisRuns: analysisRuns, facts: facts)
        let own = view.revisions
        var info: JSON = [
            "objectMeta": meta(rollout), "status": .string(view.phase), "message": .string(view.message),
            "icon": .string(icon(StatusIcon.rollout(view.phase))), "strategy": .string(view.strategy),
            "step": .string(view.step ?? ""), "setWeight": .string(view.setWeight.map { "\($0)" } ?? ""),
            "actualWeight": .string(view.actualWeight.map { "\($0)" } ?? ""), "ready": .int(view.ready),
            "current": .int(view.current), "desired": .int(view.desired), "updated": .int(view.updated),
            "available": .int(view.available),
            "restartedAt": .string(rollout.at("status", "restartedAt")?.stringValue ?? ""),
            "generation": .string("\(rollout.at("metadata", "generation")?.intValue ?? 0)"),
            "replicaSets": .array(own.flatMap(\.replicaSets).map { source.json($0) }),
            "analysisRuns": .array(own.flatMap(\.analysisRuns).map { source.json($0) }),
            "containers": .array(containers(rollout, "containers")),
            "initContainers": .array(containers(rollout, "initContainers")), "steps": .array(facts.steps),
        ]
        info["experiments"] = .array(
            own.flatMap(\.experiments).map { experiment in
                let object = experiments.first { $0.objectKey.name == experiment.name } ?? .emptyObject
                return [
                    "objectMeta": meta(object), "icon": .string(icon(.analysis(experiment.phase))),
                    "revision": .string("\(experiment.revision)"), "status": .string(experiment.phase),
                    "message": .string(experiment.message),
                    "replicaSets": .array(experiment.replicaSets.map { source.json($0) }),
                    "analysisRuns": .array(experiment.analysisRuns.map { source.json($0) }),
                ]
            })
        return info
    }

    private static func meta(_ object: JSON) -> JSON {
        var meta: JSON = [
            "name": .string(object.objectKey.name), "namespace": .string(object.objectKey.namespace),
            "uid": .string(object.uid),
        ]
        for field in ["creationTimestamp", "resourceVersion", "labels", "annotations"] {
            if let value = object.at("metadata", field) { meta[field] = value }
        }
        return meta
    }

    private static func containers(_ rollout: JSON, _ field: String) -> [JSON] {
        (rollout.at("spec", "template", "spec", field)?.arrayValue ?? []).map {
            ["name": $0["name"] ?? "", "image": $0["image"] ?? ""]
        }
    }

    /// The names that Argo Rollouts' dashboard gives its icons.
    private static func icon(_ icon: StatusIcon) -> String {
        switch icon {
        case .ok: "fa-check-circle"
        case .bad: "fa-times-circle"
        case .warning: "fa-exclamation-circle"
        case .progressing: "fa-circle-notch"
        case .waiting: "fa-clock"
        case .unknown: "fa-question-circle"
        case .paused: "fa-pause-circle"
        case .neutral: "fa-circle"
        }
    }

    /// The objects behind the views.
    private struct Source {
        var replicaSets: [JSON]
        var pods: [JSON]
        var analysisRuns: [JSON]
        var facts: RolloutFacts

        func json(_ set: ReplicaSetView) -> JSON {
            let object = replicaSets.first { $0.objectKey.name == set.name } ?? .emptyObject
            var json: JSON = [
                "objectMeta": meta(object), "status": .string(set.status),
                "icon": .string(icon(.replicaSet(set.status))), "revision": .string("\(set.revision)"),
                "replicas": .int(set.replicas), "available": .int(set.available),
                "template": .string(object.annotations["experiment.argoproj.io/template-name"] ?? ""),
                "scaleDownDeadline": .string(object.annotations[Keys.scaleDownDeadline] ?? ""),
                "images": JSON(set.images), "pods": .array(set.pods.map { pod in self.json(pod) }),
            ]
            for role in ["stable", "canary", "active", "preview", "ping", "pong"] {
                json[role] = .bool(set.roles.contains(role))
            }
            return json
        }

        private func json(_ pod: ReplicaSetView.Pod) -> JSON {
            let object = pods.first { $0.objectKey.name == pod.name } ?? .emptyObject
            let state = PodStatus(object)
            return [
                "objectMeta": meta(object), "status": .string(pod.status), "icon": .string(icon(.pod(pod.status))),
                "ready": .string("\(state.ready)/\(state.total)"), "restarts": .string("\(state.restarts)"),
            ]
        }

        func json(_ run: RunView) -> JSON {
            let object = analysisRuns.first { $0.objectKey.name == run.name } ?? .emptyObject
            return [
                "objectMeta": meta(object), "icon": .string(icon(.analysis(run.phase))),
                "revision": .string("\(run.revision)"), "status": .string(run.phase),
                "message": object.at("status", "message") ?? "",
                "successful": .int(run.successful), "failed": .int(run.failed),
                "inconclusive": .int(run.inconclusive), "error": .int(run.error),
                "jobs": .array(
                    run.jobs.map { job in
                        [
                            "objectMeta": ["name": .string(job.name)], "status": .string(job.phase),
                            "icon": .string(icon(.analysis(job.phase))),
                        ]
                    }),
                "metrics": object.at("status", "metricResults") ?? [],
            ]
        }
    }
}
