import CCurl
import Glibc
import Manifest

/// The thread that drives all transfers of a client through libcurl's multi interface.
///
/// Handles are touched by that thread only. Others put work into the inbox and wake it.
final class TransferLoop: @unchecked Sendable {  // `inbox` has its lock; `active` belongs to the thread
    private struct Inbox {
        var added: [any LoopTransfer] = []
        var cancelled: [any LoopTransfer] = []
        var isStopped = false
    }

    private let multi: UnsafeMutableRawPointer?
    private let inbox = Lock(Inbox())
    private var active: [UnsafeMutableRawPointer: any LoopTransfer] = [:]

    private static let isReady = ccurl_global_init() == CURLE_OK

    private init() {
        multi = Self.isReady ? curl_multi_init() : nil
        guard let multi else { return }
        ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
    }

    static func start() -> TransferLoop {
        let loop = TransferLoop()
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().work() }
                return nil
            }, Unmanaged.passRetained(loop).toOpaque())
        precondition(result == 0, "the HTTP client's thread cannot be started: error \(result)")
        pthread_detach(thread)
        return loop
    }

    /// Runs a transfer to its end; cancelling the calling task ends it at once.
    func run(_ transfer: some LoopTransfer) async -> Result<HTTPResponseHead, TransportError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                let isStopped = inbox.withLock { inbox in
                    if inbox.isStopped || multi == nil { return true }
                    inbox.added.append(transfer)
                    curl_multi_wakeup(multi)
                    return false
                }
                if isStopped {
                    transfer.finish(
                        .failure(transfer.error(.cancelled, "the client is closed", mayHaveTakenEffect: false)))
                }
            }
        } onCancel: {
            inbox.withLock { inbox in
                if inbox.isStopped { return }
                inbox.cancelled.append(transfer)
                curl_multi_wakeup(multi)
            }
        }
    }

    /// Ends the thread; what runs is cancelled.
    func stop() {
        // Woken inside the lock: the thread frees the handle only after it has seen the flag.
        inbox.withLock { inbox in
            inbox.isStopped = true
            if let multi { curl_multi_wakeup(multi) }
        }
    }

    // MARK: On the thread

    private func work() {
        guard let multi else { return }
        while true {
            var taken = inbox.withLock { inbox in
                defer { (inbox.added, inbox.cancelled) = ([], []) }
                return inbox
            }
            if taken.isStopped {
                for (handle, transfer) in active { end(handle, transfer, .cancelled) }
                for transfer in taken.added {
                    transfer.finish(.failure(transfer.error(.cancelled, "cancelled", mayHaveTakenEffect: true)))
                }
                curl_multi_cleanup(multi)
                return
            }
            for transfer in taken.added { begin(transfer) }
            taken.added = []
            for transfer in taken.cancelled {
                // A task that was cancelled before it came to wait: its transfer is still to come.
                transfer.isCancelled = true
                if let handle = transfer.handle, active[handle] === transfer { end(handle, transfer, .cancelled) }
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            var count: Int32 = 0
            curl_multi_poll(multi, nil, 0, 60_000, &count)
        }
    }

    private func begin(_ transfer: some LoopTransfer) {
        if transfer.isCancelled {
            transfer.finish(.failure(transfer.error(.cancelled, "cancelled", mayHaveTakenEffect: true)))
            return
        }
        switch transfer.prepare() {
        case .success(let handle):
            active[handle] = transfer
            curl_multi_add_handle(multi, handle)
        case .failure(let error): transfer.finish(.failure(error))
        }
    }

    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let transfer = active[handle]
            else { continue }
            let code = ccurl_message_result(message)
            active[handle] = nil
            let result = transfer.result(of: code)
            curl_multi_remove_handle(multi, handle)
            transfer.cleanUp()
            transfer.finish(result)
        }
    }

    private func end(_ handle: UnsafeMutableRawPointer, _ transfer: some LoopTransfer, _ code: TransportError.Code) {
        active[handle] = nil
        curl_multi_remove_handle(multi, handle)
        transfer.cleanUp()
        transfer.finish(.failure(transfer.error(code, "cancelled", mayHaveTakenEffect: true)))
    }
}
