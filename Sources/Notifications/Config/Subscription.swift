package import Manifest

/// Who wants to hear of what: one trigger, service and recipient.
package struct Subscription: Hashable, Sendable, Comparable {
    /// `on-rollout-completed`.
    package var trigger: String
    /// The name of a configured service: `slack`, or `hooks` of `service.webhook.hooks`.
    package var service: String
    /// A channel or address; empty where the service alone says enough.
    package var recipient: String

    package init(trigger: String, service: String, recipient: String) {
        self.trigger = trigger
        self.service = service
        self.recipient = recipient
    }

    package static func < (left: Subscription, right: Subscription) -> Bool {
        (left.trigger, left.service, left.recipient) < (right.trigger, right.service, right.recipient)
    }

    package static let prefix = "notifications.argoproj.io/"
    static let maxCount = 200

    /// The subscriptions of one object: its annotations in their three forms, and the configuration's own.
    ///
    /// Sorted and without duplicates; at most 200. What cannot be read is left out and named in `problems`.
    package static func all(
        of object: JSON, _ config: NotificationConfig
    ) -> (subscriptions: [Subscription], problems: [String]) {
        var found = Set<Subscription>()
        var problems: [String] = []
        for (key, value) in object.annotations.sorted(by: { utf8Order($0.key, $1.key) }) where key.hasPrefix(prefix) {
            let name = key.dropFirst(prefix.count)
            if name == "subscriptions" {
                found.formUnion(list(value, config, &problems))
            } else if name.hasPrefix("subscribe.") {
                let parts = name.dropFirst("subscribe.".count).split(separator: ".", omittingEmptySubsequences: false)
                guard let service = parts.last, !service.isEmpty else {
                    problems.append("annotation \(key) names no service; write \(prefix)subscribe.<trigger>.<service>")
                    continue
                }
                let triggers =
                    parts.count > 1
                    ? [parts.dropLast().joined(separator: ".")] : config.defaultTriggers(of: String(service))
                for trigger in triggers {
                    for recipient in recipients(value) {
                        found.insert(Subscription(trigger: trigger, service: String(service), recipient: recipient))
                    }
                }
            }
        }
        for rule in config.subscriptions where rule.selector?.matches(object.labels) ?? true {
            for recipient in rule.recipients {
                let triggers = rule.triggers.isEmpty ? config.defaultTriggers(of: recipient.service) : rule.triggers
                for trigger in triggers {
                    found.insert(
                        Subscription(trigger: trigger, service: recipient.service, recipient: recipient.recipient))
                }
            }
        }
        if found.count > maxCount { problems.append("more than \(maxCount) subscriptions; the rest is left out") }
        return (Array(found.sorted().prefix(maxCount)), problems)
    }

    /// `;` separates recipients; an empty text is one empty recipient.
    private static func recipients(_ text: String) -> [String] {
        let parts = text.split(separator: ";").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        return parts.filter { !$0.isEmpty }.isEmpty ? [""] : parts.filter { !$0.isEmpty }
    }

    private static func list(_ text: String, _ config: NotificationConfig, _ problems: inout [String]) -> Set<
        Subscription
    > {
        var found = Set<Subscription>()
        do throws(YAMLError) {
            let documents = try YAML.parse([UInt8](text.utf8), limits: NotificationConfig.yamlLimits)
            for item in documents.first?.arrayValue ?? [] {
                let named = (item["trigger"]?.arrayValue ?? []).compactMap(\.stringValue)
                for destination in item["destinations"]?.arrayValue ?? [] {
                    guard let service = destination["service"]?.stringValue else {
                        problems.append("annotation \(prefix)subscriptions has a destination without service")
                        continue
                    }
                    let listed = (destination["recipients"]?.arrayValue ?? []).compactMap(\.stringValue)
                    for trigger in named.isEmpty ? config.defaultTriggers(of: service) : named {
                        for recipient in listed.isEmpty ? [""] : listed {
                            found.insert(Subscription(trigger: trigger, service: service, recipient: recipient))
                        }
                    }
                }
            }
        } catch {
            problems.append("annotation \(prefix)subscriptions is not YAML: \(error.reason)")
        }
        return found
    }

    /// The trigger of an event's reason: `RolloutStepCompleted` is `on-rollout-step-completed`.
    package static func trigger(ofReason reason: String) -> String {
        var text = "on"
        var previousIsUpper = true
        for (index, character) in reason.enumerated() {
            if character.isUppercase, index == 0 || !previousIsUpper { text += "-" }
            previousIsUpper = character.isUppercase
            text += character.lowercased()
        }
        return text
    }
}
