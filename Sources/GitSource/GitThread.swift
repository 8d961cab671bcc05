import CGit2
import Glibc
import Manifest
import SyncEngine

/// Starts libgit2 once for the process; false where it could not be started.
let libgit2IsReady: Bool = cgit2_start() >= 0

/// Runs a blocking Git call on a thread of its own, so that it never holds one of Swift's few.
///
/// When the task is cancelled, the operation's flag is raised and the call ends at its next look at it, within a tenth of
/// a second; the wait always lasts until the thread has let go of the mirror.
func onGitThread<Value: Sendable>(
    _ operation: GitOperation, _ body: @escaping @Sendable () throws(SourceError) -> Value
) async throws(SourceError) -> Value {
    guard libgit2IsReady else { throw operation.error(.storage, "libgit2 could not be started") }
    let result: Result<Value, SourceError> = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            let work = ThreadWork {
                if let interruption = operation.interruption {
                    return continuation.resume(returning: .failure(interruption))
                }
                do throws(SourceError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !work.start() {
                continuation.resume(returning: .failure(operation.error(.storage, "no thread could be started")))
            }
        }
    } onCancel: {
        operation.cancel()
    }
    return try result.get()
}

/// A closure on its way to a detached thread.
final class ThreadWork: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    /// Runs the closure on a new thread; false where the system has none left.
    func start() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 2 << 20)
        let held = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, held.toOpaque())
        if code != 0 { held.release() }
        return code == 0
    }
}
