package import Manifest

/// What the notification ConfigMap and Secret say.
///
/// Each key is read by itself: one that is wrong is left out and named in ``problems``, the others work.
package struct NotificationConfig: Sendable {
    /// One entry of a trigger: when to send which templates.
    package struct Rule: Hashable, Sendable {
        /// A condition over `rollout` and `analysisRuns`; `nil` is always.
        package var when: String?
        /// A field path; the state path sends again when its value changes: `rollout.status.currentPodHash`.
        package var oncePer: String?
        /// Names of templates.
        package var send: [String]
    }

    /// One entry of `subscriptions`: recipients for all Rollouts that match.
    package struct DefaultSubscription: Sendable {
        package var recipients: [(service: String, recipient: String)]
        package var triggers: [String]
        package var selector: LabelSelector?
    }

    package var services: [String: NotificationService] = [:]
    package var templates: [String: NotificationTemplate] = [:]
    package var triggers: [String: [Rule]] = [:]
    package var defaultTriggers: [String] = []
    package var defaultTriggersByService: [String: [String]] = [:]
    package var subscriptions: [DefaultSubscription] = []
    /// What could not be read, never with a secret.
    ///
    /// As in `template.slack-fancy: line 3: unknown function sha256sum …`.
    package var problems: [String] = []

    static let yamlLimits = YAML.Limits(bytes: 1 << 20, depth: 32, nodes: 20_000)

    /// A configuration without services.
    package init() {}

    /// - Parameters:
    ///   - data: The ConfigMap's data.
    ///   - secret: The Secret's data, decoded; `$key` inside service settings is replaced by its value.
    package init(data: [String: String], secret: [String: String]) {
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
                problems.append("\(key): \(error.reason)")
            }
        }
    }

    /// The triggers of a subscription that names none.
    package func defaultTriggers(of service: String) -> [String] {
        defaultTriggersByService[service] ?? defaultTriggers
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
                guard let selector = LabelSelector(text: text) else {
                    throw ConfigProblem("selector \(text.debugDescription) cannot be read")
                }
                rule.selector = selector
            }
            subscriptions.append(rule)
        }
    }

    private static func rules(_ list: JSON) throws(ConfigProblem) -> [Rule] {
        guard let items = list.arrayValue else {
            throw ConfigProblem("a trigger is a list of entries with send, not \(list.typeName)")
        }
        var rules: [Rule] = []
        for item in items.prefix(50) {
            let send = strings(item["send"] ?? .null)
            guard !send.isEmpty else { throw ConfigProblem("an entry has no templates under send") }
            rules.append(Rule(when: item["when"]?.stringValue, oncePer: item["oncePer"]?.stringValue, send: send))
        }
        return rules
    }

    private static func yaml(_ text: String) throws(ConfigProblem) -> JSON {
        do throws(YAMLError) {
            return try YAML.parse([UInt8](text.utf8), limits: yamlLimits).first ?? .null
        } catch {
            throw ConfigProblem("it is not YAML: \(error)")
        }
    }
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
