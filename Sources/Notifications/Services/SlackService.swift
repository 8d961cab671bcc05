import Manifest
import Transport

/// Slack, by an app's token, or by an incoming webhook.
struct SlackService: ServiceSender {
    private enum Access: Sendable {
        case webhook(String)
        case token(String, api: String)
    }

    private let access: Access
    private let username: String?
    private let icon: String?
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        if settings.text("token") != nil {
            access = .token(
                try settings.required("token", "the app's token"),
                api: try settings.address("apiURL", otherwise: "https://slack.com/api"))
        } else if settings.text("url") != nil || settings.text("webhookURL") != nil {
            access = .webhook(try settings.address("url", "webhookURL"))
        } else {
            throw ConfigProblem("token is missing: the app's token, or url with the address of an incoming webhook")
        }
        username = settings.text("username")
        icon = settings.text("icon")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        var message = try message(delivery, line)
        guard case .token(_, let api) = access else {
            if case .webhook(let url) = access { _ = try await line.post(url, message, tls) }
            return
        }
        guard !delivery.recipient.isEmpty else {
            throw line.failure("the subscription names no channel; write it as the annotation's value")
        }
        let (key, policy) = try delivery.threading(line)
        guard let key, let root = line.threads[key] else {
            let answer = try await call(api + "/chat.postMessage", message, line)
            if let key, let stamp = answer["ts"]?.stringValue {
                line.threads[key] = MessageThreads.Root(
                    message: stamp, channel: answer["channel"]?.stringValue ?? delivery.recipient)
            }
            return
        }
        if policy != .update {
            message["thread_ts"] = .string(root.message)
            message["reply_broadcast"] = .bool(delivery.content.fields["notifyBroadcast"]?.boolValue ?? false)
            _ = try await call(api + "/chat.postMessage", message, line)
        }
        if policy != .post {
            message["thread_ts"] = nil
            message["reply_broadcast"] = nil
            message["ts"] = .string(root.message)
            message["channel"] = .string(root.channel)
            _ = try await call(api + "/chat.update", message, line)
        }
    }

    private func message(_ delivery: Delivery, _ line: ServiceLine) throws(DeliveryError) -> JSON {
        var json: JSON = ["text": .string(delivery.content.text)]
        if !delivery.recipient.isEmpty { json["channel"] = .string(delivery.recipient) }
        if let name = delivery.content.field("username") ?? username { json["username"] = .string(name) }
        if let icon = delivery.content.field("icon") ?? icon {
            json[icon.hasPrefix("http") ? "icon_url" : "icon_emoji"] = .string(icon)
        }
        json["attachments"] = try delivery.list("attachments", line)
        json["blocks"] = try delivery.list("blocks", line)
        return json
    }

    /// Slack answers 200 to what it refuses, too.
    private func call(_ url: String, _ json: JSON, _ line: ServiceLine) async throws(DeliveryError) -> JSON {
        guard case .token(let token, _) = access else { return .null }
        let response = try await line.post(url, json, headers: [("Authorization", "Bearer \(token)")], tls)
        let answer = (try? JSON(parsing: response.body)) ?? .null
        guard answer["ok"]?.boolValue ?? false else {
            let code = answer["error"]?.stringValue
            let passes = ["ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"]
            throw line.refusal(code, isRetriable: code.map(passes.contains) ?? true)
        }
        return answer
    }
}
