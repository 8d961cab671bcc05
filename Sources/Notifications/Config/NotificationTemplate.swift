package import Manifest

/// One `template.<name>`: the message, and what single services need besides.
package struct NotificationTemplate: Hashable, Sendable {
    package var message: Template
    /// By the service's kind; of `webhook` by the service's name below.
    package var blocks: [String: TemplateTree] = [:]

    init(_ yaml: JSON) throws(ConfigProblem) {
        guard let members = yaml.objectValue else {
            throw ConfigProblem("a template is an object with message, not \(yaml.typeName)")
        }
        switch members["message"] ?? "" {
        case .string(let text):
            do throws(TemplateError) { message = try Template(text) } catch {
                throw ConfigProblem("message: \(error)")
            }
        case let other: throw ConfigProblem("message must be a string, not \(other.typeName)")
        }
        for kind in NotificationService.Kind.allCases {
            guard let block = members[kind.rawValue], !block.isNull else { continue }
            guard block.objectValue != nil else {
                throw ConfigProblem("\(kind.rawValue) must be an object, not \(block.typeName)")
            }
            blocks[kind.rawValue] = try TemplateTree(block, kind.rawValue)
        }
    }

    /// Fills message and block in for one service.
    /// - Parameters:
    ///   - context: The variables, as ``NotificationContext`` makes them.
    ///   - service: The service's name, which `webhook` blocks go by.
    package func content(
        for kind: NotificationService.Kind, _ service: String, _ context: JSON, now: Timestamp
    ) throws(TemplateError) -> DeliveryContent {
        let text: String
        do throws(TemplateError) { text = try message.render(context, now: now) } catch {
            throw TemplateError("message: \(error)")
        }
        var tree = blocks[kind.rawValue]
        var field = kind.rawValue
        if kind == .webhook {
            tree = tree?[service]
            field += ".\(service)"
        }
        let fields = try tree?.render(field) { template throws(TemplateError) in
            try template.render(context, now: now)
        }
        return DeliveryContent(text: text, fields: fields ?? .emptyObject, facts: facts(context), time: now)
    }

    /// What a webhook is told where the template says nothing else.
    private func facts(_ context: JSON) -> JSON {
        let rollout = context["rollout"] ?? .null
        return [
            "namespace": .string(rollout.objectKey.namespace), "name": .string(rollout.objectKey.name),
            "phase": rollout.at("status", "phase") ?? .null, "message": rollout.at("status", "message") ?? .null,
            "revision": .string(rollout.annotations["rollout.argoproj.io/revision"] ?? ""),
        ]
    }
}
