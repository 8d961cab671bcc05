package import Logging
package import Manifest
package import Transport

/// What is counted of one request, for metrics.
package struct RequestReport: Sendable {
    package var method: String
    package var host: String
    /// Without the query.
    package var path: String
    package var isWatch: Bool
    /// HTTP status; 0 where no answer came.
    package var code: Int
    package var took: Duration
}

/// The Kubernetes API over HTTP.
///
/// A bound on requests in flight instead of a rate, unless one is asked for; 429 and `Retry-After` are obeyed. Credentials are renewed when
/// they age or are refused. Requests that may be repeated are repeated after connection errors.
package final class KubernetesClient: Sendable {
    /// How the client behaves towards the server.
    package struct Options: Sendable {
        /// `sluice/<version> (<os>/<arch>) <component>`.
        package var userAgent = "sluice"
        package var maxInFlight = 32
        /// Beyond that bound: how many requests may begin in a second, Leases and watches aside; `nil` is no limit.
        package var rate: RequestRate?
        /// For one try of anything but a watch.
        package var timeout: Duration = .seconds(32)
        /// No try begins later than this after the call.
        package var patience: Duration = .seconds(60)
        /// A streaming list that the server has not accepted for so long is given up for a plain list.
        package var streamingListAcceptance: Duration = .seconds(30)
        /// A streaming list that shows nothing new for so long before its end has been ignored by the server.
        package var streamingListPatience: Duration = .seconds(30)
        /// After so long a server that has not sent streaming lists is asked for one again: it may be another by then.
        package var streamingListRetry: Duration = .seconds(3_600)
        package var report: @Sendable (RequestReport) -> Void = { _ in }

        package init() {}
    }

    package let configuration: ClusterConfiguration
    private let http: HTTPClient
    private let options: Options
    private let logger: Logger
    private let credentials: CredentialSource
    private let gate: RequestGate
    private let bucket: Lock<TokenBucket>?
    let streamingLists: StreamingLists
    private let warnings = Lock(Set<String>())
    private let host: String

    package init(
        _ configuration: ClusterConfiguration, http: HTTPClient = HTTPClient(), options: Options = Options(),
        clock: any WallClock = SystemClock(), logger: Logger = .silent
    ) {
        self.configuration = configuration
        self.http = http
        self.options = options
        self.logger = logger
        credentials = CredentialSource(configuration.identity, clock: clock)
        gate = RequestGate(maximum: options.maxInFlight)
        bucket = options.rate.map { Lock(TokenBucket($0, now: .now)) }
        streamingLists = StreamingLists(
            acceptance: options.streamingListAcceptance, patience: options.streamingListPatience,
            retryAfter: options.streamingListRetry)
        host = URLParts(configuration.server)?.host ?? ""
    }

    /// One call, before credentials and limits.
    struct Call: Sendable {
        var method = "GET"
        var path: String
        var query: [(String, String)] = []
        var body: [UInt8]?
        var contentType: String?
        var accept = "application/json"
        var impersonate: String?
        /// Whether sending it twice does no more than sending it once.
        var isIdempotent = true
        var lane = RequestLane.reconcile
        var timeout: Duration?
        var maxBody = 64 << 20
    }

    /// Sends a call and gives the answer's body.
    /// - Throws: What a Status says, for any answer but success.
    func send(_ call: Call) async throws(KubernetesError) -> (head: HTTPResponseHead, body: [UInt8]) {
        try await retrying(call) { request throws(TransportError) in
            let response = try await self.http.send(request)
            return (HTTPResponseHead(status: response.status, headers: response.headers), response.body)
        }
    }

    /// As `send`, with a body that is handed out as it comes; the returned body is that of a refusal.
    /// - Parameter mayRetry: Asked after a broken connection: whether nothing has been handed out yet.
    func stream(
        _ call: Call, isWatch: Duration? = nil, mayRetry: @escaping @Sendable () -> Bool,
        onAccepted: @escaping @Sendable () throws -> Void,
        onChunk: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) async throws(KubernetesError) {
        _ = try await retrying(call, isWatch: isWatch, mayRetry: mayRetry) { request throws(TransportError) in
            let state = Lock((isAccepted: false, refusal: [UInt8]()))
            let head = try await self.http.stream(
                request,
                onHead: { head in
                    guard head.status == 200 else { return }
                    state.withLock { $0.isAccepted = true }
                    try onAccepted()
                },
                onChunk: { chunk in
                    if state.withLock({ $0.isAccepted }) {
                        try onChunk(chunk)
                    } else {
                        let piece = chunk.withUnsafeBufferPointer { Array($0) }
                        state.withLock { state in
                            if state.refusal.count < 1 << 20 { state.refusal += piece }
                        }
                    }
                })
            return (head, state.withLock { $0.refusal })
        }
    }

    // MARK: Tries

    private typealias Attempt =
        (HTTPRequest) async throws(TransportError) -> (head: HTTPResponseHead, body: [UInt8])

    private func retrying(
        _ call: Call, isWatch: Duration? = nil, mayRetry: @Sendable () -> Bool = { true }, _ attempt: Attempt
    ) async throws(KubernetesError) -> (head: HTTPResponseHead, body: [UInt8]) {
        let end = ContinuousClock.now + options.patience
        var hasRenewed = false
        var tries = 0
        while true {
            tries += 1
            let (request, authorization) = try await request(call, isWatch: isWatch)
            // Leases and watches are not counted against each other's bound.
            let needsToken = isWatch == nil && call.lane != .lease
            if needsToken { try await takeToken() }
            if isWatch == nil, !(await gate.enter(call.lane)) {
                if needsToken { bucket?.withLock { $0.giveBack() } }
                throw Self.cancelled
            }
            let start = ContinuousClock.now
            let result: Result<(head: HTTPResponseHead, body: [UInt8]), TransportError>
            do { result = .success(try await attempt(request)) } catch { result = .failure(error) }
            let status = (try? result.get().head.status) ?? 0
            if isWatch == nil { gate.leave(wasThrottled: status == 429) }
            options.report(
                RequestReport(
                    method: call.method, host: host, path: call.path,
                    isWatch: call.query.contains { $0.0 == "watch" }, code: status, took: ContinuousClock.now - start))
            let wait: Duration
            switch result {
            case .success(let answer):
                noteWarnings(answer.head)
                if (200..<300).contains(status) { return answer }
                let error = KubernetesError(answer.head, body: answer.body)
                if status == 401, !hasRenewed, await credentials.refused(authorization) {
                    hasRenewed = true
                    continue
                }
                // A watch's caller backs off by itself.
                let isInvited = status == 429 || (status >= 500 && error.retryAfter != nil)
                guard isInvited, isWatch == nil, tries < 10 else { throw error }
                wait = error.retryAfter ?? .seconds(1)
                guard ContinuousClock.now + wait < end else { throw error }
            case .failure(let error):
                let isSafe = call.isIdempotent || !error.mayHaveTakenEffect
                wait = .milliseconds(50 << min(tries, 5))
                guard error.isRetriable, isSafe, isWatch == nil, tries < 4, mayRetry(), ContinuousClock.now + wait < end
                else { throw KubernetesError(error) }
            }
            do { try await Task.sleep(for: wait) } catch { throw Self.cancelled }
        }
    }

    /// Waits until the rate allows one more request.
    private func takeToken() async throws(KubernetesError) {
        guard let bucket else { return }
        let wait = bucket.withLock { $0.take(at: .now) }
        guard wait > .zero else { return }
        do { try await Task.sleep(for: wait) } catch {
            bucket.withLock { $0.giveBack() }
            throw Self.cancelled
        }
    }

    private static let cancelled = KubernetesError(code: 0, reason: "Cancelled", message: "the request was cancelled")

    private func request(
        _ call: Call, isWatch: Duration?
    ) async throws(KubernetesError) -> (HTTPRequest, authorization: String?) {
        let credential: CredentialSource.Credential
        do { credential = try await credentials.credential() } catch {
            throw KubernetesError(code: 0, reason: "NoCredentials", message: error.description)
        }
        var request = HTTPRequest(
            call.method, configuration.server + call.path + Paths.query(call.query), body: call.body,
            timeout: isWatch ?? call.timeout ?? options.timeout,
            maxBody: isWatch != nil ? .max : call.maxBody, tls: configuration.tls)
        if isWatch != nil { request.stallTimeout = nil }
        request.proxy = configuration.proxy
        if credential.certificate != nil {
            request.tls.certificate = credential.certificate
            request.tls.key = credential.key
        }
        request.headers["Accept"] = call.accept
        request.headers["User-Agent"] = options.userAgent
        if let type = call.contentType { request.headers["Content-Type"] = type }
        if let authorization = credential.authorization { request.headers["Authorization"] = authorization }
        if !configuration.isCompressed { request.headers["Accept-Encoding"] = "identity" }
        impersonate(call, &request.headers)
        return (request, credential.authorization)
    }

    private func impersonate(_ call: Call, _ headers: inout HTTPHeaders) {
        if let user = call.impersonate {
            headers["Impersonate-User"] = user
            return
        }
        let other = configuration.impersonation
        guard let user = other.user else { return }
        headers["Impersonate-User"] = user
        if let uid = other.uid { headers["Impersonate-Uid"] = uid }
        for group in other.groups { headers.add("Impersonate-Group", group) }
        for (name, values) in other.extra.sorted(by: { $0.key < $1.key }) {
            for value in values { headers.add("Impersonate-Extra-\(Paths.escaped(name))", value) }
        }
    }

    /// Logs each warning of the server once.
    private func noteWarnings(_ head: HTTPResponseHead) {
        for warning in head.headers.all("Warning").prefix(10) {
            // 299 - "text"
            let text = warning.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first.map(
                String.init)
            guard let text, !text.isEmpty else { continue }
            let isNew = warnings.withLock { known in known.count < 1_000 && known.insert(text).inserted }
            if isNew { logger.warning("the API server warns", metadata: ["warning": "\(withoutCredentials(text))"]) }
        }
    }
}
