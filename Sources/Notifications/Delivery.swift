import Crypto
package import Manifest

/// One message on its way to one recipient.
package struct Delivery: Hashable, Sendable {
    /// 64 hex digits, the same however often the same thing is told to the same recipient: also after a restart.
    package var id: String
    package var trigger: String
    package var template: String
    package var service: String
    package var recipient: String
    /// The Rollout it is about.
    package var object: ObjectKey
    package var method: String
    /// Appended to the service's URL.
    package var path: String
    package var contentType: String
    package var body: [UInt8]
}

extension Delivery {
    /// The identity of one fact told to one recipient.
    /// - Parameter fact: What happened, named by state that survives a restart: ``FactIdentity``.
    package static func id(fact: String, _ subscription: Subscription, template: String) -> String {
        let parts = [fact, subscription.trigger, subscription.service, subscription.recipient, template]
        // Each part with its length, so that no two lists of parts make the same text.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return hex(SHA256.hash(data: [UInt8](text.utf8)))
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = [UInt8]("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// HMAC-SHA256 over a body, as `sha256=<hex>`.
package func signature(of body: [UInt8], key: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: [UInt8](key.utf8)))
    return "sha256=" + hex(code)
}
