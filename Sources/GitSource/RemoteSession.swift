import CGit2
import Glibc
import SyncEngine

/// One connection to a repository's server: its URL for libgit2, its callbacks, and what they need.
///
/// Belongs to the Git thread of its operation.
final class RemoteSession {
    let operation: GitOperation
    private let url: RepositoryURL
    private let credentials: GitCredentials
    private let limits: GitLimits
    private let http: UnsafeMutablePointer<cgit2_http_session>
    private var strings: [UnsafeMutablePointer<CChar>] = []
    private var relay: LoopbackRelay?
    /// References that the server refused to move, with its reasons.
    fileprivate(set) var rejections: [String] = []

    init(_ operation: GitOperation, url: RepositoryURL, credentials: GitCredentials, limits: GitLimits)
        throws(SourceError)
    {
        self.operation = operation
        self.url = url
        self.credentials = credentials
        self.limits = limits
        http = .allocate(capacity: 1)
        http.initialize(to: cgit2_http_session())
        for text in [credentials.username, credentials.password, credentials.bearerToken, credentials.proxy] {
            guard text?.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) ?? true else {
                throw operation.error(
                    .invalidSource, "a credential holds a line break or control character",
                    fix: "check the Secret for trailing newlines")
            }
        }
        if case .ssh(_, let host, let port, _) = url.kind {
            guard let relay = LoopbackRelay(to: host, port: port, for: operation) else {
                throw operation.error(.storage, "no loopback port could be opened")
            }
            self.relay = relay
        }
        http.pointee.username = copy(credentials.username ?? url.user)
        http.pointee.password = copy(credentials.password ?? url.password)
        http.pointee.bearer = copy(credentials.bearerToken)
        http.pointee.ca_pem = copy(credentials.caCertificates)
        http.pointee.client_certificate_pem = copy(credentials.clientCertificate)
        http.pointee.client_key_pem = copy(credentials.clientKey)
        http.pointee.proxy = copy(credentials.proxy)
        http.pointee.insecure = credentials.insecure ? 1 : 0
        http.pointee.deadline = operation.deadline
        http.pointee.max_response = limits.fetchBytes
        http.pointee.max_request = limits.pushBytes
        http.pointee.cancelled = UnsafePointer(operation.cancelFlag)
    }

    deinit {
        for text in strings {
            memset(text, 0, strlen(text))
            free(text)
        }
        http.deallocate()
    }

    private func copy(_ text: String?) -> UnsafePointer<CChar>? {
        guard let text, !text.isEmpty, let copied = strdup(text) else { return nil }
        strings.append(copied)
        return UnsafePointer(copied)
    }

    /// What libgit2 connects to.
    var address: String {
        switch url.kind {
        case .file(let path): path
        case .http: url.text
        case .ssh(let user, _, _, let path):
            path.hasPrefix("/")
                ? "ssh://\(user)@127.0.0.1:\(relay?.port ?? 0)\(path)"
                : "[\(user)@127.0.0.1:\(relay?.port ?? 0)]:\(path)"
        }
    }

    /// Callbacks whose payload is this session; it must outlive the call that gets them.
    func callbacks() -> git_remote_callbacks {
        var callbacks = git_remote_callbacks()
        git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.credentials = giveCredentials
        callbacks.certificate_check = checkCertificate
        callbacks.transfer_progress = watchTransfer
        callbacks.sideband_progress = { _, _, payload in
            session(payload).map { $0.operation.interruption == nil ? 0 : -1 } ?? -1
        }
        callbacks.pack_progress = { _, _, _, payload in
            session(payload).map { $0.operation.interruption == nil ? 0 : -1 } ?? -1
        }
        callbacks.push_update_reference = notePushedReference
        if case .http = url.kind { callbacks.transport = makeTransport }
        return callbacks
    }

    fileprivate func transport(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_transport>?>?, _ remote: OpaquePointer?
    ) -> Int32 {
        cgit2_http_transport(out, remote, http)
    }

    /// Throws what `code` stands for, told as precisely as transport and callbacks know it.
    func check(_ code: Int32, _ doing: String) throws(SourceError) {
        guard code < 0 else { return }
        if let cause = operation.cause { throw cause }
        if let interruption = operation.interruption { throw interruption }
        if let failure = httpFailure { throw failure }
        if let why = relay?.failure { throw operation.error(.unreachable, why) }
        let failure = operation.failure(code, doing)
        if case .file = url.kind,
            failure.why.contains("failed to resolve path") || failure.why.contains("could not find repository")
        {
            throw operation.error(.repositoryNotFound, "there is no repository at this path", fix: "check repoURL")
        }
        throw failure
    }

    private var httpFailure: SourceError? {
        let message = withUnsafeBytes(of: &http.pointee.message) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let why = RepositoryURL.redacted(message)
        switch UInt32(bitPattern: http.pointee.failure) {
        case CGIT2_HTTP_OK.rawValue: return nil
        case CGIT2_HTTP_STATUS.rawValue: return statusFailure(http.pointee.status)
        case CGIT2_HTTP_NOT_GIT.rawValue:
            return operation.error(
                .repositoryNotFound, "the server's answer is not that of a Git repository", fix: "check repoURL")
        case CGIT2_HTTP_DEADLINE.rawValue: return operation.timedOut
        case CGIT2_HTTP_CANCELLED.rawValue: return operation.error(.cancelled, "it was cancelled")
        case CGIT2_HTTP_UNTRUSTED.rawValue:
            return operation.error(.untrustedServer, why, fix: "add the server's CA to the repository's certificates")
        case CGIT2_HTTP_TOO_LARGE.rawValue:
            return operation.error(
                .tooLarge, "\(why) (\(limits.fetchBytes >> 20) MiB)", fix: "raise the limit or split the repository")
        case CGIT2_HTTP_BAD_REDIRECT.rawValue:
            return operation.error(.invalidSource, why, fix: "use the final address as repoURL")
        default: return operation.error(.unreachable, why)
        }
    }

    private func statusFailure(_ status: Int) -> SourceError {
        let why = "the server answered \(status)"
        switch status {
        case 401, 403:
            let hasCredential = credentials.bearerToken != nil || credentials.password ?? url.password != nil
            return operation.error(
                .authenticationFailed, why,
                fix: hasCredential
                    ? "check user name, password or token of the repository's Secret, and its rights"
                    : "add a repository Secret with username and password, or bearerToken")
        case 404, 410:
            return operation.error(
                .repositoryNotFound, why, fix: "check repoURL; private repositories answer so without credentials")
        case 429, 500...: return operation.error(.unreachable, why)
        default: return operation.error(.invalidSource, why, fix: "check repoURL")
        }
    }

    /// Called by libgit2 again after each refusal.
    fileprivate func credential(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ allowed: UInt32, _ user: String?
    ) -> Int32 {
        guard case .ssh(let urlUser, _, _, _) = url.kind else { return Int32(GIT_PASSTHROUGH.rawValue) }
        let name = user ?? urlUser
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 { return git_credential_username_new(out, name) }
        operation.credentialAttempts += 1
        guard operation.credentialAttempts == 1 else {
            return refuse(
                .authenticationFailed, "the server refused the key or password of user \(name)",
                "check sshPrivateKey of the repository's Secret; RSA keys are not supported, use ed25519")
        }
        if allowed & GIT_CREDENTIAL_SSH_MEMORY.rawValue != 0 || allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0,
            let key = credentials.sshPrivateKey
        {
            // Secrets edited by hand often lose the last newline, without which the key cannot be read.
            let text = key.hasSuffix("\n") ? key : key + "\n"
            return git_credential_ssh_key_memory_new(out, name, nil, text, credentials.sshPassphrase)
        }
        if allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0,
            let password = credentials.password ?? url.password
        {
            return git_credential_userpass_plaintext_new(out, name, password)
        }
        return refuse(
            .authenticationFailed, "the server asks for a key", "add sshPrivateKey (ed25519) to the repository's Secret"
        )
    }

    fileprivate func checkHostKey(_ certificate: UnsafeMutablePointer<git_cert>?) -> Int32 {
        guard case .ssh(_, let host, let port, _) = url.kind else { return Int32(GIT_PASSTHROUGH.rawValue) }
        if credentials.insecureIgnoreHostKey { return 0 }
        guard let certificate, certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            return refuse(.untrustedServer, "the server showed no host key", nil)
        }
        let hostKey = certificate.withMemoryRebound(to: git_cert_hostkey.self, capacity: 1) { $0.pointee }
        guard hostKey.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0, let bytes = hostKey.hostkey else {
            return refuse(.untrustedServer, "the server's host key cannot be read", nil)
        }
        let key = UnsafeRawBufferPointer(start: bytes, count: min(hostKey.hostkey_len, 64 << 10)).map { $0 }
        switch KnownHosts(credentials.knownHosts).check(host: host, port: port, key: key) {
        case .known: return 0
        case .differs:
            return refuse(
                .untrustedServer, "the host key of \(host) is not the one in known_hosts",
                "find out whether the server's key was changed on purpose, then update argocd-ssh-known-hosts-cm")
        case .revoked: return refuse(.untrustedServer, "the host key of \(host) is revoked in known_hosts", nil)
        case .unknown:
            return refuse(
                .untrustedServer, "known_hosts has no line for \(host)",
                "add the output of ssh-keyscan to argocd-ssh-known-hosts-cm; names must not be hashed")
        }
    }

    fileprivate func refuse(_ code: SourceError.Code, _ why: String, _ fix: String?) -> Int32 {
        operation.cause = operation.error(code, why, fix: fix)
        return Int32(GIT_EUSER.rawValue)
    }

    fileprivate func transferGoesOn(_ progress: git_indexer_progress) -> Bool {
        if progress.received_bytes > Int(clamping: limits.fetchBytes) {
            operation.cause = operation.error(
                .tooLarge, "the repository sends more than \(limits.fetchBytes >> 20) MiB",
                fix: "raise the limit or split the repository")
        }
        return operation.cause == nil && operation.interruption == nil
    }

    fileprivate func noteRejection(_ reference: String, _ status: String) {
        rejections.append("\(reference): \(status)".singleLine)
    }
}

private func session(_ payload: UnsafeMutableRawPointer?) -> RemoteSession? {
    payload.map { Unmanaged<RemoteSession>.fromOpaque($0).takeUnretainedValue() }
}

private let giveCredentials: git_credential_acquire_cb = { out, _, user, allowed, payload in
    session(payload)?.credential(out, allowed, user.map { String(cString: $0) }) ?? -1
}

private let checkCertificate: git_transport_certificate_check_cb = { certificate, _, _, payload in
    session(payload)?.checkHostKey(certificate) ?? -1
}

private let watchTransfer: git_indexer_progress_cb = { progress, payload in
    guard let progress, let session = session(payload) else { return -1 }
    return session.transferGoesOn(progress.pointee) ? 0 : -1
}

private let notePushedReference: git_push_update_reference_cb = { reference, status, payload in
    // No status means that the server moved the reference.
    if let reference, let status {
        session(payload)?.noteRejection(String(cString: reference), String(cString: status))
    }
    return 0
}

private let makeTransport: git_transport_cb = { out, remote, payload in session(payload)?.transport(out, remote) ?? -1 }
