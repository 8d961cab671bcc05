import Manifest
import Transport

/// Mattermost, by a bot's token; the recipient is a channel's id.
struct MattermostService: ServiceSender {
    private let api: String
    private let token: String
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        api = try settings.address("apiURL") + "/api/v4"
        token = try settings.required("token", "the bot's token")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let (key, policy) = try delivery.threading(line)
        var message: JSON = ["channel_id": .string(delivery.recipient), "message": .string(delivery.content.text)]
        if let attachments = try delivery.list("attachments", line) { message["props"] = ["attachments": attachments] }
        guard let key, let root = line.threads[key] else {
            let answer = try await call("/posts", message, line)
            if let key, let id = answer["id"]?.stringValue {
                line.threads[key] = MessageThreads.Root(message: id, channel: delivery.recipient)
            }
            return
        }
        if policy != .update {
            var reply = message
            reply["root_id"] = .string(root.message)
            _ = try await call("/posts", reply, line)
        }
        if policy != .post {
            message["channel_id"] = nil
            let id = TemplateFunctions.urlEncoded(root.message)
            _ = try await call("/posts/\(id)/patch", message, method: "PUT", line)
        }
    }

    private func call(
        _ path: String, _ json: JSON, method: String = "POST", _ line: ServiceLine
    ) async throws(DeliveryError) -> JSON {
        let response = try await line.post(
            api + path, json, method: method, headers: [("Authorization", "Bearer \(token)")], tls)
        return (try? JSON(parsing: response.body)) ?? .null
    }
}
