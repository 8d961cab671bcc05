package import GitSource
package import Kubernetes
import Manifest
package import SyncEngine

/// Finds a repository's credentials in Argo CD's Secrets of the control namespace.
package struct RepositoryCredentials: Sendable {
    private static let typeLabel = "argocd.argoproj.io/secret-type"
    private let api: any KubernetesAPI
    private let namespace: String

    package init(api: any KubernetesAPI, namespace: String) {
        self.api = api
        self.namespace = namespace
    }

    /// The repository's own Secret, else the credential template with the longest prefix of its URL, else none.
    ///
    /// Read for each connection, so that a rotated Secret counts at once.
    package func credentials(for url: String) async throws(SourceError) -> GitCredentials {
        let found = Lock<[[String: String]]>([])
        do throws(KubernetesError) {
            _ = try await api.list(
                .secrets,
                ListOptions(namespace: namespace, labelSelector: "\(Self.typeLabel) in (repository,repo-creds)")
            ) { bytes in
                let secret = try JSON(parsing: bytes)
                var data: [String: String] = [:]
                for (key, value) in secret["data"]?.stringMap ?? [:] {
                    if let decoded = Base64.decode(value) { data[key] = String(decoding: decoded, as: UTF8.self) }
                }
                data["sluice-type"] = secret.labels[Self.typeLabel]
                found.withLock { $0.append(data) }
            }
        } catch {
            throw SourceError(
                .unreachable, what: "read credentials", place: "Secrets in namespace \(namespace)", why: "\(error)")
        }
        let secrets = found.withLock { $0 }
        let wanted = RepositoryAddress.normalized(url)
        let own = secrets.first {
            $0["sluice-type"] == "repository" && $0["url"].map(RepositoryAddress.normalized) == wanted
        }
        let templates = secrets.filter { $0["sluice-type"] == "repo-creds" && url.hasPrefix($0["url"] ?? "\0") }
        let template = templates.max { ($0["url"] ?? "").count < ($1["url"] ?? "").count }
        var data = template ?? [:]
        data.merge(own ?? [:]) { $1 }
        if data.isEmpty { return GitCredentials() }
        return GitCredentials(argoSecret: data, knownHosts: try await knownHosts())
    }

    private func knownHosts() async throws(SourceError) -> String {
        let configMaps = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
        do throws(KubernetesError) {
            let map = try await api.get(
                configMaps, ObjectKey(namespace: namespace, name: "argocd-ssh-known-hosts-cm"), subresource: nil)
            return map?.at("data", "ssh_known_hosts")?.stringValue ?? ""
        } catch {
            throw SourceError(
                .unreachable, what: "read known hosts", place: "ConfigMap \(namespace)/argocd-ssh-known-hosts-cm",
                why: "\(error)")
        }
    }
}
