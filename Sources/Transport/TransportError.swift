/// Why a request got no complete answer.
///
/// An answer of any status is none of these.
package struct TransportError: Error, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The request itself cannot be sent: a malformed URL, an unreadable certificate.
        case invalidRequest
        case unresolvable
        case unreachable
        /// The peer's certificate is not trusted, or ours is refused.
        case untrusted
        case timeout
        /// The connection broke after it was made.
        case connectionLost
        /// The answer is longer than allowed.
        case tooLarge
        /// The peer does not speak HTTP as it should.
        case malformed
        /// A mail server refuses the login, an address or the mail, or has no encryption to offer.
        case refused
        case cancelled
        /// The receiver of a streamed body has thrown.
        case stopped
    }

    package var code: Code
    /// `POST https://host:port`, without path and credentials.
    package var place: String
    package var why: String
    /// Whether the request may have reached the peer and taken effect there.
    package var mayHaveTakenEffect: Bool

    package init(_ code: Code, place: String, why: String, mayHaveTakenEffect: Bool = true) {
        self.code = code
        self.place = place
        self.why = why
        self.mayHaveTakenEffect = mayHaveTakenEffect
    }

    /// Whether the same request can succeed later.
    package var isRetriable: Bool {
        switch code {
        case .unresolvable, .unreachable, .timeout, .connectionLost, .malformed: true
        case .invalidRequest, .untrusted, .tooLarge, .refused, .cancelled, .stopped: false
        }
    }

    package var description: String { "\(place): \(why)" }
}
