import Manifest

/// One set of settings, and whose it is.
package struct NotificationScope: Sendable {
    /// `nil` for the controller's own settings; the namespace of self-service ones.
    package var namespace: String?
    package var config: NotificationConfig

    package init(namespace: String? = nil, _ config: NotificationConfig) {
        self.namespace = namespace
        self.config = config
    }

    /// Fills a template in for one recipient.
    /// - Throws: ``DeliveryProblem``, which names what is missing or wrong, and may still hold a secret of the template's
    ///   author's making: see ``NotificationConfig/redacted(_:)``.
    package func delivery(
        _ id: String, template name: String, _ subscription: Subscription, _ context: NotificationContext
    ) throws(DeliveryProblem) -> Delivery {
        guard let service = config.services[subscription.service] else {
            throw DeliveryProblem(
                "service \(subscription.service) of trigger \(subscription.trigger) is not configured or not readable; "
                    + "add key service.\(subscription.service) to the ConfigMap")
        }
        guard let template = config.templates[name] else {
            throw DeliveryProblem(
                "template \(name) of trigger \(subscription.trigger) is missing or not readable; "
                    + "add key template.\(name) to the ConfigMap")
        }
        let variables = context.template(subscription, service.kind, deliveryID: id, secrets: config.secrets)
        let content: DeliveryContent
        do throws(TemplateError) {
            content = try template.content(for: service.kind, subscription.service, variables, now: context.now)
        } catch {
            throw DeliveryProblem("template \(name): \(error)")
        }
        return Delivery(
            id: id, trigger: subscription.trigger, template: name, service: subscription.service, namespace: namespace,
            recipient: subscription.recipient, object: context.rollout.objectKey, content: content)
    }
}

/// Why a delivery cannot be made.
package struct DeliveryProblem: Error, Hashable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
