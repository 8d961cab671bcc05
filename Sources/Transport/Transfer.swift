import CCurl

/// One request on its way, as libcurl sees it.
///
/// Made by the caller, then touched by the loop's thread only.
final class Transfer: LoopTransfer, @unchecked Sendable {
    private static let maxHeaderBytes = 1 << 20

    let request: HTTPRequest
    let parts: URLParts
    /// Let go of before the caller goes on, for they may refer to what only lives as long as the call.
    private var onHead: (@Sendable (HTTPResponseHead) throws -> Void)?
    private var onChunk: (@Sendable (Span<UInt8>) throws -> Void)?
    var continuation: CheckedContinuation<Result<HTTPResponseHead, TransportError>, Never>?
    private(set) var handle: UnsafeMutableRawPointer?
    var isCancelled = false

    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var connectList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var head = HTTPResponseHead(status: 0)
    private var headerBytes = 0
    private var received = 0
    private var isHeadDelivered = false
    private var failure: TransportError?

    init(
        _ request: HTTPRequest, onHead: @escaping @Sendable (HTTPResponseHead) throws -> Void,
        onChunk: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) throws(TransportError) {
        guard let parts = URLParts(request.url) else {
            throw TransportError(
                .invalidRequest, place: "\(request.method) \(withoutCredentials(String(request.url.prefix(200))))",
                why: "this is no http or https URL", mayHaveTakenEffect: false)
        }
        self.request = request
        self.parts = parts
        self.onHead = onHead
        self.onChunk = onChunk
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { errorText.deallocate() }

    func finish(_ result: Result<HTTPResponseHead, TransportError>) {
        let waiting = continuation
        continuation = nil
        (onHead, onChunk) = (nil, nil)
        waiting?.resume(returning: result)
    }

    func error(_ code: TransportError.Code, _ why: String) -> TransportError {
        error(code, why, mayHaveTakenEffect: true)
    }

    func error(_ code: TransportError.Code, _ why: String, mayHaveTakenEffect: Bool) -> TransportError {
        TransportError(
            code, place: "\(request.method) \(parts.origin)", why: why, mayHaveTakenEffect: mayHaveTakenEffect)
    }

    // MARK: Preparing

    /// Makes the handle, on the loop's thread.
    func prepare() -> Result<UnsafeMutableRawPointer, TransportError> {
        guard let handle = curl_easy_init() else {
            return .failure(error(.invalidRequest, "libcurl has no memory", mayHaveTakenEffect: false))
        }
        self.handle = handle
        let context = Unmanaged.passUnretained(self).toOpaque()
        var options = CurlOptions(handle)
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Worth waiting for a connection that others may share. Without TLS there is no HTTP/2 to share it with, and a
        // stream that never ends would let all others wait for ever.
        if parts.scheme == "https" { options.set(CURLOPT_PIPEWAIT, 1) }
        options.set(CURLOPT_ACCEPT_ENCODING, "gzip")
        options.set(CURLOPT_BUFFERSIZE, 65_536)
        options.set(CURLOPT_WRITEFUNCTION, receiveBody)
        options.set(CURLOPT_WRITEDATA, context)
        options.set(CURLOPT_HEADERFUNCTION, receiveHeader)
        options.set(CURLOPT_HEADERDATA, context)
        options.check(ccurl_set_dead_peer_detection(handle))
        setLimits(&options)
        setMethod(&options)
        setHeaders(&options)
        setTLS(&options)
        setPlace(&options)
        guard let problem = options.problem else { return .success(handle) }
        cleanUp()
        return .failure(error(.invalidRequest, "libcurl refuses the request: \(problem)", mayHaveTakenEffect: false))
    }

    private func setLimits(_ options: inout CurlOptions) {
        options.set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        if let timeout = request.timeout { options.set(CURLOPT_TIMEOUT_MS, timeout.milliseconds) }
        if let stall = request.stallTimeout {
            options.set(CURLOPT_LOW_SPEED_LIMIT, 1)
            options.set(CURLOPT_LOW_SPEED_TIME, max(1, stall.milliseconds / 1_000))
        }
        if request.maxRedirects > 0 {
            options.set(CURLOPT_FOLLOWLOCATION, 1)
            options.set(CURLOPT_MAXREDIRS, request.maxRedirects)
            options.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        }
    }

    private func setMethod(_ options: inout CurlOptions) {
        if request.method == "HEAD" { options.set(CURLOPT_NOBODY, 1) }
        if let body = request.body {
            options.setBody(body)
        } else if request.method != "GET", request.method != "HEAD", request.method != "DELETE" {
            options.setBody([])
        }
        if request.method != "GET", request.method != "HEAD" || request.body != nil {
            options.set(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    private func setHeaders(_ options: inout CurlOptions) {
        var hasHost = false
        for (name, value) in request.headers.fields {
            // A line break would start a header of the value's own making.
            let line = "\(name): \(value)"
            if line.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) {
                options.problem = "header \(name.prefix(60).debugDescription) holds a line break"
                return
            }
            if name.lowercased() == "host" { hasHost = true }
            // libcurl takes "Name:" as a request to leave a header out; "Name;" sends it empty.
            headerList = curl_slist_append(headerList, value.isEmpty ? "\(name);" : line)
        }
        if parts.host != sentHost, !hasHost {
            headerList = curl_slist_append(headerList, "Host: \(parts.bracketedHost):\(parts.port)")
        }
        // Without a wait for permission to send the body.
        headerList = curl_slist_append(headerList, "Expect:")
        options.set(CURLOPT_HTTPHEADER, list: headerList)
    }

    private func setTLS(_ options: inout CurlOptions) {
        guard parts.scheme == "https" || request.maxRedirects > 0 else { return }
        let tls = request.tls
        options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_CA_CACHE_TIMEOUT, 60)
        if tls.isInsecure {
            options.set(CURLOPT_SSL_VERIFYPEER, 0)
            options.set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        options.set(tls.authorities, file: CURLOPT_CAINFO, bytes: CURLOPT_CAINFO_BLOB)
        options.set(tls.certificate, file: CURLOPT_SSLCERT, bytes: CURLOPT_SSLCERT_BLOB)
        options.set(tls.key, file: CURLOPT_SSLKEY, bytes: CURLOPT_SSLKEY_BLOB)
    }

    /// The host that libcurl is told: for another TLS name, that name, with the connection redirected to the real host.
    private var sentHost: String {
        if parts.scheme == "https", let name = request.tls.serverName, !name.isEmpty { return name }
        return parts.host
    }

    private func setPlace(_ options: inout CurlOptions) {
        if parts.host == sentHost {
            options.set(CURLOPT_URL, request.url)
        } else {
            let host = sentHost.contains(":") ? "[\(sentHost)]" : sentHost
            options.set(CURLOPT_URL, "\(parts.scheme)://\(host):\(parts.port)\(parts.rest)")
            connectList = curl_slist_append(nil, "\(host):\(parts.port):\(parts.bracketedHost):\(parts.port)")
            options.set(CURLOPT_CONNECT_TO, list: connectList)
        }
        if parts.isLoopback { options.set(CURLOPT_NOPROXY, "*") }
        if let proxy = request.proxy { options.set(CURLOPT_PROXY, proxy) }
    }

    func cleanUp() {
        if let handle { curl_easy_cleanup(handle) }
        curl_slist_free_all(headerList)
        curl_slist_free_all(connectList)
        (handle, headerList, connectList) = (nil, nil, nil)
    }

    // MARK: Receiving

    /// Takes in a header line; `false` ends the transfer.
    fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= Self.maxHeaderBytes else {
            failure = error(.tooLarge, "the response's headers are longer than \(Self.maxHeaderBytes) bytes")
            return false
        }
        guard !isHeadDelivered else { return true }  // trailers
        let text = String(decoding: line, as: UTF8.self).trimmingLineBreak
        if text.hasPrefix("HTTP/") {
            head = HTTPResponseHead(status: Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0)
        } else if text.isEmpty {
            let isRedirect =
                request.maxRedirects > 0 && (300..<400).contains(head.status) && head.headers["Location"] != nil
            return head.status < 200 || isRedirect || deliverHead()
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.headers.add(String(text[..<colon]), String(value))
        }
        return true
    }

    private func deliverHead() -> Bool {
        isHeadDelivered = true
        return attempt { try onHead?(head) }
    }

    /// Takes in a piece of the body; `false` ends the transfer.
    fileprivate func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        // The body of a redirect that is followed is of no interest.
        guard isHeadDelivered else { return true }
        received += bytes.count
        guard received <= request.maxBody else {
            failure = error(.tooLarge, "the response is longer than \(request.maxBody) bytes")
            return false
        }
        return attempt { try onChunk?(bytes.span) }
    }

    private func attempt(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            failure = self.error(.stopped, "the receiver stopped it: \(withoutCredentials("\(error)"))")
            return false
        }
    }

