import ArgumentParser
import Controllers
import Kubernetes
import Manifest
import Notifications
import Transport

struct NotificationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications", abstract: "Look at notification templates and triggers, and try them.",
        subcommands: [TemplateCommands.self, TriggerCommands.self])
}

struct TemplateCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Notification templates.",
        subcommands: [TemplateGet.self, TemplateNotify.self]
    )
}

struct TriggerCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "Notification triggers.", subcommands: [TriggerGet.self, TriggerRun.self])
}

/// Where the configuration of notifications comes from.
struct NotificationSources: ParsableArguments {
    @Option(help: "A file with the ConfigMap, instead of the cluster's; - reads standard input.")
    var configMap: String?

    @Option(help: "A file with the Secret, instead of the cluster's; :empty is none.")
    var secret: String?

    /// The ConfigMap's data and the Secret's, decoded.
    func read(_ session: ClusterSession) async throws -> (data: [String: String], secret: [String: String]) {
        let configMaps = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
        let map =
            if let configMap { try Self.object(configMap) } else {
                try await session.get(configMaps, NotificationSettings.configMapName)
            }
        let object: JSON?
        switch secret {
        case ":empty": object = nil
        case let path?: object = try Self.object(path)
        // Templates can be looked at without the right to read Secrets.
        case nil:
            let key = session.key(NotificationSettings.secretName)
            object = try? await session.client.get(.secrets, key, subresource: nil)
        }
        var values = object?["stringData"]?.stringMap ?? [:]
        for (key, value) in object?["data"]?.stringMap ?? [:] {
            guard let bytes = Base64.decode(value) else { continue }
            values[key] = String(decoding: bytes, as: UTF8.self)
        }
        return (map["data"]?.stringMap ?? [:], values)
    }

    private static func object(_ path: String) throws -> JSON {
        guard let object = try YAML.parse(try InputFile.read(path)).first else {
            throw CommandError("\(path) holds no object")
        }
        return object
    }
}

struct TemplateGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List templates, or show one.")

    @Argument(help: "A template's name.") var name: String?
    @OptionGroup var sources: NotificationSources
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await reporting {
            let data = try await sources.read(try connection.connect("notifications")).data
            try printSettings(data, prefix: "template.", name, header: ["NAME", "PREVIEW"]) { value in
                [value["message"]?.stringValue?.split(separator: "\n").first.map { String($0.prefix(80)) } ?? ""]
            }
        }
    }
}

struct TriggerGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List triggers, or show one.")

    @Argument(help: "A trigger's name.") var name: String?
    @OptionGroup var sources: NotificationSources
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await reporting {
            let data = try await sources.read(try connection.connect("notifications")).data
            try printSettings(data, prefix: "trigger.", name, header: ["NAME", "TEMPLATE", "CONDITION"]) { value in
                let rules = value.arrayValue ?? []
                return [
                    rules.flatMap { $0["send"]?.arrayValue ?? [] }.compactMap(\.stringValue).joined(separator: ","),
                    rules.compactMap { $0["when"]?.stringValue }.joined(separator: "; "),
                ]
            }
        }
    }
}

extension AsyncParsableCommand {
    /// Prints a table of the settings with a prefix, or one of them as it is written.
    fileprivate func printSettings(
        _ data: [String: String], prefix: String, _ name: String?, header: [String], cells: (JSON) -> [String]
    ) throws {
        if let name {
            guard let text = data[prefix + name] else {
                throw CommandError("there is no \(prefix.dropLast()) \(name) in the ConfigMap")
            }
            return Terminal.write(text.hasSuffix("\n") ? text : text + "\n")
        }
        let keys = data.keys.filter { $0.hasPrefix(prefix) }.sorted()
        if keys.isEmpty { return Terminal.complain("No resources found.") }
        var table = TextTable(header: header)
        for key in keys {
            let value = (try? YAML.parse(Array((data[key] ?? "").utf8)).first) ?? .null
            table.add([String(key.dropFirst(prefix.count))] + cells(value))
        }
        Terminal.write(table.text())
    }

