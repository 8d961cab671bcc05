package import Manifest

/// Whether live objects are as the source says.
package enum SyncStatus: String, Hashable, Sendable {
    case synced = "Synced"
    case outOfSync = "OutOfSync"
    case unknown = "Unknown"
}

/// A finding about an Application that people should see.
package struct ApplicationCondition: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case deletionError = "DeletionError"
        case invalidSpec = "InvalidSpecError"
        case comparison = "ComparisonError"
        case sync = "SyncError"
        case unknown = "UnknownError"
        case sharedResource = "SharedResourceWarning"
        case repeatedResource = "RepeatedResourceWarning"
        case excludedResource = "ExcludedResourceWarning"
        /// The compared commit was rejected by its rollouts and is not applied again.
        case commitRejected = "CommitRejected"
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Errors of this kind forbid a sync; warnings and verdicts do not.
    package var isError: Bool {
        switch kind {
        case .deletionError, .invalidSpec, .comparison, .unknown: true
        case .sync, .sharedResource, .repeatedResource, .excludedResource, .commitRejected: false
        }
    }

    /// Conditions as they stand in the status: sorted, bounded, an unchanged one keeps its transition time.
    package static func json(_ conditions: [ApplicationCondition], previous: JSON?, now: Timestamp) -> JSON {
        let old = previous?.arrayValue ?? []
        let sorted = conditions.sorted { ($0.kind.rawValue, $0.message) < ($1.kind.rawValue, $1.message) }
        return .array(
            sorted.prefix(32).map { condition in
                let message = String(condition.message.prefix(2_000))
                let same = old.first {
                    $0["type"]?.stringValue == condition.kind.rawValue && $0["message"]?.stringValue == message
                }
                return [
                    "type": .string(condition.kind.rawValue), "message": .string(message),
                    "lastTransitionTime": same?["lastTransitionTime"] ?? .string(now.rfc3339),
                ]
            })
    }
}

/// Where an operation stands.
package enum OperationPhase: String, Hashable, Sendable {
    case running = "Running"
    case terminating = "Terminating"
    case failed = "Failed"
    case error = "Error"
    case succeeded = "Succeeded"

    package var isCompleted: Bool { self != .running && self != .terminating }
}

/// What became of one object in an operation.
package struct ResourceResult: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable {
        case synced = "Synced"
        case failed = "SyncFailed"
        case pruned = "Pruned"
        case pruneSkipped = "PruneSkipped"
    }

    package var reference: ObjectReference
    package var version: String
    package var status: Status
    package var message: String
    /// `Running` until the object is healthy, where later waves wait for it.
    package var phase: OperationPhase

    package init(
        reference: ObjectReference, version: String, status: Status, message: String, phase: OperationPhase
    ) {
        self.reference = reference
        self.version = version
        self.status = status
        self.message = message
        self.phase = phase
    }

    init?(_ json: JSON) {
        guard let kind = json["kind"]?.stringValue, let name = json["name"]?.stringValue else { return nil }
        reference = ObjectReference(
            group: json["group"]?.stringValue ?? "", kind: kind, namespace: json["namespace"]?.stringValue ?? "",
            name: name)
        version = json["version"]?.stringValue ?? ""
        status = json["status"]?.stringValue.flatMap(Status.init) ?? .failed
        message = json["message"]?.stringValue ?? ""
        phase = json["hookPhase"]?.stringValue.flatMap(OperationPhase.init) ?? .succeeded
    }

    package var json: JSON {
        [
            "group": .string(reference.group), "version": .string(version), "kind": .string(reference.kind),
            "namespace": .string(reference.namespace), "name": .string(reference.name),
            "status": .string(status.rawValue), "message": .string(String(message.prefix(1_000))),
            "hookPhase": .string(phase.rawValue), "syncPhase": "Sync",
        ]
    }
}