    // MARK: Ending

    func result(of code: CURLcode) -> Result<HTTPResponseHead, TransportError> {
        if let failure { return .failure(failure) }
        guard code != CURLE_OK else {
            if !isHeadDelivered, !deliverHead(), let failure { return .failure(failure) }
            return .success(head)
        }
        let detail = String(cString: errorText)
        let why = withoutCredentials(detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail)
        var sent: Int = 0
        if let handle { ccurl_get_long(handle, CURLINFO_REQUEST_SIZE, &sent) }
        return .failure(error(TransportError.Code(code), why, mayHaveTakenEffect: sent > 0))
    }
}

extension TransportError.Code {
    init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolvable
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: .unreachable
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH:
                .untrusted
            case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL,
                CURLE_BAD_FUNCTION_ARGUMENT, CURLE_SSL_CIPHER, CURLE_TOO_MANY_REDIRECTS:
                .invalidRequest
            case CURLE_FILESIZE_EXCEEDED: .tooLarge
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2: .malformed
            default: .connectionLost
            }
    }
}

private let receiveHeader: ccurl_data_callback = { data, size, count, context in
    guard let data, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let length = size &* count
    return transfer.takeHeader(UnsafeRawBufferPointer(start: data, count: length)) ? length : 0
}

private let receiveBody: ccurl_data_callback = { data, size, count, context in
    guard let data, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let length = size &* count
    if length == 0 { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data, count: length).assumingMemoryBound(to: UInt8.self)
    return transfer.takeBody(bytes) ? length : 0
}

extension String {
    fileprivate var trimmingLineBreak: String {
        var bytes = utf8[...]
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes = bytes.dropLast() }
        return String(Substring(bytes))
    }
}
