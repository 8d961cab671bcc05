package import Manifest

extension OperationState {
    /// A new operation, pinned to the commit it resolved to.
    package static func begin(_ operation: SyncOperation, revision: String, now: Timestamp) -> OperationState {
        var pinned = operation
        pinned.revision = revision
        return OperationState(operation: pinned, startedAt: now.wholeSeconds)
    }

    /// When the next try of a failed operation is due; `nil` where none is waited for.
    package var retryAt: Timestamp? {
        guard phase == .running, let finishedAt, retryCount > 0 else { return nil }
        return finishedAt + operation.retry.wait(afterRetries: retryCount - 1)
    }

    /// Starts the try that was waited for.
    package func retried() -> OperationState {
        var next = self
        next.finishedAt = nil
        next.message = "retry \(retryCount)"
        return next
    }

    /// Ends the operation, or puts it into the wait for another try.
    ///
    /// - Parameter canRetry: False for what another try cannot mend, such as a rejected commit.
    package func ended(_ phase: OperationPhase, _ message: String, canRetry: Bool = true, now: Timestamp)
        -> OperationState
    {
        var next = self
        next.finishedAt = now.wholeSeconds
        let limit = operation.retry.limit
        let mayRetry = canRetry && self.phase != .terminating && (limit < 0 || retryCount < limit)
        if phase == .failed || phase == .error, mayRetry {
            next.phase = .running
            next.retryCount = retryCount &+ 1
            next.hasResult = false
            next.results = []
            next.revision = ""
            let at = now.wholeSeconds + operation.retry.wait(afterRetries: retryCount)
            next.message = "\(message); tries again (\(next.retryCount)\(limit < 0 ? "" : " of \(limit)")) at \(at)"
            return next
        }
        next.phase = phase
        next.message = message
        return next
    }
}
