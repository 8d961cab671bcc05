package import Manifest

/// What an Application asks for, with everything that it asks for and that is not understood.
package struct ApplicationSpec: Hashable, Sendable {
    package var project = ""
    package var source: ApplicationSource?
    package var destination = Destination()
    package var automated: Automated?
    package var syncOptions: [String] = []
    package var retry: RetryPolicy?
    package var ignoreDifferences: [IgnoreRule] = []
    package var revisionHistoryLimit = 10
    /// Malformed or unsupported fields, each as `field: why`; empty in a valid spec.
    package var problems: [String] = []

    package struct Destination: Hashable, Sendable {
        package var server = ""
        package var name = ""
        package var namespace = ""

        package init(server: String = "", name: String = "", namespace: String = "") {
            self.server = server
            self.name = name
            self.namespace = namespace
        }

        package var json: JSON {
            var json = JSON.emptyObject
            if !server.isEmpty { json["server"] = .string(server) }
            if !name.isEmpty { json["name"] = .string(name) }
            if !namespace.isEmpty { json["namespace"] = .string(namespace) }
            return json
        }
    }

    package struct Automated: Hashable, Sendable {
        package var prune = false
        package var selfHeal = false
        package var allowEmpty = false

        package init(prune: Bool = false, selfHeal: Bool = false, allowEmpty: Bool = false) {
            self.prune = prune
            self.selfHeal = selfHeal
            self.allowEmpty = allowEmpty
        }
    }

    package init(
        project: String = "default", source: ApplicationSource?, destination: Destination,
        automated: Automated? = nil, syncOptions: [String] = [], retry: RetryPolicy? = nil,
        ignoreDifferences: [IgnoreRule] = []
    ) {
        self.project = project
        self.source = source
        self.destination = destination
        self.automated = automated
        self.syncOptions = syncOptions
        self.retry = retry
        self.ignoreDifferences = ignoreDifferences
    }

    package init(_ json: JSON) {
        var fields = FieldReader(json, at: "spec")
        project = fields.string("project")
        let sources = fields.list("sources")
        if !sources.isEmpty { fields.unsupported("sources", "several sources are not supported yet; use spec.source") }
        if fields.take("sourceHydrator") != nil { fields.unsupported("sourceHydrator") }
        if let source = fields.object("source") {
            self.source = ApplicationSource(source)
            fields.problems += self.source?.problems ?? []
        }
        let target = fields.object("destination") ?? .emptyObject
        var destination = FieldReader(target, at: "spec.destination")
        self.destination = Destination(
            server: destination.string("server"), name: destination.string("name"),
            namespace: destination.string("namespace"))
        destination.finish()
        var policy = FieldReader(fields.object("syncPolicy") ?? .emptyObject, at: "spec.syncPolicy")
        if let json = policy.object("automated") {
            var automated = FieldReader(json, at: "spec.syncPolicy.automated")
            let enabled = automated.bool("enabled", default: true)
            let value = Automated(
                prune: automated.bool("prune"), selfHeal: automated.bool("selfHeal"),
                allowEmpty: automated.bool("allowEmpty"))
            if enabled { self.automated = value }
            automated.finish()
            policy.problems += automated.problems
        }
        syncOptions = policy.strings("syncOptions")
        if let json = policy.object("retry") {
            var problems: [String] = []
            retry = RetryPolicy(json, at: "spec.syncPolicy.retry", problems: &problems)
            policy.problems += problems
        }
        if policy.take("managedNamespaceMetadata") != nil { policy.unsupported("managedNamespaceMetadata") }
        policy.finish()
        for (index, entry) in fields.list("ignoreDifferences").enumerated() {
            var rule = FieldReader(entry, at: "spec.ignoreDifferences[\(index)]")
            ignoreDifferences.append(IgnoreRule(&rule))
            rule.finish()
            fields.problems += rule.problems
        }
        _ = fields.take("info")
        let limit = fields.int("revisionHistoryLimit") ?? 10
        revisionHistoryLimit = Int(clamping: min(max(limit, 0), 1_000))
        fields.finish()
        problems = fields.problems + destination.problems + policy.problems
    }
}

/// Where an Application's manifests come from.
package struct ApplicationSource: Hashable, Sendable {
    package var repoURL = ""
    package var path = ""
    package var targetRevision = ""
    /// Overrides of the Kustomize build, as written.
    package var kustomize: JSON?
    /// Options of plain folders, as written.
    package var directory: JSON?
    /// The source as it stands in the spec, for `comparedTo` and history.
    package var json = JSON.emptyObject
    package var problems: [String] = []

    package init(repoURL: String, path: String = ".", targetRevision: String = "HEAD") {
        self.init([
            "repoURL": .string(repoURL), "path": .string(path), "targetRevision": .string(targetRevision),
        ])
    }

    package init(_ json: JSON) {
        self.json = json
        var fields = FieldReader(json, at: "spec.source")
        repoURL = fields.string("repoURL")
        path = fields.string("path")
        targetRevision = fields.string("targetRevision")
        kustomize = fields.object("kustomize")
        directory = fields.object("directory")
        _ = fields.take("name")
        for name in ["chart", "helm", "plugin", "ref"] where fields.take(name) != nil { fields.unsupported(name) }
        fields.finish()
        problems = fields.problems
        if repoURL.isEmpty { problems.append("spec.source.repoURL: is required") }
        if kustomize != nil, directory != nil {
            problems.append("spec.source: kustomize and directory exclude each other")
        }
        if path.hasPrefix("/") { problems.append("spec.source.path: must not start with /") }
        if path.split(separator: "/").contains("..") {
            problems.append("spec.source.path: must not leave the repository with ..")
        }
    }

    /// The same source with another revision to track.
    package func at(revision: String) -> ApplicationSource {
        var copy = self
        copy.targetRevision = revision
        copy.json["targetRevision"] = .string(revision)
        return copy
    }
}

/// How often and how patiently a failed operation is tried again.
package struct RetryPolicy: Hashable, Sendable {
    /// Negative is without end.
    package var limit: Int64 = 0
    package var duration = Duration.seconds(5)
    package var factor: Int64 = 2
    package var maxDuration = Duration.seconds(180)
    package var refresh = false

    /// What automated syncs use where nothing is said.
    package static let automated = RetryPolicy(limit: 5)

    package init(limit: Int64) { self.limit = limit }

    init(_ json: JSON, at path: String, problems: inout [String]) {
        var fields = FieldReader(json, at: path)
        limit = fields.int("limit") ?? 0
        refresh = fields.bool("refresh")
        if let backoff = fields.object("backoff") {
            var inner = FieldReader(backoff, at: "\(path).backoff")
            if let value = inner.duration("duration") { duration = value }
            if let value = inner.int("factor") { factor = min(max(value, 1), 1_000) }
            if let value = inner.duration("maxDuration") { maxDuration = value }
            inner.finish()
            fields.problems += inner.problems
        }
        fields.finish()
        problems += fields.problems
    }

    /// The wait before the next try.
    /// - Parameter retries: How many were made already; the first wait is `duration` itself.
    package func wait(afterRetries retries: Int64) -> Duration {
        var wait = duration
        for _ in 0..<min(max(retries, 0), 64) {
            if wait >= maxDuration { break }
            wait = .seconds(wait.inSeconds * Double(factor))
        }
        return min(wait, maxDuration)
    }

    package var json: JSON {
        var json: JSON = [
            "limit": .int(limit),
            "backoff": [
                "duration": .string(duration.go), "factor": .int(factor), "maxDuration": .string(maxDuration.go),
            ],
        ]
        if refresh { json["refresh"] = true }
        return json
    }
}
