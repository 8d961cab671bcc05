import ArgumentParser
import Controllers
import Kubernetes
import Manifest
import Transport

/// How to reach the cluster, as with kubectl.
struct ConnectionOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "The namespace to act in; the context's by default.")
    var namespace: String?

    @Option(help: "The context of the kubeconfig to use.")
    var context: String?

    @Option(help: "The kubeconfig file to use.")
    var kubeconfig: String?

    @OptionGroup(visibility: .hidden) var details: ConnectionDetails
    @OptionGroup(visibility: .hidden) var telling: RequestTelling

    func connect(_ command: String) throws -> ClusterSession {
        let configuration = try details.apply(
            to: ClusterConnection.configuration(
                kubeconfig: kubeconfig, context: context, cluster: details.cluster, user: details.user,
                server: details.server))
        var options = KubernetesClient.Options()
        options.userAgent = Version.userAgent(command)
        if let limit = try details.limit {
            options.timeout = limit
            options.patience = limit
        }
        if telling.isOn {
            options.report = { report in
                Terminal.complain(
                    "\(report.method) \(report.host) \(report.code == 0 ? "no answer" : "\(report.code)") "
                        + "in \(report.took.formattedMilliseconds) ms")
            }
        }
        let client = KubernetesClient(configuration, options: options)
        return ClusterSession(
            client: client, discovery: Discovery(client), namespace: namespace.nonEmpty ?? configuration.namespace)
    }
}

/// The rest of kubectl's connection flags, shown by `--help-hidden` only.
struct ConnectionDetails: ParsableArguments {
    @Option(help: "The cluster of the kubeconfig to use.") var cluster: String?
    @Option(help: "The user of the kubeconfig to use.") var user: String?
    @Option(help: "A bearer token.") var token: String?
    @Option(name: [.short, .long], help: "Address of the API server.") var server: String?
    @Option(name: .customLong("as"), help: "The user to act as.") var asUser: String?
    @Option(name: .customLong("as-group"), help: "A group to act as; may be repeated.") var asGroup: [String] = []
    @Option(name: .customLong("as-uid"), help: "The uid to act as.") var asUid: String?
    @Option(help: "How long one request may take, such as 30s; 0 is as long as it likes.") var requestTimeout = "0"
    @Option(help: "File with the certificates of authorities to trust.") var certificateAuthority: String?
    @Option(help: "File with our certificate.") var clientCertificate: String?
    @Option(help: "File with the key of our certificate.") var clientKey: String?
    @Option(help: "The name that the server's certificate must have.") var tlsServerName: String?
    @Flag(help: "Do not check the server's certificate: anyone on the way can read along.")
    var insecureSkipTlsVerify = false
    @Flag(help: "Ask for answers that are not compressed.") var disableCompression = false
    @Option(help: "Accepted; nothing is kept in files.") var cacheDir: String?

    /// How long a request may take; `nil` leaves it to the client.
    var limit: Duration? {
        get throws {
            if let seconds = Int64(requestTimeout), seconds >= 0 { return seconds == 0 ? nil : .seconds(seconds) }
            guard let limit = Duration(go: requestTimeout), limit >= .zero else {
                throw ValidationError(
                    "--request-timeout \(requestTimeout) is no length of time; use such as 30s or 2m")
            }
            return limit == .zero ? nil : limit
        }
    }

    /// What the flags say instead of the kubeconfig.
    func apply(to found: ClusterConfiguration) throws -> ClusterConfiguration {
        var configuration = found
        if let server = server.nonEmpty {
            guard URLParts(server) != nil else {
                throw ValidationError("--server \(withoutCredentials(server)) is no http or https URL")
            }
            configuration.server = server
            while configuration.server.hasSuffix("/") { configuration.server.removeLast() }
        }
        if let token = token.nonEmpty { configuration.identity = .token(token) }
        if let certificateAuthority = certificateAuthority.nonEmpty {
            configuration.tls.authorities = .file(certificateAuthority)
        }
        if let clientCertificate = clientCertificate.nonEmpty {
            configuration.tls.certificate = .file(clientCertificate)
        }
        if let clientKey = clientKey.nonEmpty { configuration.tls.key = .file(clientKey) }
        if let tlsServerName = tlsServerName.nonEmpty { configuration.tls.serverName = tlsServerName }
        if insecureSkipTlsVerify {
            if certificateAuthority.nonEmpty != nil {
                throw ValidationError("--insecure-skip-tls-verify and --certificate-authority exclude each other")
            }
            configuration.tls.isInsecure = true
            configuration.tls.authorities = nil
        }
        if disableCompression { configuration.isCompressed = false }
        if let asUser = asUser.nonEmpty { configuration.impersonation.user = asUser }
        if let asUid = asUid.nonEmpty { configuration.impersonation.uid = asUid }
        if !asGroup.isEmpty { configuration.impersonation.groups = asGroup }
        if configuration.impersonation.user == nil, !asGroup.isEmpty || asUid.nonEmpty != nil {
            throw ValidationError("--as-group and --as-uid need --as")
        }
        return configuration
    }
}

/// Flags of a command that tell each request on standard error.
struct RequestTelling: ParsableArguments {
    @Option(name: [.customShort("v"), .long], help: "From 6 on every request is told on standard error.")
    var kloglevel = 0
    @Option(help: "debug tells every request on standard error.") var loglevel = "info"

    var isOn: Bool { kloglevel >= 6 || ["debug", "trace"].contains(loglevel.lowercased()) }
}

extension Duration {
    fileprivate var formattedMilliseconds: Int64 {
        components.seconds &* 1_000 &+ components.attoseconds / 1_000_000_000_000_000
    }
}
