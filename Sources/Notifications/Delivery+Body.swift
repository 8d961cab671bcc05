import Manifest

extension Delivery {
    /// Writes method, path and body as the service wants them.
    mutating func fill(_ template: NotificationTemplate, _ service: NotificationService, _ context: JSON)
        throws(TemplateError)
    {
        let message = try template.message.render(context)
        switch service.kind {
        case .slack:
            var json: JSON = ["text": .string(message)]
            if !recipient.isEmpty { json["channel"] = .string(recipient) }
            if let name = service.username { json["username"] = .string(name) }
            if let icon = service.icon { json[icon.hasPrefix("http") ? "icon_url" : "icon_emoji"] = .string(icon) }
            json["attachments"] = try list(template.slackAttachments, context, "slack.attachments")
            json["blocks"] = try list(template.slackBlocks, context, "slack.blocks")
            body = json.serialized()
        case .webhook:
            let block = template.webhooks[self.service]
            method = block?.method ?? "POST"
            path = try block?.path?.render(context, maxOutput: 4096) ?? ""
            guard path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
                throw TemplateError("webhook path holds spaces or control characters")
            }
            if let text = try block?.body?.render(context) {
                body = [UInt8](text.utf8)
                let first = text.first { !$0.isWhitespace }
                contentType = first == "{" || first == "[" ? "application/json" : "text/plain; charset=utf-8"
            } else {
                let rollout = context["rollout"] ?? .null
                body = JSON.object([
                    "message": .string(message), "trigger": .string(trigger), "template": .string(self.template),
                    "recipient": .string(recipient), "deliveryID": .string(id),
                    "rollout": [
                        "namespace": .string(object.namespace), "name": .string(object.name),
                        "phase": rollout.at("status", "phase") ?? .null,
                        "message": rollout.at("status", "message") ?? .null,
                        "revision": .string(rollout.annotations["rollout.argoproj.io/revision"] ?? ""),
                    ],
                ]).serialized()
            }
        }
    }

    private func list(_ template: Template?, _ context: JSON, _ field: String) throws(TemplateError) -> JSON? {
        guard let text = try template?.render(context), text.contains(where: { !$0.isWhitespace }) else { return nil }
        let value: JSON
        do throws(JSONError) {
            value = try JSON(parsing: text)
        } catch {
            throw TemplateError("\(field) gives no JSON: \(error.reason)")
        }
        guard value.arrayValue != nil else {
            throw TemplateError("\(field) must give a JSON list, not \(value.typeName)")
        }
        return value
    }
}
