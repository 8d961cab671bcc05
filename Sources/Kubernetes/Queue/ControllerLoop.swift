package import Logging

/// An error after which trying again cannot help until the object changes.
package protocol TerminalError: Error {}

/// What became of one reconcile, for metrics.
package struct ReconcileReport: Sendable {
    package enum Result: String, Sendable {
        case success, error, requeue
        case requeueAfter = "requeue_after"
    }

    package var controller: String
    package var result: Result
    package var isTerminal: Bool
    /// How long the key waited, and how long its reconcile took.
    package var waited: Duration
    package var took: Duration
}

/// Runs workers that reconcile the keys of a queue.
///
/// An error puts the key back with back-off. A write conflict does too, quietly: the next look at a fresher cache decides
/// again. Not found is not retried: the object is gone. `run()` ends when the queue is shut down, after the keys in hand
/// are done; cancelling the calling task also cancels them.
package struct ControllerLoop<Key: Hashable & Sendable & CustomStringConvertible>: Sendable {
    package typealias Reconcile = @Sendable (Key) async throws -> Duration?

    package let queue: Workqueue<Key>
    private let workers: Int
    private let logger: Logger
    private let report: @Sendable (ReconcileReport) -> Void
    private let reconcile: Reconcile

    /// - Parameters:
    ///   - report: Called after each reconcile.
    ///   - reconcile: Gives the time until it wants to look again, or `nil` when the next event is enough.
    package init(
        _ queue: Workqueue<Key>, workers: Int, logger: Logger = .silent,
        report: @escaping @Sendable (ReconcileReport) -> Void = { _ in }, reconcile: @escaping Reconcile
    ) {
        self.queue = queue
        self.workers = max(1, workers)
        self.logger = logger
        self.report = report
        self.reconcile = reconcile
    }

    package func run() async {
        await withTaskGroup { group in
            for _ in 0..<workers { group.addTask { await work() } }
        }
    }

    private func work() async {
        while let (key, waited) = await queue.nextTimed() {
            let start = ContinuousClock.now
            let (result, isTerminal) = await process(key)
            queue.done(key)
            report(
                ReconcileReport(
                    controller: queue.name, result: result, isTerminal: isTerminal, waited: waited,
                    took: ContinuousClock.now - start))
        }
    }

    private func process(_ key: Key) async -> (ReconcileReport.Result, isTerminal: Bool) {
        do {
            let again = try await reconcile(key)
            queue.forget(key)
            guard let again else { return (.success, false) }
            queue.add(key, after: again)
            return (.requeueAfter, false)
        } catch let error as any TerminalError {
            queue.forget(key)
            log("reconcile failed for good", key, error, .error)
            return (.error, true)
        } catch let error as KubernetesError where error.isConflict {
            queue.addRateLimited(key)
            log("write conflict, looking again", key, error, .debug)
            return (.requeue, false)
        } catch let error as KubernetesError where error.isNotFound {
            queue.forget(key)
            log("object is gone", key, error, .debug)
            return (.success, false)
        } catch is CancellationError {
            return (.success, false)
        } catch {
            queue.addRateLimited(key)
            log("reconcile failed, trying again", key, error, .warning)
            return (.error, false)
        }
    }

    private func log(_ message: Logger.Message, _ key: Key, _ error: any Error, _ level: Logger.Level) {
        logger.log(
            level: level, message,
            metadata: ["controller": "\(queue.name)", "key": "\(key)", "error": "\(error)"])
    }
}
