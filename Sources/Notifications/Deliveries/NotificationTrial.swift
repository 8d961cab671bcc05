import Manifest

/// What the command line shows of templates and triggers, without sending anything.
package enum NotificationTrial {
    /// What one entry of a trigger says.
    package struct Entry: Hashable, Sendable {
        package var rule: TriggerRule
        /// `nil` where the entry cannot be evaluated.
        package var outcome: TriggerRule.Outcome?
        /// Why it cannot.
        package var problem: String?
    }

    /// Evaluates each entry of a trigger; `nil` for a trigger that is not configured.
    package static func trigger(
        _ name: String, _ context: NotificationContext, _ config: NotificationConfig
    ) -> [Entry]? {
        config.triggers[name].map { rules in
            rules.map { rule in
                do throws(TriggerError) {
                    return Entry(rule: rule, outcome: try rule.evaluate(context), problem: nil)
                } catch {
                    return Entry(rule: rule, outcome: nil, problem: config.redacted(error.description))
                }
            }
        }
    }

    /// Fills a template in for a service and a recipient.
    ///
    /// The delivery can be shown, or handed to a ``Courier``; each call gives it another id than any event does.
    /// - Throws: ``DeliveryProblem``, without secrets.
    package static func template(
        _ name: String, service: String, recipient: String, _ context: NotificationContext, _ config: NotificationConfig
    ) throws(DeliveryProblem) -> Delivery {
        let subscription = Subscription(trigger: "trial", service: service, recipient: recipient)
        let fact = "trial:\(context.rollout.uid):\(context.now.seconds).\(context.now.nanoseconds)"
        do throws(DeliveryProblem) {
            return try NotificationScope(config).delivery(
                Delivery.id(fact: fact, subscription, template: name), template: name, subscription, context)
        } catch {
            throw DeliveryProblem(config.redacted(error.description))
        }
    }
}
