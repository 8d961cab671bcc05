import Crypto
package import Manifest

/// One message on its way to one recipient.
package struct Delivery: Hashable, Sendable {
    /// 64 hex digits, the same however often the same thing is told to the same recipient: also after a restart.
    package var id: String
    package var trigger: String
    package var template: String
    package var service: String
    /// Where the service is configured, for a self-service one; `nil` for the controller's own.
    package var namespace: String?
    package var recipient: String
    /// The Rollout it is about.
    package var object: ObjectKey
    package var content: DeliveryContent

    package init(
        id: String, trigger: String, template: String, service: String, namespace: String? = nil, recipient: String,
        object: ObjectKey, content: DeliveryContent
    ) {
        self.id = id
        self.trigger = trigger
        self.template = template
        self.service = service
        self.namespace = namespace
        self.recipient = recipient
        self.object = object
        self.content = content
    }
}

/// What a template gave for one service; may hold secrets, and goes to the service alone.
package struct DeliveryContent: Hashable, Sendable {
    /// The template's `message`.
    package var text: String
    /// The template's block for the service, as an object.
    package var fields: JSON
    /// Name and state of the Rollout.
    package var facts: JSON
    /// When it was filled in.
    package var time: Timestamp

    package init(text: String, fields: JSON = .emptyObject, facts: JSON = .emptyObject, time: Timestamp) {
        self.text = text
        self.fields = fields
        self.facts = facts
        self.time = time
    }

    /// A text of the block; an empty one counts as none.
    func field(_ path: String...) -> String? {
        guard let value = fields.at(path: path), !value.isNull else { return nil }
        let text = value.stringValue ?? value.description
        return text.contains { !$0.isWhitespace } ? text : nil
    }
}

extension Delivery {
    /// The identity of one fact told to one recipient.
    /// - Parameters:
    ///   - fact: What happened, named by state that survives a restart: ``FactIdentity``.
    ///   - namespace: Of self-service settings: they tell the same once more.
    package static func id(
        fact: String, _ subscription: Subscription, template: String, namespace: String? = nil
    ) -> String {
        var parts = [fact, subscription.trigger, subscription.service, subscription.recipient, template]
        if let namespace { parts.append(namespace) }
        // Each part with its length, so that no two lists of parts make the same text.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return hex(SHA256.hash(data: [UInt8](text.utf8)))
    }
}

/// HMAC-SHA256 over a body, as `sha256=<hex>`.
package func signature(of body: [UInt8], key: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: [UInt8](key.utf8)))
    return "sha256=" + hex(code)
}
