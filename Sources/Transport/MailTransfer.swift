import CCurl

/// One mail on its way, as libcurl sees it.
///
/// Made by the caller, then touched by the loop's thread only.
final class MailTransfer: LoopTransfer, @unchecked Sendable {
    private let message: MailMessage
    var continuation: CheckedContinuation<Result<HTTPResponseHead, TransportError>, Never>?
    private(set) var handle: UnsafeMutableRawPointer?
    var isCancelled = false

    private var recipients: UnsafeMutablePointer<curl_slist>?
    /// Bytes of the content that were handed over.
    private var sent = 0

    init(_ message: MailMessage) throws(TransportError) {
        self.message = message
        guard MailMessage.isHost(message.host), (1...65_535).contains(message.port),
            !message.recipients.isEmpty, ([message.sender] + message.recipients).allSatisfy(MailMessage.isAddress)
        else {
            throw error(.invalidRequest, "the server's or a person's address is none", mayHaveTakenEffect: false)
        }
    }

    func finish(_ result: Result<HTTPResponseHead, TransportError>) {
        let waiting = continuation
        continuation = nil
        waiting?.resume(returning: result)
    }

    func error(_ code: TransportError.Code, _ why: String, mayHaveTakenEffect: Bool) -> TransportError {
        TransportError(
            code, place: "mail by \(message.host):\(message.port)", why: why, mayHaveTakenEffect: mayHaveTakenEffect)
    }

    func prepare() -> Result<UnsafeMutableRawPointer, TransportError> {
        guard let handle = curl_easy_init() else {
            return .failure(error(.invalidRequest, "libcurl has no memory", mayHaveTakenEffect: false))
        }
        self.handle = handle
        var options = CurlOptions(handle)
        let host = message.host.contains(":") ? "[\(message.host)]" : message.host
        let scheme = message.encryption == .always ? "smtps" : "smtp"
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        options.set(CURLOPT_URL, "\(scheme)://\(host):\(message.port)")
        options.set(CURLOPT_CONNECTTIMEOUT_MS, min(10_000, message.timeout.milliseconds))
        options.set(CURLOPT_TIMEOUT_MS, message.timeout.milliseconds)
        // The server's last word counts for each mail alone.
        options.set(CURLOPT_FRESH_CONNECT, 1)
        options.set(CURLOPT_FORBID_REUSE, 1)
        if message.host == "localhost" || message.host == "::1" || message.host.hasPrefix("127.") {
            options.set(CURLOPT_NOPROXY, "*")
        }
        options.check(ccurl_set_dead_peer_detection(handle))
        setSecurity(&options)
        options.set(CURLOPT_MAIL_FROM, "<\(message.sender)>")
        for recipient in message.recipients { recipients = curl_slist_append(recipients, "<\(recipient)>") }
        options.set(CURLOPT_MAIL_RCPT, list: recipients)
        options.set(CURLOPT_UPLOAD, 1)
        options.set(CURLOPT_READFUNCTION, readMail)
        options.set(CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque())
        options.check(ccurl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.content.count)))
        guard let problem = options.problem else { return .success(handle) }
        cleanUp()
        return .failure(error(.invalidRequest, "libcurl refuses the mail: \(problem)", mayHaveTakenEffect: false))
    }

    private func setSecurity(_ options: inout CurlOptions) {
        switch message.encryption {
        case .always, .required: options.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        case .whereOffered: options.set(CURLOPT_USE_SSL, Int(CURLUSESSL_TRY.rawValue))
        }
        options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_CA_CACHE_TIMEOUT, 60)
        if message.tls.isInsecure {
            options.set(CURLOPT_SSL_VERIFYPEER, 0)
            options.set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        options.set(message.tls.authorities, file: CURLOPT_CAINFO, bytes: CURLOPT_CAINFO_BLOB)
        if let login = message.login {
            options.set(CURLOPT_USERNAME, login.name)
            options.set(CURLOPT_PASSWORD, login.password)
        }
    }

    func cleanUp() {
        if let handle { curl_easy_cleanup(handle) }
        curl_slist_free_all(recipients)
        (handle, recipients) = (nil, nil)
    }

    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, message.content.count - sent)
        message.content[sent..<sent + count].withUnsafeBytes { buffer.copyMemory(from: $0) }
        sent += count
        return count
    }

    func result(of code: CURLcode) -> Result<HTTPResponseHead, TransportError> {
        var status = 0
        if let handle { ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status) }
        guard code != CURLE_OK else { return .success(HTTPResponseHead(status: status)) }
        let why = String(cString: curl_easy_strerror(code))
        let kind: TransportError.Code =
            switch code {
            case CURLE_LOGIN_DENIED, CURLE_USE_SSL_FAILED: .refused
            // What the server refuses for good begins with 5; with 4 it may take it later.
            case _ where (500..<600).contains(status) && code != CURLE_OPERATION_TIMEDOUT: .refused
            default: TransportError.Code(code)
            }
        // Refused or cut off before its last byte was read, no mail was sent.
        return .failure(error(kind, why, mayHaveTakenEffect: sent == message.content.count))
    }
}

private let readMail: ccurl_data_callback = { data, size, count, context in
    guard let data, let context else { return 0 }
    let transfer = Unmanaged<MailTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.read(into: UnsafeMutableRawBufferPointer(start: data, count: size &* count))
}
