import Manifest
import Transport

/// Any receiver of HTTP requests.
struct WebhookService: ServiceSender {
    let url: String
    let headers: [(name: String, value: String)]
    /// Key of the HMAC-SHA256 signature; `nil` sends none.
    let signingKey: String?
    /// The signature's header: `sha256=<hex>` over the body, as GitHub signs.
    let signatureHeader: String
    let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        url = try settings.address("url")
        var headers: [(name: String, value: String)] = []
        for item in settings.objects("headers") {
            guard let name = item["name"]?.stringValue, let value = item["value"]?.stringValue,
                ServiceSettings.isHeader(name, value)
            else { throw ConfigProblem("each of headers needs name and value without line breaks") }
            headers.append((name, value))
        }
        if let user = settings.text("basicAuth", "username") {
            let password = settings.text("basicAuth", "password") ?? ""
            headers.append(("Authorization", "Basic " + Base64.encode("\(user):\(password)")))
        }
        self.headers = headers
        signingKey = settings.text("hmacSecret")
        signatureHeader = settings.text("signatureHeader") ?? "X-Hub-Signature-256"
        guard ServiceSettings.isHeader(signatureHeader, "") else {
            throw ConfigProblem("signatureHeader is no header name")
        }
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let content = delivery.content
        let method = (content.field("method") ?? "POST").uppercased()
        guard ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
            throw line.failure(
                "template \(delivery.template): webhook.\(delivery.service).method is not GET, POST, PUT, PATCH or DELETE"
            )
        }
        let path = content.field("path").map { TemplateFunctions.trimmed($0) { $0.properties.isWhitespace } } ?? ""
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw line.failure(
                "template \(delivery.template): webhook.\(delivery.service).path holds spaces or control characters; "
                    + "use urlquery")
        }
        let body = body(delivery)
        var headers = [(name: "Content-Type", value: contentType(body))] + headers
        if let signingKey { headers.append((signatureHeader, signature(of: body, key: signingKey))) }
        _ = try await line.send(method, url + path, headers: headers, body: method == "GET" ? nil : body, tls)
    }

    private func body(_ delivery: Delivery) -> [UInt8] {
        if let text = delivery.content.fields["body"]?.stringValue { return [UInt8](text.utf8) }
        return JSON.object([
            "message": .string(delivery.content.text), "trigger": .string(delivery.trigger),
            "template": .string(delivery.template), "recipient": .string(delivery.recipient),
            "deliveryID": .string(delivery.id), "rollout": delivery.content.facts,
        ]).serialized()
    }

    private func contentType(_ body: [UInt8]) -> String {
        let first = body.first { !isTemplateSpace($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
            ? "application/json" : "text/plain; charset=utf-8"
    }
}
