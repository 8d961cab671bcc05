import Manifest
import Transport

/// Grafana's annotations; the recipient is a list of tags, as `rollout|shop`.
struct GrafanaService: ServiceSender {
    private let api: String
    private let key: String
    private let tags: [String]
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        api = try settings.address("apiUrl", "apiURL")
        key = try settings.required("apiKey", "the key of a service account")
        tags = GrafanaService.split(settings.text("tags"))
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let tags =
            GrafanaService.split(delivery.recipient) + GrafanaService.split(delivery.content.field("tags")) + tags
        let annotation: JSON = [
            "time": .int(delivery.content.time.seconds &* 1_000), "isRegion": false, "tags": JSON(tags),
            "text": .string(delivery.content.text),
        ]
        _ = try await line.post(
            api + "/annotations", annotation, headers: [("Authorization", "Bearer \(key)")], tls)
    }

    private static func split(_ tags: String?) -> [String] { (tags ?? "").split(separator: "|").map(String.init) }
}
