package import Manifest

/// How well an object or application does; see ``isWorse(than:)`` for the order.
package enum HealthStatus: String, Hashable, Sendable, CaseIterable {
    case healthy = "Healthy"
    case suspended = "Suspended"
    case progressing = "Progressing"
    case missing = "Missing"
    case degraded = "Degraded"
    case unknown = "Unknown"

    private var rank: Int {
        switch self {
        case .healthy: 0
        case .suspended: 1
        case .progressing: 2
        case .missing: 3
        case .degraded: 4
        case .unknown: 5
        }
    }

    package func isWorse(than other: HealthStatus) -> Bool { rank > other.rank }
}

/// The health of one object, with the reason where there is one.
///
/// It holds no ticking values: each tick would be a status write.
package struct Health: Hashable, Sendable {
    package var status: HealthStatus
    package var message: String

    package init(_ status: HealthStatus, _ message: String = "") {
        self.status = status
        self.message = String(message.prefix(500))
    }

    package static let healthy = Health(.healthy)

    /// The health of a live object; `nil` for kinds without a rule.
    package static func of(_ object: JSON) -> Health? {
        if object.at("metadata", "deletionTimestamp")?.stringValue != nil {
            return Health(.progressing, "Pending deletion")
        }
        guard let kind = object.groupVersionKind?.groupKind else { return nil }
        return builtIn(kind, object) ?? bundled(kind, object)
    }

    /// The worst of an application's objects.
    ///
    /// Missing objects count only where no counted object is there at all; an application without objects is healthy.
    package static func aggregate(_ objects: [(reference: ObjectReference, health: Health)]) -> Health {
        let present = objects.filter { $0.health.status != .missing }
        if present.isEmpty { return objects.isEmpty ? .healthy : Health(.missing) }
        var worst = HealthStatus.healthy
        for object in present where object.health.status.isWorse(than: worst) { worst = object.health.status }
        if worst == .healthy { return .healthy }
        let culprits = present.filter { $0.health.status == worst }.sorted { $0.reference < $1.reference }
        var message = culprits.prefix(3).map(\.reference.description).joined(separator: ", ")
        if culprits.count > 3 { message += " and \(culprits.count - 3) more" }
        return Health(worst, message)
    }
}

extension JSON {
    /// `status.conditions` entry of a type.
    func condition(_ type: String) -> JSON? {
        at("status", "conditions")?.arrayValue?.first { $0["type"]?.stringValue == type }
    }

    /// `True`, `False` or `Unknown` of a condition.
    func conditionStatus(_ type: String) -> String? { condition(type)?["status"]?.stringValue }

    func number(_ path: String...) -> Int64? { at(path: path)?.intValue }

    /// The controller has not seen the latest spec yet.
    var isStale: Bool {
        (number("metadata", "generation") ?? 0) > (number("status", "observedGeneration") ?? 0)
    }
}
