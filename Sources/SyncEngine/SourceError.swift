/// Why a source could not be read or written, in four parts that make one sentence.
///
/// The same sentence serves conditions, events, logs and the command line; no part of it holds a credential.
package struct SourceError: Error, Hashable, CustomStringConvertible {
    /// What kind of failure it was; the raw value is a condition's reason.
    package enum Code: String, Sendable {
        case authenticationFailed = "AuthenticationFailed"
        /// The server's certificate or host key is not the expected one.
        case untrustedServer = "UntrustedServer"
        case repositoryNotFound = "RepositoryNotFound"
        case referenceNotFound = "ReferenceNotFound"
        case unreachable = "Unreachable"
        case timedOut = "TimedOut"
        case cancelled = "Cancelled"
        /// The URL, credential or request cannot be used as written.
        case invalidSource = "InvalidSource"
        /// Larger than the bounds allow.
        case tooLarge = "TooLarge"
        /// Someone else pushed first, again and again.
        case nonFastForward = "NonFastForward"
        /// The server took the data but refused to move the branch.
        case pushRejected = "PushRejected"
        /// Later commits changed the same lines, so the revert has no single answer.
        case revertConflict = "RevertConflict"
        /// The mirror on disk cannot be read or written.
        case storage = "StorageOperationFailed"
    }

    package var code: Code
    /// What was tried: `fetch repository`.
    package var what: String
    /// Where: the URL without credentials, with the revision where one is meant.
    package var place: String
    package var why: String
    package var fix: String?

    package init(_ code: Code, what: String, place: String, why: String, fix: String? = nil) {
        self.code = code
        self.what = what
        self.place = place
        self.why = why
        self.fix = fix
    }

    /// Whether the same request may succeed later without anyone's help.
    ///
    /// A reference may be pushed any moment and a credential is looked up anew for each try, yet both wait for a person
    /// first: callers look again at their interval, not with back-off.
    package var isRetriable: Bool {
        switch code {
        case .unreachable, .timedOut, .cancelled, .nonFastForward, .storage: true
        case .authenticationFailed, .untrustedServer, .repositoryNotFound, .referenceNotFound, .invalidSource,
            .tooLarge,
            .pushRejected, .revertConflict:
            false
        }
    }

    package var description: String { "cannot \(what) from \(place): \(why)" + (fix.map { "; \($0)" } ?? "") }
}
