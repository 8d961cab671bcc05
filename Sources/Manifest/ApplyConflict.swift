/// Why a server-side apply was refused.
package enum ApplyConflict: Error, Hashable, CustomStringConvertible {
    /// Other managers own fields that the configuration sets to another value.
    case conflicts([FieldConflict])
    /// The configuration itself cannot be applied.
    case invalid(PatchError)

    /// As the API server words it.
    package var description: String {
        switch self {
        case .invalid(let error): return error.description
        case .conflicts(let conflicts):
            let head = "Apply failed with \(conflicts.count) conflict\(conflicts.count == 1 ? "" : "s"): "
            if conflicts.count == 1, let only = conflicts.first { return head + "\(only.message): \(only.path)" }
            var order: [String] = []
            var fields: [String: [String]] = [:]
            for conflict in conflicts {
                if fields[conflict.managerText] == nil { order.append(conflict.managerText) }
                fields[conflict.managerText, default: []].append("- \(conflict.path)")
            }
            return head
                + order.map { "conflicts with \($0):\n\((fields[$0] ?? []).joined(separator: "\n"))" }
                .joined(separator: "\n")
        }
    }
}

/// A field that another manager owns.
package struct FieldConflict: Hashable, Sendable {
    package var entry: ManagedFieldsEntry
    /// `.spec.replicas`.
    package var path: FieldPath

    /// `conflict with "kubectl" using apps/v1`, the message of a cause with reason `FieldManagerConflict`.
    package var message: String { "conflict with \(managerText)" }

    var managerText: String {
        var text = "\(JSON.string(entry.manager))"
        if !entry.subresource.isEmpty { text += " with subresource \(JSON.string(entry.subresource))" }
        guard entry.operation == .update else { return text }
        return text + " using \(entry.apiVersion)" + (entry.time.map { " at \($0.rfc3339)" } ?? "")
    }
}
