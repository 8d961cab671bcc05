import Manifest

/// Which message began a thread, for services that answer below one; forgotten at a restart.
final class MessageThreads: Sendable {
    struct Key: Hashable, Sendable {
        var namespace: String?
        var service: String
        var recipient: String
        /// The template's `groupingKey`.
        var group: String
    }

    struct Root: Hashable, Sendable {
        var message: String
        /// The channel's own id, where the receiver names it.
        var channel: String
    }

    private static let maxRoots = 5_000

    private struct State {
        var roots: [Key: Root] = [:]
        /// Keys in the order in which they came; the oldest goes first.
        var order: [Key] = []
    }

    private let state = Lock(State())

    subscript(key: Key) -> Root? {
        get { state.withLock { $0.roots[key] } }
        set {
            state.withLock { state in
                if state.roots.updateValue(newValue ?? Root(message: "", channel: ""), forKey: key) == nil {
                    state.order.append(key)
                }
                if state.order.count > MessageThreads.maxRoots {
                    let half = state.order.prefix(MessageThreads.maxRoots / 2)
                    for key in half { state.roots[key] = nil }
                    state.order.removeFirst(half.count)
                }
            }
        }
    }
}

/// What happens to the first message of a thread.
enum DeliveryPolicy: String {
    /// Each message is posted.
    case post = "Post"
    /// Each message is posted, and the first one shows the last.
    case postAndUpdate = "PostAndUpdate"
    /// The first message shows the last, and nothing else is posted.
    case update = "Update"
}

extension Delivery {
    /// Thread and policy that a template's block asks for.
    func threading(_ line: ServiceLine) throws(DeliveryError) -> (key: MessageThreads.Key?, policy: DeliveryPolicy) {
        let written = content.field("deliveryPolicy") ?? DeliveryPolicy.post.rawValue
        guard let policy = DeliveryPolicy(rawValue: written) else {
            throw line.failure("template \(template): deliveryPolicy must be Post, PostAndUpdate or Update")
        }
        let key = content.field("groupingKey").map {
            MessageThreads.Key(namespace: namespace, service: service, recipient: recipient, group: $0)
        }
        return (key, policy)
    }

    /// A field that holds JSON or YAML as text.
    func structure(_ field: String, _ line: ServiceLine) throws(DeliveryError) -> JSON? {
        guard let text = content.field(field) else { return nil }
        do throws(YAMLError) {
            return try YAML.parse([UInt8](text.utf8), limits: NotificationConfig.yamlLimits).first
        } catch {
            // The parser's words could repeat what the template was filled with.
            throw line.failure("template \(template): \(field) gives neither JSON nor YAML (line \(error.line))")
        }
    }

    /// A field that holds a list as text.
    func list(_ field: String, _ line: ServiceLine) throws(DeliveryError) -> JSON? {
        guard let value = try structure(field, line) else { return nil }
        guard value.arrayValue != nil else {
            throw line.failure("template \(template): \(field) must give a list, not \(value.typeName)")
        }
        return value
    }
}
