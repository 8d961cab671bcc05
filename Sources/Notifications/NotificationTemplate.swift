import Manifest

/// One `template.<name>`: the message and what single services need besides.
package struct NotificationTemplate: Hashable, Sendable {
    package struct Webhook: Hashable, Sendable {
        package var method: String
        /// Appended to the service's URL.
        package var path: Template?
        package var body: Template?
    }

    package var message: Template
    /// JSON lists for Slack, as text with actions.
    package var slackAttachments: Template?
    package var slackBlocks: Template?
    /// By the service's name.
    package var webhooks: [String: Webhook] = [:]

    init(_ yaml: JSON) throws(ConfigProblem) {
        guard yaml.objectValue != nil else {
            throw ConfigProblem("a template is an object with message, not \(yaml.typeName)")
        }
        let text = yaml["message"] ?? ""
        guard let template = try NotificationTemplate.template(text, "message") else {
            throw ConfigProblem("message is null")
        }
        message = template
        slackAttachments = try NotificationTemplate.template(yaml.at("slack", "attachments"), "slack.attachments")
        slackBlocks = try NotificationTemplate.template(yaml.at("slack", "blocks"), "slack.blocks")
        for (name, block) in yaml["webhook"]?.objectValue ?? [:] {
            let method = (block["method"]?.stringValue ?? "POST").uppercased()
            guard ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
                throw ConfigProblem(
                    "webhook.\(name).method \(method.debugDescription) is not GET, POST, PUT, PATCH or DELETE")
            }
            webhooks[name] = Webhook(
                method: method, path: try NotificationTemplate.template(block["path"], "webhook.\(name).path"),
                body: try NotificationTemplate.template(block["body"], "webhook.\(name).body"))
        }
    }

    private static func template(_ value: JSON?, _ field: String) throws(ConfigProblem) -> Template? {
        guard let value, !value.isNull else { return nil }
        guard let text = value.stringValue else {
            throw ConfigProblem("\(field) must be a string, not \(value.typeName)")
        }
        return try parse(text, field)
    }

    private static func parse(_ text: String, _ field: String) throws(ConfigProblem) -> Template {
        do throws(TemplateError) {
            return try Template(text)
        } catch {
            throw ConfigProblem("\(field): \(error)")
        }
    }
}
