package import Manifest

/// The request to sync, as it stands in an Application's `operation`.
package struct SyncOperation: Hashable, Sendable {
    /// Why Sluice itself asked; people's operations have none.
    package enum Purpose: Hashable, Sendable {
        case sync
        /// Brings back the last released commit after the named Release was rejected.
        case restore(release: String)
        /// Deletes what the verdict on the named Release made superfluous.
        case prune(release: String)
    }

    /// One entry of `sync.resources`.
    package struct Selection: Hashable, Sendable {
        package var group: String
        package var kind: String
        package var namespace: String
        package var name: String

        package init(_ reference: ObjectReference) {
            group = reference.group
            kind = reference.kind
            namespace = reference.namespace
            name = reference.name
        }

        init(_ json: JSON) {
            group = json["group"]?.stringValue ?? ""
            kind = json["kind"]?.stringValue ?? ""
            namespace = json["namespace"]?.stringValue ?? ""
            name = json["name"]?.stringValue ?? ""
        }

        package func matches(_ reference: ObjectReference) -> Bool {
            group == reference.group && kind == reference.kind && name == reference.name
                && (namespace.isEmpty || namespace == reference.namespace)
        }

        var json: JSON {
            var json: JSON = ["group": .string(group), "kind": .string(kind), "name": .string(name)]
            if !namespace.isEmpty { json["namespace"] = .string(namespace) }
            return json
        }
    }

    /// Empty is the spec's target revision.
    package var revision = ""
    package var prune = false
    package var dryRun = false
    package var resources: [Selection] = []
    package var syncOptions: [String] = []
    package var autoHealAttempts: Int64 = 0
    package var retry = RetryPolicy(limit: 0)
    package var username = ""
    package var isAutomated = false
    package var purpose = Purpose.sync
    /// What the request holds that is malformed or not supported.
    package var problems: [String] = []
    /// A source in the request that overrides the spec's.
    package var source: ApplicationSource?

    package init(
        revision: String, prune: Bool = false, resources: [Selection] = [], syncOptions: [String] = [],
        retry: RetryPolicy = RetryPolicy(limit: 0), username: String = "", isAutomated: Bool = false,
        purpose: Purpose = .sync, autoHealAttempts: Int64 = 0, source: ApplicationSource? = nil
    ) {
        self.revision = revision
        self.prune = prune
        self.resources = resources
        self.syncOptions = syncOptions
        self.retry = retry
        self.username = username
        self.isAutomated = isAutomated
        self.purpose = purpose
        self.autoHealAttempts = autoHealAttempts
        self.source = source
    }

    /// `nil` where no operation is requested.
    package init?(_ json: JSON) {
        guard let members = json.objectValue, !members.isEmpty else { return nil }
        var fields = FieldReader(json, at: "operation")
        var sync = FieldReader(fields.object("sync") ?? .emptyObject, at: "operation.sync")
        revision = sync.string("revision")
        prune = sync.bool("prune")
        dryRun = sync.bool("dryRun")
        resources = sync.list("resources").map(Selection.init)
        syncOptions = sync.strings("syncOptions")
        autoHealAttempts = max(sync.int("autoHealAttemptsCount") ?? 0, 0)
        for name in ["revisions", "sources", "manifests"] where !sync.list(name).isEmpty { sync.unsupported(name) }
        if let source = sync.object("source") {
            let source = ApplicationSource(source)
            self.source = source
            sync.problems += source.problems
        }
        if let strategy = sync.object("syncStrategy") {
            let inner = strategy["apply"] ?? strategy["hook"]
            if inner?["force"]?.boolValue == true { sync.unsupported("syncStrategy", "force is not supported yet") }
        }
        sync.finish()
        if let json = fields.object("retry") {
            var problems: [String] = []
            retry = RetryPolicy(json, at: "operation.retry", problems: &problems)
            sync.problems += problems
        }
        let initiator = fields.object("initiatedBy") ?? .emptyObject
        username = initiator["username"]?.stringValue ?? ""
        isAutomated = initiator["automated"]?.boolValue ?? false
        for entry in fields.list("info") {
            guard isAutomated, let value = entry["value"]?.stringValue else { continue }
            switch entry["name"]?.stringValue {
            case Self.restoreInfo: purpose = .restore(release: value)
            case Self.pruneInfo: purpose = .prune(release: value)
            default: break
            }
        }
        fields.finish()
        problems = fields.problems + sync.problems
    }

    private static let restoreInfo = "sluice.dev/restores-after"
    private static let pruneInfo = "sluice.dev/prunes-after"

    /// Whether `requested` is what this operation was begun from; beginning pins its revision to a commit.
    package func isSameRequest(as requested: SyncOperation) -> Bool {
        var other = requested
        let isCommit = other.revision.utf8.count == 40 && other.revision.allSatisfy(\.isHexDigit)
        if !isCommit { other.revision = revision }
        return other == self
    }

    /// Whether all of the Application is meant, so that history and the ledger record it.
    package var isFull: Bool { resources.isEmpty && !dryRun }

    package var json: JSON {
        var sync = JSON.emptyObject
        if !revision.isEmpty { sync["revision"] = .string(revision) }
        if prune { sync["prune"] = true }
        if dryRun { sync["dryRun"] = true }
        if !resources.isEmpty { sync["resources"] = .array(resources.map(\.json)) }
        if !syncOptions.isEmpty { sync["syncOptions"] = JSON(syncOptions) }
        if autoHealAttempts > 0 { sync["autoHealAttemptsCount"] = .int(autoHealAttempts) }
        if let source { sync["source"] = source.json }
        var initiator = JSON.emptyObject
        if !username.isEmpty { initiator["username"] = .string(username) }
        if isAutomated { initiator["automated"] = true }
        var json: JSON = ["sync": sync, "initiatedBy": initiator]
        if retry != RetryPolicy(limit: 0) { json["retry"] = retry.json }
        switch purpose {
        case .sync: break
        case .restore(let release):
            json["info"] = [["name": .string(Self.restoreInfo), "value": .string(release)]]
        case .prune(let release): json["info"] = [["name": .string(Self.pruneInfo), "value": .string(release)]]
        }
        return json
    }
}
