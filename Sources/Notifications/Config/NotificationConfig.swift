import Expressions
package import Manifest

/// What the notification ConfigMap and Secret say.
///
/// Each key is read by itself: one that is wrong is left out and named in ``problems``, the others work.
package struct NotificationConfig: Sendable {
    /// One entry of `subscriptions`: recipients for all Rollouts that match.
    package struct DefaultSubscription: Sendable {
        package var recipients: [(service: String, recipient: String)]
        package var triggers: [String]
        package var selector: LabelSelector?
    }

    package var services: [String: NotificationService] = [:]
    package var templates: [String: NotificationTemplate] = [:]
    package var triggers: [String: [TriggerRule]] = [:]
    package var defaultTriggers: [String] = []
    package var defaultTriggersByService: [String: [String]] = [:]
    package var subscriptions: [DefaultSubscription] = []
    /// What could not be read, never with a secret.
    ///
    /// As in `template.slack-fancy: line 3: unknown function sha256sum …`.
    package var problems: [String] = []

    /// The Secret's data, which templates see as `secrets`.
    package private(set) var secrets: [String: String] = [:]

    static let yamlLimits = YAML.Limits(bytes: 1 << 20, depth: 32, nodes: 20_000)

    /// A configuration without services.
    package init() {}

    /// - Parameters:
    ///   - data: The ConfigMap's data.
    ///   - secret: The Secret's data, decoded; `$key` inside service settings is replaced by its value.
    package init(data: [String: String], secret: [String: String]) {
        secrets = secret
        for (key, text) in data.sorted(by: { utf8Order($0.key, $1.key) }) {
            let parts = key.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            do throws(ConfigProblem) {
                switch (parts[0], parts.count > 1 ? parts[1] : nil) {
                case ("service", let name?): try addService(name, try NotificationConfig.yaml(text), secret)
                case ("template", let name?):
                    templates[name] = try NotificationTemplate(try NotificationConfig.yaml(text))
                case ("trigger", let name?):
                    triggers[name] = try NotificationConfig.rules(try NotificationConfig.yaml(text))
                case ("defaultTriggers", nil): defaultTriggers = strings(try NotificationConfig.yaml(text))
                case ("defaultTriggers", let service?):
                    defaultTriggersByService[service] = strings(try NotificationConfig.yaml(text))
                case ("subscriptions", nil): try addSubscriptions(try NotificationConfig.yaml(text))
                default: break  // `context` and keys of later versions
                }
            } catch {
                problems.append("\(key): \(redacted(error.reason))")
            }
        }
    }

    /// The triggers of a subscription that names none.
    package func defaultTriggers(of service: String) -> [String] {
        defaultTriggersByService[service] ?? defaultTriggers
    }

    /// A text for people, in which nothing of the Secret stands.
    package func redacted(_ text: String) -> String {
        var text = text
        // The longest first: one secret may begin another.
        for value in secrets.values.sorted(by: { $0.utf8.count > $1.utf8.count }) where value.utf8.count >= 4 {
            for shown in [value, String(value.debugDescription.dropFirst().dropLast())] {
                while let range = text.firstRange(of: shown) { text.replaceSubrange(range, with: "***") }
            }
        }
        return text
    }

    private mutating func addService(_ key: String, _ settings: JSON, _ secret: [String: String]) throws(ConfigProblem)
    {
        let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
        guard let type = parts.first else { throw ConfigProblem("the key names no service type") }
        var missing = Set<String>()
        let filled = substitute(settings, secret, &missing)
        if !missing.isEmpty {
            throw ConfigProblem("the Secret has no key \(missing.sorted().joined(separator: ", "))")
        }
        services[parts.last ?? type] = try NotificationService(type: type, filled)
    }

    private mutating func addSubscriptions(_ list: JSON) throws(ConfigProblem) {
        for item in list.arrayValue ?? [] {
            var rule = DefaultSubscription(recipients: [], triggers: strings(item["triggers"] ?? .null))
            for text in strings(item["recipients"] ?? .null) {
                let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
                guard let service = parts.first else { continue }
                rule.recipients.append((service, parts.count > 1 ? parts[1] : ""))
            }
            if let text = item["selector"]?.stringValue, !text.isEmpty {
                do { rule.selector = try LabelSelector(parsing: text) } catch {
                    throw ConfigProblem("selector \(text.debugDescription) cannot be read: \(error)")
                }
            }
            subscriptions.append(rule)
        }
    }

    private static func rules(_ list: JSON) throws(ConfigProblem) -> [TriggerRule] {
        guard let items = list.arrayValue else {
            throw ConfigProblem("a trigger is a list of entries with send, not \(list.typeName)")
        }
        var rules: [TriggerRule] = []
        for item in items.prefix(50) {
            let send = strings(item["send"] ?? .null)
            guard !send.isEmpty else { throw ConfigProblem("an entry has no templates under send") }
            rules.append(
                TriggerRule(
                    when: try condition(item, "when"), oncePer: try condition(item, "oncePer"),
                    description: item["description"]?.stringValue, send: send))
        }
        return rules
    }

    /// An expression that can be read; an empty one is none.
    private static func condition(_ item: JSON, _ field: String) throws(ConfigProblem) -> String? {
        guard let value = item[field], !value.isNull else { return nil }
        // YAML has made a boolean of a plain `true`.
        let text = value.stringValue ?? value.description
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        do throws(ExpressionError) { _ = try Expression(text) } catch {
            throw ConfigProblem("\(field) \(text.prefix(200).debugDescription): \(error)")
        }
        return text
    }

    private static func yaml(_ text: String) throws(ConfigProblem) -> JSON {
        do throws(YAMLError) {
            return try YAML.parse([UInt8](text.utf8), limits: yamlLimits).first ?? .null
        } catch {
            throw ConfigProblem("it is not YAML: \(error)")
        }
    }
}

extension NotificationConfig: CustomStringConvertible, CustomReflectable {
    package var description: String { "notification settings" }
    /// Without children: the secrets are among them.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why one key is left out.
struct ConfigProblem: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

func strings(_ list: JSON) -> [String] { (list.arrayValue ?? []).compactMap(\.stringValue) }

/// Replaces `$key` in all strings; unlike in the YAML text, a value cannot change the structure.
private func substitute(_ value: JSON, _ secret: [String: String], _ missing: inout Set<String>) -> JSON {
    switch value {
    case .string(let text): return .string(substitute(text, secret, &missing))
    case .array(let elements): return .array(elements.map { substitute($0, secret, &missing) })
    case .object(let members): return .object(members.mapValues { substitute($0, secret, &missing) })
    default: return value
    }
}

private func substitute(_ text: String, _ secret: [String: String], _ missing: inout Set<String>) -> String {
    guard text.contains("$") else { return text }
    var output = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
        output += rest[..<dollar]
        rest = rest[rest.index(after: dollar)...]
        let name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        if name.isEmpty {
            output += "$"
            continue
        }
        // A name may be followed by a dot or dash that is text: the longest name that the Secret has is meant.
        var known = name
        while !known.isEmpty, secret[known] == nil { known.removeLast() }
        if let value = secret[known] {
            output += value
            rest = rest.dropFirst(known.count)
        } else {
            missing.insert(name)
            rest = rest.dropFirst(name.count)
        }
    }
    return output + rest
}
