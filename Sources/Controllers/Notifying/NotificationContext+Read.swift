package import Kubernetes
package import Manifest
package import Notifications

extension NotificationContext {
    /// Reads what triggers and templates see of a Rollout: in the controller, and where the command line tries them.
    package static func read(
        _ live: JSON, _ api: any KubernetesAPI, now: Timestamp
    ) async throws -> NotificationContext {
        NotificationContext(
            rollout: await withWorkload(live, api), analysisRuns: try await analysisRuns(of: live, api), now: now)
    }

    /// The Rollout with template and selector of the workload that it refers to.
    ///
    /// Without them where the workload cannot be read: a message that lacks them is better than none.
    private static func withWorkload(_ live: JSON, _ api: any KubernetesAPI) async -> JSON {
        guard let reference = live.at("spec", "workloadRef"), live.at("spec", "template") == nil,
            let kind = reference["kind"]?.stringValue, let name = reference["name"]?.stringValue
        else { return live }
        let kinds = ["Deployment": "deployments", "ReplicaSet": "replicasets", "PodTemplate": "podtemplates"]
        guard let plural = kinds[kind] else { return live }
        let resource = Resource(group: kind == "PodTemplate" ? "" : "apps", version: "v1", plural: plural, kind: kind)
        let key = ObjectKey(namespace: live.objectKey.namespace, name: name)
        guard let workload = try? await api.get(resource, key, subresource: nil) else { return live }
        var filled = live
        if kind == "PodTemplate" {
            filled.set(workload["template"], at: "spec", "template")
        } else {
            filled.set(workload.at("spec", "template"), at: "spec", "template")
            if live.at("spec", "selector") == nil {
                filled.set(workload.at("spec", "selector"), at: "spec", "selector")
            }
        }
        return filled
    }

    /// The runs of the Rollout's current hash and revision, newest first; at most 20.
    private static func analysisRuns(of live: JSON, _ api: any KubernetesAPI) async throws -> [JSON] {
        guard let hash = live.at("status", "currentPodHash")?.stringValue, !hash.isEmpty else { return [] }
        let resource = Resource(group: "argoproj.io", version: "v1alpha1", plural: "analysisruns", kind: "AnalysisRun")
        let found = Lock<[JSON]>([])
        let options = ListOptions(
            namespace: live.objectKey.namespace, labelSelector: "rollouts-pod-template-hash=\(hash)")
        let revision = live.annotations["rollout.argoproj.io/revision"]
        do throws(KubernetesError) {
            _ = try await api.list(resource, options) { bytes in
                let run = try JSON(parsing: bytes)
                let owners = run.at("metadata", "ownerReferences")?.arrayValue ?? []
                guard owners.contains(where: { $0["uid"]?.stringValue == live.uid }) else { return }
                let own = run.annotations["rollout.argoproj.io/revision"]
                guard own == nil || revision == nil || own == revision else { return }
                found.withLock { $0.append(run) }
            }
        } catch {
            guard error.isNotFound else { throw error }
            return []
        }
        func created(_ run: JSON) -> String { run.at("metadata", "creationTimestamp")?.stringValue ?? "" }
        return Array(
            found.withLock { $0 }.sorted { (created($0), $0.objectKey.name) > (created($1), $1.objectKey.name) }.prefix(
                20))
    }
}
