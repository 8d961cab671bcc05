import Manifest

/// What is to be sent now, and what the state path remembers afterwards.
///
/// Pure.
package struct DeliveryPlan: Sendable {
    /// In the order of subscriptions; none that is recorded already.
    package var deliveries: [Delivery] = []
    /// Rising edges of the state path that still stand: key to the second of sending.
    ///
    /// A delivery's key enters when it was delivered, by whoever does it.
    package var edges: [String: Int64]
    /// For the state path: delivery id to the key that it sets.
    package var edgeOfDelivery: [String: String] = [:]
    /// Subscriptions, templates and conditions that could not be used.
    package var problems: [String] = []

    /// The event path: one trigger fired.
    ///
    /// - Parameters:
    ///   - fact: See ``FactIdentity/of(_:_:)``.
    ///   - isRecorded: Whether a delivery with this id was made before.
    package static func event(
        _ trigger: String, fact: String, _ context: NotificationContext, _ scope: NotificationScope,
        isRecorded: (String) -> Bool
    ) -> DeliveryPlan {
        var plan = DeliveryPlan(edges: [:])
        guard let rules = scope.config.triggers[trigger] else { return plan }
        let due = plan.evaluate(trigger, rules, context)
        for subscription in plan.subscriptions(context, scope) where subscription.trigger == trigger {
            for (rule, outcome) in zip(rules, due) where outcome?.isTrue ?? false {
                for name in rule.send {
                    let id = Delivery.id(fact: fact, subscription, template: name, namespace: scope.namespace)
                    guard !isRecorded(id), !plan.deliveries.contains(where: { $0.id == id }) else { continue }
                    plan.add(id, name, subscription, context, scope)
                }
            }
        }
        plan.finish(scope)
        return plan
    }

    /// The state path: conditions over the object as it is, sent once when they become true.
    /// - Parameter edges: What was remembered: annotation `notified.notifications.argoproj.io`.
    package static func state(
        _ context: NotificationContext, _ scope: NotificationScope, edges: [String: Int64]
    ) -> DeliveryPlan {
        var plan = DeliveryPlan(edges: edges)
        var evaluated: [String: [TriggerRule.Outcome?]] = [:]
        for subscription in plan.subscriptions(context, scope) {
            let trigger = subscription.trigger
            let rules = (scope.config.triggers[trigger] ?? [])
            guard rules.contains(where: { $0.when != nil }) else { continue }
            let outcomes = evaluated[trigger] ?? plan.evaluate(trigger, rules, context)
            evaluated[trigger] = outcomes
            for (index, (rule, outcome)) in zip(rules, outcomes).enumerated() {
                // What cannot be evaluated says neither that the edge rose nor that it fell.
                guard rule.when != nil, let outcome else { continue }
                let parts = [scope.namespace, trigger, rule.key(index), subscription.service, subscription.recipient]
                let base = parts.compactMap(\.self).joined(separator: ":")
                guard outcome.isTrue else {
                    // A falling edge arms the rule again; what `oncePer` remembers stays.
                    guard rule.oncePer == nil else { continue }
                    for (place, name) in rule.send.enumerated() { plan.edges[edge(base, place, name)] = nil }
                    continue
                }
                let known = rule.oncePer == nil ? base : "\(outcome.once):\(base)"
                for (place, name) in rule.send.enumerated() {
                    let key = edge(known, place, name)
                    guard plan.edges[key] == nil else { continue }
                    // The moment of the edge is not known after a restart, but what it stands on is.
                    let fact = FactIdentity.of(trigger, context.rollout) + "state:\(key)"
                    let id = Delivery.id(fact: fact, subscription, template: name, namespace: scope.namespace)
                    plan.add(id, name, subscription, context, scope)
                    plan.edgeOfDelivery[id] = key
                }
            }
        }
        plan.finish(scope)
        return plan
    }

    /// Each template of a rule has its own edge, so that one that fails is tried again without the others.
    ///
    /// The first has the name that Argo's engine gives the whole rule.
    private static func edge(_ base: String, _ place: Int, _ template: String) -> String {
        place == 0 ? base : "\(base):\(template)"
    }

    private init(edges: [String: Int64]) { self.edges = edges }

    private mutating func subscriptions(
        _ context: NotificationContext, _ scope: NotificationScope
    ) -> [Subscription] {
        let (found, unreadable) = Subscription.all(of: context.rollout, scope.config)
        problems += unreadable
        return found
    }

    /// One outcome for each rule; `nil` where it cannot be evaluated.
    private mutating func evaluate(
        _ trigger: String, _ rules: [TriggerRule], _ context: NotificationContext
    ) -> [TriggerRule.Outcome?] {
        rules.map { rule in
            do throws(TriggerError) {
                return try rule.evaluate(context)
            } catch {
                problems.append("trigger \(trigger): \(error)")
                return nil
            }
        }
    }

    private mutating func add(
        _ id: String, _ name: String, _ subscription: Subscription, _ context: NotificationContext,
        _ scope: NotificationScope
    ) {
        do throws(DeliveryProblem) {
            deliveries.append(try scope.delivery(id, template: name, subscription, context))
        } catch {
            problems.append(error.description)
        }
    }

    private mutating func finish(_ scope: NotificationScope) {
        problems = Array(Set(problems.map { scope.config.redacted($0) })).sorted()
    }
}
