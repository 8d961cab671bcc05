import CCurl

/// What the transfer loop drives: a request, or a mail.
///
/// Made by the caller, then touched by the loop's thread only.
protocol LoopTransfer: AnyObject, Sendable {
    var continuation: CheckedContinuation<Result<HTTPResponseHead, TransportError>, Never>? { get set }
    var handle: UnsafeMutableRawPointer? { get }
    var isCancelled: Bool { get set }

    /// Makes the handle, on the loop's thread.
    func prepare() -> Result<UnsafeMutableRawPointer, TransportError>
    func result(of code: CURLcode) -> Result<HTTPResponseHead, TransportError>
    func cleanUp()
    func finish(_ result: Result<HTTPResponseHead, TransportError>)
    func error(_ code: TransportError.Code, _ why: String, mayHaveTakenEffect: Bool) -> TransportError
}
