import Glibc
import Manifest
package import Transport

/// Where an API server is, how it is trusted, and who we are there.
package struct ClusterConfiguration: Sendable {
    /// Who we are.
    package enum Identity: Sendable {
        case none
        case token(String)
        /// A token in a file that is read anew, for it rotates.
        case tokenFile(String)
        case basic(user: String, password: String)
        case exec(ExecPlugin)
    }

    /// `https://host:port`, maybe with a path, without a slash at its end.
    package var server: String
    package var tls: TLSOptions
    package var identity: Identity
    /// Where namespaced things happen when nothing else is said.
    package var namespace: String
    package var proxy: String?
    package var isCompressed = true
    package var impersonation = Impersonation()

    package init(
        server: String, tls: TLSOptions = TLSOptions(), identity: Identity = .none, namespace: String = "default"
    ) {
        self.server = server
        self.tls = tls
        self.identity = identity
        self.namespace = namespace
    }

    /// Who to act as, instead of who we are.
    package struct Impersonation: Hashable, Sendable {
        package var user: String?
        package var uid: String?
        package var groups: [String] = []
        package var extra: [String: [String]] = [:]

        package init() {}
    }
}

/// Why a kubeconfig or the in-cluster identity cannot be used; one line that says how to mend it.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    package var description: String
    /// There is no file of the name that was asked for.
    package private(set) var isMissingFile = false
    /// There is one, which we may not read.
    package private(set) var isDenied = false

    package init(_ description: String) { self.description = description }

    /// - Parameter code: What `errno` says of opening the file.
    package init(opening path: String, _ code: Int32) {
        description = "cannot read \(path): \(String(cString: strerror(code)))"
        isMissingFile = code == ENOENT || code == ENOTDIR
        isDenied = code == EACCES || code == EPERM
    }
}

extension ClusterConfiguration {
    private static let serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The identity that a pod finds in itself; `nil` outside of a cluster.
    package static func inCluster(
        environment: (String) -> String?, folder: String = serviceAccountFolder
    ) -> ClusterConfiguration? {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), !host.isEmpty,
            let port = environment("KUBERNETES_SERVICE_PORT"), !port.isEmpty
        else { return nil }
        let name = host.contains(":") ? "[\(host)]" : host
        var configuration = ClusterConfiguration(
            server: "https://\(name):\(port)", tls: TLSOptions(authorities: .file("\(folder)/ca.crt")),
            identity: .tokenFile("\(folder)/token"))
        if let bytes = try? readFile("\(folder)/namespace", limit: 1_024) {
            let namespace = trimmed(bytes)
            if !namespace.isEmpty { configuration.namespace = namespace }
        }
        return configuration
    }

    package static let serviceAccountFolder = serviceAccount
}
