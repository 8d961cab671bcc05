package import Manifest
package import Transport

extension KubernetesError {
    /// What a `Status` says.
    package init(status: JSON, code fallback: Int = 500, retryAfter: Duration? = nil) {
        let details = status["details"]
        let causes = (details?["causes"]?.arrayValue ?? []).prefix(100).map { cause in
            Cause(
                reason: cause["reason"]?.stringValue ?? "", message: cause["message"]?.stringValue ?? "",
                field: cause["field"]?.stringValue ?? "")
        }
        let code = status["code"]?.intValue.flatMap { (100..<600).contains($0) ? Int($0) : nil } ?? fallback
        let seconds = details?["retryAfterSeconds"]?.intValue ?? 0
        self.init(
            code: code, reason: status["reason"]?.stringValue ?? Self.reason(of: code),
            message: withoutCredentials(status["message"]?.stringValue ?? "the API server answered \(code)"),
            causes: causes, retryAfter: retryAfter ?? (seconds > 0 ? .seconds(min(seconds, 3_600)) : nil))
    }

    /// What a response says that is no success: a Status, or the text of some proxy.
    init(_ response: HTTPResponseHead, body: [UInt8]) {
        let retryAfter = response.headers["Retry-After"].flatMap { Int64($0) }
            .map { Duration.seconds(max(0, min($0, 3_600))) }
        if let status = try? JSON(parsing: body), status["kind"]?.stringValue == "Status" {
            self.init(status: status, code: response.status, retryAfter: retryAfter)
            // What the server did counts, not what the text says.
            code = response.status
            return
        }
        let text = String(decoding: body.prefix(300), as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        self.init(
            code: response.status, reason: Self.reason(of: response.status),
            message: withoutCredentials(text.isEmpty ? "the API server answered \(response.status)" : text),
            retryAfter: retryAfter)
    }

    /// No answer came.
    package init(_ error: TransportError) {
        let reason = error.code == .cancelled ? "Cancelled" : "Unreachable"
        self.init(code: 0, reason: reason, message: "the API server gave no answer: \(error)")
    }

    private static func reason(of code: Int) -> String {
        switch code {
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 405: "MethodNotAllowed"
        case 409: "Conflict"
        case 410: "Expired"
        case 413: "RequestEntityTooLarge"
        case 415: "UnsupportedMediaType"
        case 422: "Invalid"
        case 429: "TooManyRequests"
        case 503: "ServiceUnavailable"
        case 504: "Timeout"
        default: code >= 500 ? "InternalError" : "Unknown"
        }
    }
}