    /// Says why keys are left out of the settings, of those that the command wants alone.
    fileprivate func warn(_ config: NotificationConfig, about isWanted: (String) -> Bool) {
        for problem in config.problems where isWanted(String(problem.prefix { $0 != ":" })) {
            Terminal.complain("warning: \(problem)")
        }
    }

    /// What templates and conditions see of a Rollout, as in the controller.
    fileprivate func context(_ name: String, _ session: ClusterSession) async throws -> NotificationContext {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        let key = parts.count > 1 ? ObjectKey(namespace: parts[0], name: parts[1]) : session.key(name)
        return try await NotificationContext.read(
            try await session.get(.rollouts, key), session.client, now: Terminal.now())
    }
}

struct TriggerRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Say which conditions of a trigger a Rollout meets.")

    @Argument(help: "The trigger's name.") var trigger: String
    @Argument(help: "The Rollout, as NAME or NAMESPACE/NAME.") var rollout: String
    @OptionGroup var sources: NotificationSources
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await reporting {
            let session = try connection.connect("notifications")
            let (data, secret) = try await sources.read(session)
            let config = NotificationConfig(data: data, secret: secret)
            warn(config) { $0 == "trigger.\(trigger)" }
            let context = try await context(rollout, session)
            guard let entries = NotificationTrial.trigger(trigger, context, config) else {
                let known = config.triggers.keys.sorted().joined(separator: ", ")
                throw CommandError("there is no trigger \(trigger); there are \(known.isEmpty ? "none" : known)")
            }
            var table = TextTable(header: ["CONDITION", "RESULT"])
            for entry in entries {
                table.add([
                    entry.rule.when ?? "(always)",
                    entry.problem.map { "error: \($0)" } ?? "\(entry.outcome?.isTrue ?? true)",
                ])
            }
            Terminal.write(table.text())
        }
    }
}

struct TemplateNotify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify", abstract: "Fill a template in for a Rollout, and send it.")

    @Argument(help: "The template's name.") var template: String
    @Argument(help: "The Rollout, as NAME or NAMESPACE/NAME.") var rollout: String

    @Option(help: "SERVICE:RECIPIENT; console:stdout prints. May be repeated.")
    var recipient = ["console:stdout"]

    @OptionGroup var sources: NotificationSources
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await reporting {
            let session = try connection.connect("notifications")
            let (data, secret) = try await sources.read(session)
            let config = NotificationConfig(data: data, secret: secret)
            let services = recipient.map { String($0.prefix { $0 != ":" }) }
            warn(config) { key in
                // `service.<type>` or `service.<type>.<name>`.
                let isService = services.contains { key == "service.\($0)" || key.hasSuffix(".\($0)") }
                return key == "template.\(template)" || key.hasPrefix("service.") && isService
            }
            let context = try await context(rollout, session)
            for recipient in recipient {
                let parts = recipient.split(separator: ":", maxSplits: 1).map(String.init)
                let service = parts.first ?? ""
                let address = parts.count > 1 ? parts[1] : ""
                if service == "console" {
                    // A service by that name whose address nobody ever asks: only the text is wanted.
                    let settings = data.merging(["service.webhook.console": "url: http://localhost"]) { $1 }
                    let delivery = try NotificationTrial.template(
                        template, service: service, recipient: address, context,
                        NotificationConfig(data: settings, secret: secret))
                    Terminal.write(delivery.content.text + "\n")
                } else {
                    try await send(context, config, service, address)
                }
            }
        }
    }

    private func send(
        _ context: NotificationContext, _ config: NotificationConfig, _ service: String, _ recipient: String
    ) async throws {
        let delivery = try NotificationTrial.template(
            template, service: service, recipient: recipient, context, config)
        let services = config.services
        try await ServiceCourier(client: HTTPClient(), service: { services[$0.service] }).deliver(delivery)
        Terminal.write("notification sent to \(service):\(recipient)\n")
    }
}
