package import Manifest

/// One line of `app list`.
package struct ApplicationRow: Hashable, Sendable {
    package static let header = [
        "NAME", "CLUSTER", "NAMESPACE", "PROJECT", "STATUS", "HEALTH", "SYNCPOLICY", "CONDITIONS",
    ]
    package static let wideHeader = header + ["REPO", "PATH", "TARGET"]

    package var cells: [String]

    package init(_ application: JSON, isWide: Bool) {
        func spec(_ path: String...) -> String { application["spec"]?.at(path: path)?.stringValue ?? "" }
        let conditions = Set(
            (application.at("status", "conditions")?.arrayValue ?? []).compactMap { $0["type"]?.stringValue })
        let server = spec("destination", "server")
        cells = [
            application.objectKey.description, server.isEmpty ? spec("destination", "name") : server,
            spec("destination", "namespace"), spec("project"),
            application.at("status", "sync", "status")?.stringValue ?? "Unknown",
            application.at("status", "health", "status")?.stringValue ?? "Unknown", Self.policy(application),
            conditions.isEmpty ? "<none>" : conditions.sorted().joined(separator: ","),
        ]
        if isWide {
            cells += [
                ApplicationView.shownURL(spec("source", "repoURL")), spec("source", "path"),
                spec("source", "targetRevision"),
            ]
        }
    }

    static func policy(_ application: JSON) -> String {
        guard let automated = application.at("spec", "syncPolicy", "automated"), automated.isObject,
            automated["enabled"] != false
        else { return "Manual" }
        return automated["prune"] == true ? "Auto-Prune" : "Auto"
    }

    package static func table(_ applications: [JSON], isWide: Bool) -> TextTable {
        var table = TextTable(header: isWide ? wideHeader : header)
        for application in applications.sorted(by: { $0.objectKey < $1.objectKey }) {
            table.add(ApplicationRow(application, isWide: isWide).cells)
        }
        return table
    }
}

/// What `app get` shows of an Application.
package struct ApplicationView: Sendable {
    private let application: JSON
    private let releases: [JSON]
    private let now: Timestamp

    /// - Parameter releases: Its Releases, in any order.
    package init(_ application: JSON, releases: [JSON], now: Timestamp) {
        self.application = application
        self.releases = releases.sorted(by: ReleaseView.isOlder)
        self.now = now
    }

    package func text(_ style: TextStyle = .plain) -> String {
        var lines: [String] = []
        func add(_ label: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append(label + String(repeating: " ", count: max(1, 20 - label.count)) + value)
        }
        let status = application["status"]
        let source = application.at("spec", "source")
        add("Name:", application.objectKey.description)
        add("Project:", application.at("spec", "project")?.stringValue)
        let destination = application.at("spec", "destination")
        add("Server:", destination?["server"]?.stringValue ?? destination?["name"]?.stringValue)
        add("Namespace:", destination?["namespace"]?.stringValue)
        add("Repo:", source?["repoURL"]?.stringValue.map(Self.shownURL))
        add("Target:", source?["targetRevision"]?.stringValue)
        add("Path:", source?["path"]?.stringValue)
        add("Sync Policy:", ApplicationRow.policy(application))
        let sync = status?.at("sync", "status")?.stringValue ?? "Unknown"
        let revision = status?.at("sync", "revision")?.stringValue ?? ""
        add(
            "Sync Status:",
            Self.syncIcon(sync).styled(revision.isEmpty ? sync : "\(sync) (\(revision.prefix(7)))").styled(style))
        let health = status?.at("health", "status")?.stringValue ?? "Unknown"
        add("Health Status:", Self.healthIcon(health).styled(health).styled(style))
        if let release = releases.last {
            let view = ReleaseView(release, now: now)
            add("Release:", view.icon.styled(view.summary).styled(style))
        }
        if let state = status?["operationState"] {
            let phase = state["phase"]?.stringValue ?? ""
            let message = state["message"]?.stringValue ?? ""
            add("Operation:", message.isEmpty ? phase : "\(phase) - \(message)")
        }
        for condition in status?["conditions"]?.arrayValue ?? [] {
            add("Condition:", "\(condition["type"]?.stringValue ?? ""): \(condition["message"]?.stringValue ?? "")")
        }
        let resources = status?["resources"]?.arrayValue ?? []
        guard !resources.isEmpty else { return lines.map { $0 + "\n" }.joined() }
        var table = TextTable(header: ["GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "MESSAGE"])
        for resource in resources.sorted(by: { Self.reference($0) < Self.reference($1) }) {
            let reference = Self.reference(resource)
            table.add([
                reference.group, reference.kind, reference.namespace, reference.name,
                resource["status"]?.stringValue ?? "",
                resource.at("health", "status")?.stringValue ?? "", resource.at("health", "message")?.stringValue ?? "",
            ])
        }
        return lines.map { $0 + "\n" }.joined() + "\n" + table.text(style)
    }

    /// `ID DATE REVISION` of what was synced, oldest first.
    package var history: TextTable {
        var table = TextTable(header: ["ID", "DATE", "REVISION", "RELEASE"])
        for entry in application.at("status", "history")?.arrayValue ?? [] {
            let revision = entry["revision"]?.stringValue ?? ""
            let release = releases.last { $0.at("spec", "revision")?.stringValue == revision }
            table.add([
                entry["id"]?.intValue.map(String.init) ?? "", entry["deployedAt"]?.stringValue ?? "", revision,
                release.map { ReleaseView($0, now: now).phase } ?? "",
            ])
        }
        return table
    }

    static func reference(_ resource: JSON) -> ObjectReference {
        func text(_ field: String) -> String { resource[field]?.stringValue ?? "" }
        return ObjectReference(
            group: text("group"), kind: text("kind"), namespace: text("namespace"), name: text("name"))
    }

    /// A repository's address without a user or password in it.
    static func shownURL(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        guard let at = host.lastIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }

    private static func syncIcon(_ status: String) -> StatusIcon {
        switch status {
        case "Synced": .ok
        case "OutOfSync": .warning
        default: .unknown
        }
    }

    private static func healthIcon(_ status: String) -> StatusIcon {
        switch status {
        case "Healthy": .ok
        case "Degraded": .bad
        case "Progressing": .progressing
        case "Suspended": .paused
        case "Missing": .warning
        default: .unknown
        }
    }
}
