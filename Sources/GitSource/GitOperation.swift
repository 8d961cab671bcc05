import CGit2
import Glibc
import SyncEngine

/// One Git call that may block: its deadline, its cancellation, and why it ended.
///
/// Shared between the thread that runs the call and the task that waits for it; everything mutable is behind the flag's
/// atomics or touched by the Git thread alone.
final class GitOperation: @unchecked Sendable {
    /// What is tried, for errors: `fetch repository`.
    let what: String
    /// Where, without credentials.
    let place: String
    /// Milliseconds of the monotonic clock.
    let deadline: Int64
    /// Non-zero once cancelled; shared with the C transport.
    let cancelFlag: UnsafeMutablePointer<Int32>

    /// Set by a callback of ours that ended the call; libgit2's own message would only say that a callback failed.
    var cause: SourceError?
    /// How often libgit2 asked for credentials: it asks again after each refusal, for ever.
    var credentialAttempts = 0

    init(what: String, place: String, timeout: Duration) {
        self.what = what
        self.place = place
        deadline =
            cgit2_now()
            &+ max(1, timeout.components.seconds &* 1000 &+ timeout.components.attoseconds / 1_000_000_000_000_000)
        cancelFlag = .allocate(capacity: 1)
        cancelFlag.initialize(to: 0)
    }

    deinit { cancelFlag.deallocate() }

    func cancel() { cgit2_store_flag(cancelFlag, 1) }

    var isCancelled: Bool { cgit2_load_flag(cancelFlag) != 0 }
    var millisecondsLeft: Int64 { deadline &- cgit2_now() }

    func error(_ code: SourceError.Code, _ why: String, fix: String? = nil) -> SourceError {
        SourceError(code, what: what, place: place, why: why, fix: fix)
    }

    /// The reason to stop now, if there is one.
    var interruption: SourceError? {
        if isCancelled { return error(.cancelled, "it was cancelled") }
        if millisecondsLeft <= 0 { return timedOut }
        return nil
    }

    var timedOut: SourceError {
        error(
            .timedOut, "the server did not finish in time", fix: "check that it is reachable, or raise the Git timeout")
    }

    /// Throws what `code`, an answer of libgit2, stands for; called right after the call, on its thread.
    func check(_ code: Int32, _ doing: String) throws(SourceError) {
        guard code < 0 else { return }
        throw failure(code, doing)
    }

    func failure(_ code: Int32, _ doing: String) -> SourceError {
        if let cause { return cause }
        if let interruption { return interruption }
        let last = git_error_last()
        let message = last.flatMap { $0.pointee.message.map { String(cString: $0) } } ?? "error \(code)"
        let kind = last.map { $0.pointee.klass } ?? 0
        return error(GitOperation.classify(code, kind), "\(message.singleLine) (\(doing))")
    }

    private static func classify(_ code: Int32, _ kind: Int32) -> SourceError.Code {
        switch code {
        case GIT_EAUTH.rawValue: return .authenticationFailed
        case GIT_ECERTIFICATE.rawValue: return .untrustedServer
        case GIT_ENONFASTFORWARD.rawValue: return .nonFastForward
        case GIT_EINVALIDSPEC.rawValue: return .invalidSource
        default: break
        }
        switch UInt32(bitPattern: kind) {
        case GIT_ERROR_NET.rawValue, GIT_ERROR_SSH.rawValue, GIT_ERROR_HTTP.rawValue, GIT_ERROR_SSL.rawValue:
            return .unreachable
        default: return .storage
        }
    }
}

extension String {
    /// One line without control characters, at most 300 characters long: fit for a condition, whatever a server said.
    var singleLine: String {
        let cleaned = unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        return String(String(cleaned).split(separator: " ").joined(separator: " ").prefix(300))
    }
}
