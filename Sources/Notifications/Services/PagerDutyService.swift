import Manifest
import Transport

/// PagerDuty's Events API, version 2; the recipient is a service's name.
struct PagerDutyService: ServiceSender {
    private let api: String
    private let keys: [String: String]
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        api = try settings.address("apiURL", otherwise: "https://events.pagerduty.com")
        keys = try settings.map("serviceKeys", "a map from names, which subscriptions use, to integration keys")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        guard let key = keys[delivery.recipient] else {
            throw line.failure("serviceKeys has no entry for the recipient; add it, or name another")
        }
        let content = delivery.content
        let severity = content.field("severity") ?? "info"
        guard ["critical", "error", "warning", "info"].contains(severity) else {
            throw line.failure(
                "template \(delivery.template): pagerdutyv2.severity must be critical, error, warning or info")
        }
        var payload: JSON = [
            // Longer ones are refused.
            "summary": .string(String((content.field("summary") ?? content.text).prefix(1_024))),
            "severity": .string(severity), "source": .string(content.field("source") ?? "\(delivery.object)"),
            "timestamp": .string(content.time.rfc3339),
        ]
        for name in ["component", "group", "class"] { payload[name] = content.field(name).map { .string($0) } }
        var event: JSON = [
            "routing_key": .string(key), "event_action": "trigger", "dedup_key": .string(delivery.id),
            "client": "Sluice", "payload": payload,
        ]
        event["client_url"] = content.field("url").map { .string($0) }
        _ = try await line.post(api + "/v2/enqueue", event, tls)
    }
}
