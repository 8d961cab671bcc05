import Kubernetes
import Manifest
import Rendering
import SyncEngine

/// Everything that one look at an Application writes into it, in one patch.
struct StatusReport: Sendable {
    /// `nil` where nothing could be compared: what was known stays.
    var comparison: LiveComparison?
    var revision: String
    var source: ApplicationSource?
    var conditions: [ApplicationCondition]
    /// The source was looked at because someone asked.
    var isRefreshed: Bool
    /// The comparison is one with the commit that the source names.
    var isKnown: Bool
    var tool = RenderRequest.Tool.detect
    var state: OperationState?
    var endsOperation = false
    var request: SyncOperation?

    /// The status as it should be.
    func status(of application: Application, namespace: String, now: Timestamp) -> JSON {
        let old = application.status.json
        var status = old
        let conditions = ApplicationCondition.json(conditions, previous: old["conditions"], now: now)
        status["conditions"] = conditions.arrayValue?.isEmpty == false ? conditions : nil
        var sync: SyncStatus = isKnown ? comparison?.status ?? .unknown : .unknown
        // A rejected commit is not what the cluster is meant to hold, even where its other objects happen to be alike.
        if sync == .synced, self.conditions.contains(where: { $0.kind == .commitRejected }) { sync = .outOfSync }
        status.set(.string(sync.rawValue), at: "sync", "status")
        if isKnown, let comparison, let source {
            status.set(.string(revision), at: "sync", "revision")
            status.set(
                ["source": source.json, "destination": application.spec.destination.json], at: "sync", "comparedTo")
            status["resources"] = .array(comparison.objects.map(\.json))
            status["sourceType"] = tool == .kustomize ? "Kustomize" : "Directory"
            let images = Set(comparison.objects.flatMap { ($0.desired ?? .null).images })
            status["summary"] = images.isEmpty ? nil : ["images": JSON(images.sorted())]
        }
        if let health = comparison?.health {
            var json: JSON = ["status": .string(health.status.rawValue)]
            if !health.message.isEmpty { json["message"] = .string(health.message) }
            let same = old.at("health", "status") == json["status"]
            json["lastTransitionTime"] = same ? old.at("health", "lastTransitionTime") : .string(now.rfc3339)
            status["health"] = json
        }
        if let state {
            status["operationState"] = state.json
            if endsOperation, state.phase == .succeeded, state.operation.isFull {
                let history = HistoryEntry.appending(
                    state, to: application.status.history, limit: application.spec.revisionHistoryLimit, now: now)
                status["history"] = .array(history.map(\.json))
            }
        }
        status["controllerNamespace"] = .string(namespace)
        if isRefreshed || old["reconciledAt"] == nil { status["reconciledAt"] = .string(now.rfc3339) }
        return status
    }
}

extension ApplicationReconciler {
    /// Writes what differs; nothing where nothing does.
    func write(_ report: StatusReport, _ application: Application) async throws(KubernetesError) {
        let status = report.status(
            of: application, namespace: options.controllerNamespace, now: clock.now())
        var patch = JSON.emptyObject
        if let changes = MergePatch.diff(from: application.status.json, to: status) { patch["status"] = changes }
        if let request = report.request { patch["operation"] = request.json }
        // One that was written while another ran is kept, and begins next.
        if report.endsOperation, let requested = application.operation,
            report.state.map({ $0.operation.isSameRequest(as: requested) }) ?? true
        {
            patch["operation"] = .null
        }
        if application.annotations[Names.refresh] != nil {
            patch.set(.null, at: "metadata", "annotations", Names.refresh)
        }
        guard patch != .emptyObject else { return }
        // A person's request that arrives meanwhile must not be overwritten unseen.
        patch.set(.string(application.resourceVersion), at: "metadata", "resourceVersion")
        let written = try await api.patch(
            .applications, application.key, .merge, patch, subresource: nil,
            WriteOptions(fieldManager: "argocd-application-controller"))
        pending.note(application.key, wrote: written, in: caches.applications.store)
    }
}

extension JSON {
    /// The images of a workload's containers, wherever they stand.
    fileprivate var images: [String] {
        switch self {
        case .object(let members):
            members.flatMap { name, value -> [String] in
                guard name == "containers" || name == "initContainers" else {
                    return name == "spec" || name == "template" || name == "jobTemplate" ? value.images : []
                }
                return value.arrayValue?.compactMap { $0["image"]?.stringValue } ?? []
            }
        default: []
        }
    }
}