/// The running or last operation.
package struct OperationState: Hashable, Sendable {
    package var operation: SyncOperation
    package var phase: OperationPhase
    package var message: String
    package var startedAt: Timestamp
    package var finishedAt: Timestamp?
    package var retryCount: Int64
    /// The commit that the operation is pinned to; empty until its dry run has passed.
    package var revision: String
    /// The source that the operation used.
    package var source: JSON?
    package var results: [ResourceResult]
    /// Whether the dry run has passed and the operation applies.
    package var hasResult: Bool

    package init(
        operation: SyncOperation, phase: OperationPhase = .running, message: String = "", startedAt: Timestamp,
        finishedAt: Timestamp? = nil, retryCount: Int64 = 0, revision: String = "", source: JSON? = nil,
        results: [ResourceResult] = [], hasResult: Bool = false
    ) {
        self.operation = operation
        self.phase = phase
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.retryCount = retryCount
        self.revision = revision
        self.source = source
        self.results = results
        self.hasResult = hasResult
    }

    init?(_ json: JSON) {
        guard let phase = json["phase"]?.stringValue.flatMap(OperationPhase.init),
            let startedAt = json["startedAt"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        else { return nil }
        operation = SyncOperation(json["operation"] ?? .null) ?? SyncOperation(revision: "")
        self.phase = phase
        message = json["message"]?.stringValue ?? ""
        self.startedAt = startedAt
        finishedAt = json["finishedAt"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        retryCount = json["retryCount"]?.intValue ?? 0
        let result = json["syncResult"]
        hasResult = result?.objectValue != nil
        revision = result?["revision"]?.stringValue ?? ""
        source = result?["source"]
        results = (result?["resources"]?.arrayValue ?? []).compactMap(ResourceResult.init)
    }

    package var json: JSON {
        var json: JSON = [
            "operation": operation.json, "phase": .string(phase.rawValue),
            "message": .string(String(message.prefix(4_000))), "startedAt": .string(startedAt.rfc3339),
        ]
        if let finishedAt { json["finishedAt"] = .string(finishedAt.rfc3339) }
        if retryCount > 0 { json["retryCount"] = .int(retryCount) }
        if hasResult {
            json["syncResult"] = [
                "revision": .string(revision), "source": source ?? .emptyObject,
                "resources": .array(results.map(\.json)),
            ]
        }
        return json
    }
}

/// One entry of the history: a commit that was synced in full.
package struct HistoryEntry: Hashable, Sendable {
    package var id: Int64
    package var revision: String
    /// The entry as it stands in the status.
    package var json: JSON

    init?(_ json: JSON) {
        guard let id = json["id"]?.intValue else { return nil }
        self.id = id
        revision = json["revision"]?.stringValue ?? ""
        self.json = json
    }

    package init(
        id: Int64, revision: String, source: JSON, startedAt: Timestamp, deployedAt: Timestamp,
        by operation: SyncOperation
    ) {
        self.id = id
        self.revision = revision
        json = [
            "id": .int(id), "revision": .string(revision), "source": source,
            "deployStartedAt": .string(startedAt.rfc3339), "deployedAt": .string(deployedAt.rfc3339),
            "initiatedBy": operation.json["initiatedBy"] ?? .emptyObject,
        ]
    }

    /// The history with one more entry, trimmed from the oldest.
    package static func appending(_ state: OperationState, to history: [HistoryEntry], limit: Int, now: Timestamp)
        -> [HistoryEntry]
    {
        // A crash after the entry was written must not write it twice.
        if let last = history.last, last.revision == state.revision,
            last.json["deployStartedAt"]?.stringValue == state.startedAt.rfc3339
        {
            return history
        }
        let id = (history.map(\.id).max() ?? -1) &+ 1
        let entry = HistoryEntry(
            id: id, revision: state.revision, source: state.source ?? .emptyObject, startedAt: state.startedAt,
            deployedAt: now, by: state.operation)
        return (history + [entry]).suffix(limit)
    }
}

/// What the controller knows of an Application, as far as decisions read it back.
package struct ApplicationStatus: Hashable, Sendable {
    package var sync: SyncStatus?
    /// The commit that was compared last.
    package var revision: String
    package var health: HealthStatus?
    package var operationState: OperationState?
    package var history: [HistoryEntry]
    package var reconciledAt: Timestamp?
    /// The status as it stands, to write only what differs.
    package var json: JSON

    package init(_ json: JSON = .emptyObject) {
        self.json = json
        sync = json.at("sync", "status")?.stringValue.flatMap(SyncStatus.init)
        revision = json.at("sync", "revision")?.stringValue ?? ""
        health = json.at("health", "status")?.stringValue.flatMap(HealthStatus.init)
        operationState = json["operationState"].flatMap(OperationState.init)
        history = (json["history"]?.arrayValue ?? []).compactMap(HistoryEntry.init)
        reconciledAt = json["reconciledAt"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
    }
}
