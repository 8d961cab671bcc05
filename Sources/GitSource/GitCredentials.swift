/// What a repository's Secret holds; never printed.
package struct GitCredentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package var username: String?
    package var password: String?
    /// Sent instead of user name and password.
    package var bearerToken: String?
    /// PEM or OpenSSH text of an ed25519 or ECDSA key.
    package var sshPrivateKey: String?
    package var sshPassphrase: String?
    /// Lines as in OpenSSH's `known_hosts`; without a matching line the connection is refused.
    package var knownHosts: String
    package var insecureIgnoreHostKey: Bool
    /// PEM certificates to trust instead of the system's.
    package var caCertificates: String?
    package var clientCertificate: String?
    package var clientKey: String?
    /// Does not check the server's certificate.
    package var insecure: Bool
    package var proxy: String?

    package init(
        username: String? = nil, password: String? = nil, bearerToken: String? = nil, sshPrivateKey: String? = nil,
        sshPassphrase: String? = nil, knownHosts: String = "", insecureIgnoreHostKey: Bool = false,
        caCertificates: String? = nil, clientCertificate: String? = nil, clientKey: String? = nil,
        insecure: Bool = false,
        proxy: String? = nil
    ) {
        self.username = username
        self.password = password
        self.bearerToken = bearerToken
        self.sshPrivateKey = sshPrivateKey
        self.sshPassphrase = sshPassphrase
        self.knownHosts = knownHosts
        self.insecureIgnoreHostKey = insecureIgnoreHostKey
        self.caCertificates = caCertificates
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.insecure = insecure
        self.proxy = proxy
    }

    /// Reads the data of an Argo CD `repository` or `repo-creds` Secret.
    /// - Parameters:
    ///   - secret: The Secret's data, decoded from base64.
    ///   - knownHosts: `ssh_known_hosts` of ConfigMap `argocd-ssh-known-hosts-cm`.
    package init(argoSecret secret: [String: String], knownHosts: String = "") {
        func value(_ key: String) -> String? { secret[key].flatMap { $0.isEmpty ? nil : $0 } }
        func flag(_ key: String) -> Bool { secret[key]?.lowercased() == "true" }
        self.init(
            username: value("username"), password: value("password"), bearerToken: value("bearerToken"),
            sshPrivateKey: value("sshPrivateKey"), knownHosts: knownHosts,
            insecureIgnoreHostKey: flag("insecureIgnoreHostKey") || flag("insecure"),
            clientCertificate: value("tlsClientCertData"), clientKey: value("tlsClientCertKey"),
            insecure: flag("insecure"),
            proxy: value("proxy"))
    }

    package var description: String { "credentials (not shown)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
