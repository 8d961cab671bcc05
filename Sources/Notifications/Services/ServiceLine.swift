import Manifest
import Transport

/// What a service sends through; turns what goes wrong into errors without addresses and keys.
struct ServiceLine: Sendable {
    let client: HTTPClient
    let timeout: Duration
    let service: String
    let deliveryID: String
    let threads: MessageThreads

    func failure(_ why: String, isRetriable: Bool = false) -> DeliveryError {
        DeliveryError(service: service, why: why, isRetriable: isRetriable)
    }

    /// Sends JSON and gives the answer of a receiver that took it.
    func post(
        _ url: String, _ json: JSON, method: String = "POST", headers: [(name: String, value: String)] = [],
        _ tls: TLSOptions = TLSOptions()
    ) async throws(DeliveryError) -> HTTPResponse {
        try await send(
            method, url, headers: [("Content-Type", "application/json")] + headers, body: json.serialized(), tls)
    }

    /// Sends a request and gives the answer of a receiver that took it.
    func send(
        _ method: String, _ url: String, headers: [(name: String, value: String)], body: [UInt8]?,
        _ tls: TLSOptions = TLSOptions()
    ) async throws(DeliveryError) -> HTTPResponse {
        var fields: HTTPHeaders = [
            "User-Agent": "sluice", "X-Sluice-Delivery": deliveryID, "Idempotency-Key": deliveryID,
        ]
        for header in headers { fields[header.name] = header.value }
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await client.send(
                HTTPRequest(
                    method, url, headers: fields, body: body, timeout: timeout, maxBody: 4 << 20, tls: tls))
        } catch {
            throw failure(of: error)
        }
        guard !response.isSuccess else { return response }
        let seconds = response.headers["Retry-After"].flatMap { Int64($0) }.map { max(0, min($0, 86_400)) }
        throw DeliveryError(
            service: service, why: "the receiver answered \(response.status)\(ServiceLine.hint(response.status))",
            isRetriable: [408, 425, 429].contains(response.status) || response.status >= 500,
            retryAfter: seconds.map { .seconds($0) })
    }

    /// Sends a mail; the receiver has taken it when this returns.
    func mail(_ message: MailMessage) async throws(DeliveryError) {
        do throws(TransportError) {
            try await client.send(message)
        } catch {
            throw failure(of: error)
        }
    }

    /// What a receiver's own words may say of a refusal: a code such as `channel_not_found`, nothing else.
    func refusal(_ code: String?, isRetriable: Bool = false) -> DeliveryError {
        let isCode = code.map { $0.utf8.count <= 64 && $0.utf8.allSatisfy { isTemplateWord($0) && $0 < 0x80 } } ?? false
        return failure("the receiver refused it" + (isCode ? ": \(code ?? "")" : ""), isRetriable: isRetriable)
    }

    /// Words of our own: a transport's may quote the address, which can hold a token.
    private func failure(of error: TransportError) -> DeliveryError {
        let why =
            switch error.code {
            case .invalidRequest: "its url, headers or method cannot be used"
            case .unresolvable: "its host cannot be resolved"
            case .unreachable: "its host refused the connection or cannot be reached"
            case .untrusted: "its certificate is not trusted"
            case .timeout: "it did not answer in time"
            case .connectionLost: "the connection broke"
            case .tooLarge, .malformed: "its answer cannot be read"
            case .refused: "it refused the login, an address or the message"
            case .cancelled, .stopped: "sending was stopped"
            }
        return DeliveryError(
            service: service, why: why, isRetriable: error.isRetriable || error.code == .cancelled,
            isTimeout: error.code == .timeout)
    }

    private static func hint(_ status: Int) -> String {
        switch status {
        case 401, 403: "; check its token or key in the Secret"
        case 404, 410: "; check its address and the recipient"
        default: ""
        }
    }
}
