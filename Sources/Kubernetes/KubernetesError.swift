/// A request that the API server refused, or that never got an answer.
package struct KubernetesError: Error, Hashable, CustomStringConvertible {
    /// One entry of `details.causes` of a Status.
    package struct Cause: Hashable, Sendable {
        package var reason: String
        package var message: String
        package var field: String

        package init(reason: String, message: String, field: String) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// HTTP status; 0 where no answer came.
    package var code: Int
    /// The Status' reason: `NotFound`, `Conflict`, `AlreadyExists`, `Expired`; `Unreachable` where no answer came.
    package var reason: String
    /// What the server said, without credentials.
    package var message: String
    package var causes: [Cause]
    package var retryAfter: Duration?

    package init(
        code: Int, reason: String, message: String, causes: [Cause] = [], retryAfter: Duration? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retryAfter = retryAfter
    }

    package var isNotFound: Bool { code == 404 }
    package var isConflict: Bool { code == 409 && reason != "AlreadyExists" }
    package var isAlreadyExists: Bool { code == 409 && reason == "AlreadyExists" }
    /// The resourceVersion is too old: list again.
    package var isExpired: Bool { code == 410 }
    package var isInvalid: Bool { code == 422 }
    package var isForbidden: Bool { code == 403 }
    /// The credentials were not accepted; where they are renewed from time to time, the next ones may be.
    package var isUnauthorized: Bool { code == 401 }
    /// The reason where a streaming list has not been accepted in time.
    package static let unanswered = "Unanswered"

    /// Trying the same again later can help.
    package var isRetriable: Bool { code == 0 || code == 408 || code == 409 || code == 429 || code >= 500 }

    package var description: String { code == 0 ? "\(reason): \(message)" : "\(code) \(reason): \(message)" }
}
