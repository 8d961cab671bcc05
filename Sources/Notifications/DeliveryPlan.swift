package import Manifest

/// What is to be sent now, and what the state path remembers afterwards.
///
/// Pure.
package struct DeliveryPlan: Sendable {
    /// Evaluates a `when` over `{"rollout": …, "analysisRuns": […]}`.
    package typealias Condition = (_ expression: String, _ context: JSON) throws -> Bool

    /// In the order of subscriptions; none that is recorded already.
    package var deliveries: [Delivery] = []
    /// Rising edges of the state path: key to the second of sending.
    ///
    /// A delivery's key enters when it was delivered.
    package var edges: [String: Int64]
    /// For the state path: delivery id to the key that it sets.
    package var edgeOfDelivery: [String: String] = [:]
    /// Subscriptions, templates and conditions that could not be used.
    package var problems: [String] = []

    static let maxEdges = 100

    /// The event path: one trigger fired.
    ///
    /// - Parameters:
    ///   - fact: See ``FactIdentity/of(_:_:)``.
    ///   - isRecorded: Whether a delivery with this id was made before.
    package static func event(
        _ trigger: String, fact: String, rollout: JSON, analysisRuns: [JSON], _ config: NotificationConfig,
        isRecorded: (String) -> Bool, when condition: Condition
    ) -> DeliveryPlan {
        var plan = DeliveryPlan(edges: [:])
        guard let rules = config.triggers[trigger] else { return plan }
        let context = context(rollout, analysisRuns)
        for subscription in plan.subscriptions(rollout, config) where subscription.trigger == trigger {
            for rule in rules {
                if let when = rule.when, !(plan.evaluate(when, trigger, context, condition) ?? false) { continue }
                for name in rule.send {
                    let id = Delivery.id(fact: fact, subscription, template: name)
                    guard !isRecorded(id), !plan.deliveries.contains(where: { $0.id == id }) else { continue }
                    plan.add(id, name, subscription, rollout, context, config)
                }
            }
        }
        return plan
    }

    /// The state path: conditions over the object as it is, sent once when they become true.
    /// - Parameter edges: What was remembered: annotation `notified.notifications.argoproj.io`.
    package static func state(
        rollout: JSON, analysisRuns: [JSON], _ config: NotificationConfig, edges: [String: Int64], now: Timestamp,
        when condition: Condition
    ) -> DeliveryPlan {
        var plan = DeliveryPlan(edges: edges)
        let context = context(rollout, analysisRuns)
        for subscription in plan.subscriptions(rollout, config) {
            for (index, rule) in (config.triggers[subscription.trigger] ?? []).enumerated() {
                guard let when = rule.when else { continue }
                let base = "\(subscription.trigger):[\(index)]:\(subscription.service):\(subscription.recipient)"
                guard let isTrue = plan.evaluate(when, subscription.trigger, context, condition) else { continue }
                guard isTrue else {
                    // A falling edge arms the rule again; what `oncePer` remembers stays.
                    if rule.oncePer == nil { plan.edges[base] = nil }
                    continue
                }
                let once = rule.oncePer.map { path in
                    context.at(path: path.split(separator: ".").map(String.init)).map {
                        $0.stringValue ?? $0.description
                    } ?? ""
                }
                let key = once.map { "\($0):\(base)" } ?? base
                guard plan.edges[key] == nil else { continue }
                for name in rule.send {
                    // The moment of the edge is not known after a restart, but what it stands on is.
                    let fact = FactIdentity.of(subscription.trigger, rollout) + "state:\(key)"
                    let id = Delivery.id(fact: fact, subscription, template: name)
                    plan.add(id, name, subscription, rollout, context, config)
                    plan.edgeOfDelivery[id] = key
                }
            }
        }
        plan.problems = Array(Set(plan.problems)).sorted()
        return plan
    }

    /// Remembers that a delivery of the state path was made.
    package mutating func noteDelivered(_ id: String, at now: Timestamp) {
        guard let key = edgeOfDelivery[id] else { return }
        edges[key] = now.seconds
        while edges.count > DeliveryPlan.maxEdges,
            let oldest = edges.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })
        {
            edges[oldest.key] = nil
        }
    }

    private init(edges: [String: Int64]) { self.edges = edges }

    private static func context(_ rollout: JSON, _ runs: [JSON]) -> JSON {
        ["rollout": rollout, "analysisRuns": .array(runs)]
    }

    private mutating func subscriptions(_ rollout: JSON, _ config: NotificationConfig) -> [Subscription] {
        let (found, unreadable) = Subscription.all(of: rollout, config)
        problems += unreadable
        return found
    }

    private mutating func evaluate(_ when: String, _ trigger: String, _ context: JSON, _ condition: Condition) -> Bool?
    {
        do {
            return try condition(when, context)
        } catch {
            problems.append("trigger \(trigger): condition \(when.debugDescription) cannot be evaluated: \(error)")
            return nil
        }
    }

    private mutating func add(
        _ id: String, _ name: String, _ subscription: Subscription, _ rollout: JSON, _ context: JSON,
        _ config: NotificationConfig
    ) {
        guard let service = config.services[subscription.service] else {
            problems.append(
                "service \(subscription.service) of trigger \(subscription.trigger) is not configured or not readable")
            return
        }
        guard let template = config.templates[name] else {
            problems.append("template \(name) of trigger \(subscription.trigger) is missing or not readable")
            return
        }
        var context = context
        context["recipient"] = .string(subscription.recipient)
        context["serviceType"] = .string(service.kind.rawValue)
        context["trigger"] = .string(subscription.trigger)
        context["deliveryID"] = .string(id)
        var delivery = Delivery(
            id: id, trigger: subscription.trigger, template: name, service: subscription.service,
            recipient: subscription.recipient,
            object: rollout.objectKey, method: "POST", path: "", contentType: "application/json", body: [])
        do throws(TemplateError) {
            try delivery.fill(template, service, context)
        } catch {
            problems.append("template \(name): \(error)")
            return
        }
        deliveries.append(delivery)
    }
}
