package import Manifest

/// What an object waits for, since when, and who can move it.
package struct WhyView: Hashable, Sendable {
    /// `Rollout shop/web`.
    package var object: String
    /// `nil` when it waits for nothing.
    package var reason: String?
    package var message: String
    package var since: Timestamp?
    package var movedBy: String

    package init(object: String, reason: String?, message: String, since: Timestamp? = nil, movedBy: String = "") {
        self.object = object
        self.reason = reason
        self.message = message
        self.since = since
        self.movedBy = movedBy
    }

    package func text(now: Timestamp) -> String {
        guard let reason else { return "\(object) waits for nothing: \(message)\n" }
        var lines = ["\(object) waits: \(reason)"]
        if !message.isEmpty { lines.append("  what:      \(message)") }
        if let since { lines.append("  since:     \(since.rfc3339) (\(AgeText.text(now - since)) ago)") }
        if !movedBy.isEmpty { lines.append("  moved by:  \(movedBy)") }
        return lines.map { $0 + "\n" }.joined()
    }

    package var json: JSON {
        var json: JSON = ["object": .string(object), "message": .string(message)]
        json["reason"] = reason.map { .string($0) }
        json["since"] = since.map { .string($0.rfc3339) }
        if !movedBy.isEmpty { json["movedBy"] = .string(movedBy) }
        return json
    }
}

extension WhyView {
    /// Of an Application, from its status and its Releases.
    package init(application: JSON, releases: [JSON]) {
        let object = "Application \(application.objectKey)"
        let name = application.objectKey.name
        func time(_ value: JSON?) -> Timestamp? { value?.stringValue.flatMap(Timestamp.init(rfc3339:)) }
        let status = application["status"]
        let conditions = status?["conditions"]?.arrayValue ?? []
        let release = releases.max(by: ReleaseView.isOlder)
        if let found = conditions.first(where: { $0["type"] == "CommitRejected" }) {
            self.init(
                object: object, reason: "CommitRejected", message: found["message"]?.stringValue ?? "",
                since: time(found["lastTransitionTime"]),
                movedBy: "a new commit at the target revision, or a person with `kubectl sluice app sync \(name)`")
        } else if let found = conditions.first(where: { $0["type"]?.stringValue?.hasSuffix("Error") == true }) {
            self.init(
                object: object, reason: found["type"]?.stringValue ?? "Error",
                message: found["message"]?.stringValue ?? "",
                since: time(found["lastTransitionTime"]),
                movedBy: "whoever mends what the message names; it is tried again")
        } else if let state = status?["operationState"], state["phase"] == "Running" || state["phase"] == "Terminating"
        {
            self.init(
                object: object, reason: "Sync\(state["phase"]?.stringValue ?? "")",
                message: state["message"]?.stringValue ?? "",
                since: time(state["startedAt"]), movedBy: "the cluster, when the applied objects are healthy")
        } else if let release, ["Syncing", "Progressing"].contains(release.at("status", "phase")?.stringValue) {
            let names = ReleaseView(release, now: Timestamp(seconds: 0)).rolloutKeys.map(\.description)
            self.init(
                object: object, reason: "Release\(release.at("status", "phase")?.stringValue ?? "")",
                message: release.at("status", "message")?.stringValue ?? "",
                since: time(release.at("status", "progressingAt")) ?? time(release.at("status", "startedAt")),
                movedBy: names.isEmpty
                    ? "the sync" : "the rollouts \(names.joined(separator: ", ")); ask `why` of each")
        } else if status?.at("sync", "status") == "OutOfSync" {
            self.init(
                object: object, reason: "OutOfSync", message: "the cluster differs from the source",
                movedBy: ApplicationRow.policy(application) == "Manual"
                    ? "a person with `kubectl sluice app sync \(name)`" : "the next automated sync")
        } else if let health = status?.at("health", "status")?.stringValue, health != "Healthy" {
            self.init(
                object: object, reason: "Health\(health)", message: status?.at("health", "message")?.stringValue ?? "",
                since: time(status?.at("health", "lastTransitionTime")),
                movedBy: "the objects that `kubectl sluice app get \(name)` lists as \(health)")
        } else {
            let sync = status?.at("sync", "status")?.stringValue ?? "Unknown"
            self.init(
                object: object, reason: nil,
                message: "\(sync) and \(status?.at("health", "status")?.stringValue ?? "Unknown")")
        }
    }

    /// Of any other object, from its conditions.
    package init(object value: JSON) {
        let object = "\(value["kind"]?.stringValue ?? "Object") \(value.objectKey)"
        let conditions = value.at("status", "conditions")?.arrayValue ?? []
        let bad = conditions.first { condition in
            let isNegative = ["Stalled", "Reconciling", "ReplicaFailure", "Failed"].contains(
                condition["type"]?.stringValue)
            return condition["status"]?.stringValue == (isNegative ? "True" : "False")
        }
        guard let bad else {
            let phase = value.at("status", "phase")?.stringValue
            let isOpen = ["Pending", "Running", "Progressing", "Syncing"].contains(phase)
            let message = value.at("status", "message")?.stringValue ?? ""
            self.init(
                object: object, reason: isOpen ? phase : nil,
                message: message.isEmpty && !isOpen ? phase ?? "no condition says otherwise" : message,
                since: isOpen ? (value.at("status", "startedAt")?.stringValue).flatMap(Timestamp.init(rfc3339:)) : nil)
            return
        }
        let reason = bad["reason"]?.stringValue ?? ""
        self.init(
            object: object, reason: reason.isEmpty ? bad["type"]?.stringValue ?? "" : reason,
            message: bad["message"]?.stringValue ?? "",
            since: bad["lastTransitionTime"]?.stringValue.flatMap(Timestamp.init(rfc3339:)))
    }
}
