package import Manifest

/// The sync options in effect for an application or one of its objects.
package struct SyncOptions: Hashable, Sendable {
    private var values: [String: String] = [:]

    /// - Parameters:
    ///   - list: Entries such as `PruneLast=true`; a later one wins.
    package init(_ list: [String]) {
        for entry in list { add(entry) }
    }

    /// The options of one object: its annotation overrides the application's.
    package func overridden(by object: JSON) -> SyncOptions {
        guard let annotation = object.annotations[Names.syncOptions] else { return self }
        var result = self
        for entry in annotation.split(separator: ",").prefix(64) { result.add(String(entry)) }
        return result
    }

    private mutating func add(_ entry: String) {
        let trimmed = entry.filter { !$0.isWhitespace }
        guard let equals = trimmed.firstIndex(of: "=") else { return }
        values[String(trimmed[..<equals])] = String(trimmed[trimmed.index(after: equals)...])
    }

    private func isTrue(_ name: String) -> Bool { values[name] == "true" }

    package var createsNamespace: Bool { isTrue("CreateNamespace") }
    package var forbidsPrune: Bool { values["Prune"] == "false" }
    package var confirmsPrune: Bool { values["Prune"] == "confirm" }
    package var forbidsDelete: Bool { values["Delete"] == "false" }
    package var confirmsDelete: Bool { values["Delete"] == "confirm" }
    package var prunesLast: Bool { isTrue("PruneLast") }
    package var appliesOutOfSyncOnly: Bool { isTrue("ApplyOutOfSyncOnly") }
    package var respectsIgnoreDifferences: Bool { isTrue("RespectIgnoreDifferences") }
    package var skipsDryRunOnMissingResource: Bool { isTrue("SkipDryRunOnMissingResource") }
    package var failsOnSharedResource: Bool { isTrue("FailOnSharedResource") }
    package var validates: Bool { values["Validate"] != "false" }
    package var propagation: String { values["PrunePropagationPolicy"] ?? "foreground" }

    /// What of an application's list is malformed or not supported.
    package static func problems(_ list: [String]) -> [String] { list.prefix(64).compactMap(problem) }

    /// What of an object's annotation is malformed or not supported.
    package static func problems(of object: JSON) -> [String] {
        problems((object.annotations[Names.syncOptions] ?? "").split(separator: ",").map(String.init))
    }

    private static func problem(_ entry: String) -> String? {
        let trimmed = entry.filter { !$0.isWhitespace }
        if trimmed.isEmpty { return nil }
        let parts = trimmed.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let name = parts.first, let value = parts.last else {
            return "\"\(trimmed.prefix(60))\" is not of the form Name=value"
        }
        let isSupported =
            switch name {
            case "Validate", "CreateNamespace", "PruneLast", "ApplyOutOfSyncOnly", "RespectIgnoreDifferences",
                "SkipDryRunOnMissingResource", "FailOnSharedResource":
                value == "true" || value == "false"
            case "Prune", "Delete": ["true", "false", "confirm"].contains(value)
            case "PrunePropagationPolicy": ["foreground", "background", "orphan"].contains(value)
            // Applies are server-side always, for now; nothing is replaced or forced.
            case "ServerSideApply": value == "true"
            case "ClientSideApplyMigration", "Replace", "Force": value == "false"
            default: false
            }
        return isSupported ? nil : "\"\(trimmed.prefix(60))\" is not supported yet"
    }
}
