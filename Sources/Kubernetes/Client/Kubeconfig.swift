import Manifest
import Transport

/// Clusters, users and contexts of one or several kubeconfig files.
///
/// Of several files, the first to name a cluster, user, context or current context wins. YAML and JSON are both read.
package struct Kubeconfig: Sendable {
    private struct Entry: Sendable {
        var value: JSON
        /// Relative paths are relative to the file that holds the entry.
        var folder: String
    }

    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    package private(set) var currentContext = ""

    package init() {}

    /// Reads the files of `KUBECONFIG`, or `~/.kube/config`; files that do not exist are passed over.
    /// - Parameter path: A file to read instead, which must exist.
    package static func load(
        path: String? = nil, environment: (String) -> String? = { environmentVariable($0) }
    ) throws(ConfigurationError) -> Kubeconfig {
        var result = Kubeconfig()
        if let path {
            try result.merge(try readFile(path, limit: 16 << 20), path: path)
            return result
        }
        var paths = (environment("KUBECONFIG") ?? "").split(separator: ":").map(String.init)
        let isNamed = !paths.isEmpty
        if !isNamed, let home = environment("HOME") { paths = ["\(home)/.kube/config"] }
        var lastProblem: ConfigurationError?
        var isAnyRead = false
        for path in paths {
            let bytes: [UInt8]
            do throws(ConfigurationError) { bytes = try readFile(path, limit: 16 << 20) } catch {
                guard error.isMissingFile else {
                    let remedy = error.isDenied ? "make it readable, or name another" : "name another"
                    throw ConfigurationError("\(error); \(remedy) with --kubeconfig or KUBECONFIG")
                }
                lastProblem = error
                continue
            }
            isAnyRead = true
            try result.merge(bytes, path: path)
        }
        if !isAnyRead {
            let problem = isNamed ? lastProblem?.description : nil
            throw ConfigurationError(
                "\(problem ?? "there is no kubeconfig ~/.kube/config"); name one with --kubeconfig or KUBECONFIG")
        }
        return result
    }

    /// Adds what a file says, behind what is already known.
    package mutating func merge(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
        let document: JSON
        do {
            document = try YAML.parse(bytes).first ?? .emptyObject
        } catch {
            throw ConfigurationError("cannot read kubeconfig \(path): \(error)")
        }
        guard case .object = document else {
            throw ConfigurationError("cannot read kubeconfig \(path): it is \(document.typeName), not an object")
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        func take(_ list: String, _ member: String, into entries: inout [String: Entry]) {
            for item in document[list]?.arrayValue ?? [] {
                guard let name = item["name"]?.stringValue, entries[name] == nil else { continue }
                entries[name] = Entry(value: item[member] ?? .emptyObject, folder: folder)
            }
        }
        take("clusters", "cluster", into: &clusters)
        take("users", "user", into: &users)
        take("contexts", "context", into: &contexts)
        if currentContext.isEmpty { currentContext = document["current-context"]?.stringValue ?? "" }
    }

    package var contextNames: [String] { contexts.keys.sorted() }

    /// How to reach the cluster of a context.
    /// - Parameters:
    ///   - name: The current context where it is `nil`.
    ///   - otherCluster: A cluster to use instead of the context's.
    ///   - otherUser: A user to use instead of the context's.
    ///   - allowsExec: Whether credential plugins may be run; not for kubeconfigs that come from cluster objects.
    package func configuration(
        context name: String? = nil, cluster otherCluster: String? = nil, user otherUser: String? = nil,
        allowsExec: Bool = true
    ) throws(ConfigurationError) -> ClusterConfiguration {
        let name = name ?? currentContext
        guard !name.isEmpty || otherCluster != nil else {
            throw ConfigurationError("the kubeconfig has no current context; choose one with --context")
        }
        let noContext = name.isEmpty ? Entry(value: .emptyObject, folder: ".") : nil
        guard let context = contexts[name] ?? noContext else {
            throw ConfigurationError(
                "the kubeconfig has no context \"\(name)\"; it has \(contextNames.joined(separator: ", "))")
        }
        let clusterName = otherCluster ?? context.value["cluster"]?.stringValue ?? ""
        guard let cluster = clusters[clusterName], let server = cluster.value["server"]?.stringValue else {
            throw ConfigurationError(
                "context \"\(name)\": the kubeconfig has no cluster \"\(clusterName)\" with a server")
        }
        guard URLParts(server) != nil else {
            throw ConfigurationError(
                "cluster \"\(clusterName)\": the server \"\(withoutCredentials(server))\" is no http or https URL")
        }
        let userName = otherUser ?? context.value["user"]?.stringValue ?? ""
        if let otherUser, users[otherUser] == nil {
            throw ConfigurationError("the kubeconfig has no user \"\(otherUser)\"")
        }
        let user = users[userName] ?? Entry(value: .emptyObject, folder: ".")
        var result = ClusterConfiguration(server: server)
        while result.server.hasSuffix("/") { result.server.removeLast() }
        if let namespace = context.value["namespace"]?.stringValue, !namespace.isEmpty { result.namespace = namespace }
        result.proxy = cluster.value["proxy-url"]?.stringValue
        result.isCompressed = cluster.value["disable-compression"]?.boolValue != true
        result.tls = TLSOptions(
            authorities: try pem(cluster, "certificate-authority"), certificate: try pem(user, "client-certificate"),
            key: try pem(user, "client-key"), serverName: cluster.value["tls-server-name"]?.stringValue,
            isInsecure: cluster.value["insecure-skip-tls-verify"]?.boolValue == true)
        result.identity = try identity(user, userName, cluster: cluster.value, allowsExec: allowsExec)
        result.impersonation.user = user.value["as"]?.stringValue
        result.impersonation.uid = user.value["as-uid"]?.stringValue
        result.impersonation.groups = user.value["as-groups"]?.arrayValue?.compactMap(\.stringValue) ?? []
        result.impersonation.extra = (user.value["as-user-extra"]?.objectValue ?? [:])
            .mapValues { $0.arrayValue?.compactMap(\.stringValue) ?? [] }
        return result
    }

    private func pem(_ entry: Entry, _ name: String) throws(ConfigurationError) -> TLSOptions.PEM? {
        if let data = entry.value["\(name)-data"]?.stringValue, !data.isEmpty {
            guard let bytes = Base64.decode(data) else {
                throw ConfigurationError("the kubeconfig's \(name)-data is no Base64")
            }
            return .bytes(bytes)
        }
        guard let path = entry.value[name]?.stringValue, !path.isEmpty else { return nil }
        return .file(path.hasPrefix("/") ? path : "\(entry.folder)/\(path)")
    }

    private func identity(
        _ user: Entry, _ name: String, cluster: JSON, allowsExec: Bool
    ) throws(ConfigurationError) -> ClusterConfiguration.Identity {
        if let path = user.value["tokenFile"]?.stringValue, !path.isEmpty {
            return .tokenFile(path.hasPrefix("/") ? path : "\(user.folder)/\(path)")
        }
        if let token = user.value["token"]?.stringValue, !token.isEmpty { return .token(token) }
        if let login = user.value["username"]?.stringValue, !login.isEmpty {
            return .basic(user: login, password: user.value["password"]?.stringValue ?? "")
        }
        if let exec = user.value["exec"], !exec.isNull {
            guard allowsExec else {
                throw ConfigurationError(
                    "user \"\(name)\" gets its credentials from a program, which is not allowed here; use a token")
            }
            return .exec(try ExecPlugin(exec, cluster: cluster, folder: user.folder))
        }
        if let provider = user.value["auth-provider"]?["name"]?.stringValue {
            throw ConfigurationError(
                "user \"\(name)\" uses auth-provider \"\(provider)\", which Kubernetes has removed; use exec")
        }
        return .none
    }
}
