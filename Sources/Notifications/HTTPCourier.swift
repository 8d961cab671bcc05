package import Transport

/// Delivers over HTTP.
package struct HTTPCourier: Courier {
    private let client: HTTPClient
    private let timeout: Duration
    private let service: @Sendable (String) -> NotificationService?

    /// - Parameter service: The settings as they are now, by name; asked for each delivery, so that a rotated Secret counts.
    package init(
        client: HTTPClient, timeout: Duration = .seconds(15),
        service: @escaping @Sendable (String) -> NotificationService?
    ) {
        self.client = client
        self.timeout = timeout
        self.service = service
    }

    package func deliver(_ delivery: Delivery) async throws(DeliveryError) {
        guard let service = service(delivery.service) else {
            throw DeliveryError(service: delivery.service, why: "it is not configured any more", isRetriable: false)
        }
        let request = HTTPCourier.request(delivery, service, timeout)
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await client.send(request)
        } catch {
            throw DeliveryError(
                service: delivery.service, why: HTTPCourier.why(error.code),
                isRetriable: error.isRetriable || error.code == .cancelled)
        }
        guard !response.isSuccess else { return }
        let seconds = response.headers["Retry-After"].flatMap { Int64($0) }.map { max(0, min($0, 86_400)) }
        throw DeliveryError(
            service: delivery.service, why: "the receiver answered \(response.status)",
            isRetriable: [408, 425, 429].contains(response.status) || response.status >= 500,
            retryAfter: seconds.map { .seconds($0) })
    }

    /// The request of a delivery: pure, for tests.
    package static func request(_ delivery: Delivery, _ service: NotificationService, _ timeout: Duration)
        -> HTTPRequest
    {
        var headers: HTTPHeaders = [
            "Content-Type": delivery.contentType, "User-Agent": "sluice", "X-Sluice-Delivery": delivery.id,
            "Idempotency-Key": delivery.id,
        ]
        for header in service.headers { headers[header.name] = header.value }
        if let key = service.signingKey { headers[service.signatureHeader] = signature(of: delivery.body, key: key) }
        let body = delivery.method == "GET" ? nil : delivery.body
        return HTTPRequest(
            delivery.method, service.url + delivery.path, headers: headers, body: body, timeout: timeout,
            maxBody: 64 << 10,
            tls: TLSOptions(isInsecure: service.isInsecure))
    }

    /// Words of our own: a transport's may quote the address, which can hold a token.
    private static func why(_ code: TransportError.Code) -> String {
        switch code {
        case .invalidRequest: "its url, headers or method cannot be used"
        case .unresolvable: "its host cannot be resolved"
        case .unreachable: "its host refused the connection or cannot be reached"
        case .untrusted: "its certificate is not trusted"
        case .timeout: "it did not answer in time"
        case .connectionLost: "the connection broke"
        case .tooLarge, .malformed: "its answer cannot be read"
        case .refused: "it refused the message"
        case .cancelled, .stopped: "sending was stopped"
        }
    }
}
