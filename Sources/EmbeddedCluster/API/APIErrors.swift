import Kubernetes
import Manifest

extension KubernetesError {
    static func notFound(_ kind: KindDefinition, _ name: String) -> Self {
        Self(code: 404, reason: "NotFound", message: "\(kind.name) \"\(name)\" not found")
    }

    static let noSuchResource = Self(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")

    static func badRequest(_ message: String) -> Self { Self(code: 400, reason: "BadRequest", message: message) }

    static func alreadyExists(_ kind: KindDefinition, _ name: String) -> Self {
        Self(code: 409, reason: "AlreadyExists", message: "\(kind.name) \"\(name)\" already exists")
    }

    static func conflict(_ kind: KindDefinition, _ name: String, _ why: String) -> Self {
        Self(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(kind.name) \"\(name)\": \(why)")
    }

    static func modified(_ kind: KindDefinition, _ name: String) -> Self {
        conflict(
            kind, name,
            "the object has been modified; please apply your changes to the latest version and try again")
    }

    static func invalid(_ kind: KindDefinition, _ name: String, _ causes: [Cause]) -> Self {
        let parts = causes.map { "\($0.field): \($0.message)" }
        let text = parts.count == 1 ? parts[0] : "[\(parts.joined(separator: ", "))]"
        return Self(
            code: 422, reason: "Invalid", message: "\(kind.qualifiedKind) \"\(name)\" is invalid: \(text)",
            causes: causes)
    }

    static func expired(_ message: String) -> Self { Self(code: 410, reason: "Expired", message: message) }

    static func forbidden(_ kind: KindDefinition, _ name: String, _ why: String) -> Self {
        Self(code: 403, reason: "Forbidden", message: "\(kind.name) \"\(name)\" is forbidden: \(why)")
    }

    static func tooLargeVersion(_ wanted: UInt64, _ current: UInt64) -> Self {
        Self(
            code: 504, reason: "Timeout", message: "Too large resource version: \(wanted), current: \(current)",
            causes: [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")],
            retryAfter: .seconds(1))
    }

    /// The `Status` object that carries this error over HTTP.
    func status(kind: KindDefinition?, name: String?) -> JSON {
        var details = JSON.emptyObject
        if let name, !name.isEmpty { details["name"] = .string(name) }
        if let kind {
            if !kind.group.isEmpty { details["group"] = .string(kind.group) }
            details["kind"] = .string(isInvalid ? kind.kind : kind.plural)
        }
        if !causes.isEmpty {
            details["causes"] = .array(
                causes.map {
                    ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)]
                })
        }
        if let retryAfter { details["retryAfterSeconds"] = .int(retryAfter.components.seconds) }
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason), "details": details, "code": .int(Int64(code)),
        ]
    }
}
