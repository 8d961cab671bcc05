import Glibc
import Kubernetes

/// Finds out how to reach the cluster, as kubectl does.
enum ClusterConnection {
    /// A kubeconfig where one is given or found; else the ServiceAccount of the pod that we run in.
    /// - Parameters:
    ///   - cluster: The cluster to use instead of the context's.
    ///   - user: The user to use instead of the context's.
    ///   - server: Given by a flag; with it no kubeconfig is needed.
    static func configuration(
        kubeconfig: String?, context: String?, cluster: String? = nil, user: String? = nil, server: String? = nil
    ) throws -> ClusterConfiguration {
        // An empty flag, which scripts write for a variable that is not set, says nothing.
        let (kubeconfig, context) = (kubeconfig.nonEmpty, context.nonEmpty)
        let (cluster, user, server) = (cluster.nonEmpty, user.nonEmpty, server.nonEmpty)
        let environment = { (name: String) in Terminal.variable(name) }
        if kubeconfig == nil, context == nil, cluster == nil, user == nil, server == nil,
            environment("KUBECONFIG") == nil,
            let configuration = ClusterConfiguration.inCluster(environment: environment)
        {
            return configuration
        }
        do {
            return try Kubeconfig.load(path: kubeconfig, environment: environment)
                .configuration(context: context, cluster: cluster, user: user)
        } catch {
            // A server is enough to go on; what was asked for by name must exist.
            guard let server, kubeconfig == nil, context == nil, cluster == nil, user == nil else { throw error }
            return ClusterConfiguration(server: server)
        }
    }

    /// The cluster that `ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG` names, by a path or `in-cluster`; `nil` for our own.
    static func analysisJobs() throws -> ClusterConfiguration? {
        let name = "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG"
        guard let value = variable(name) else { return nil }
        guard value == "in-cluster" else { return try Kubeconfig.load(path: value).configuration() }
        guard let configuration = ClusterConfiguration.inCluster(environment: variable) else {
            throw CommandError("\(name) is in-cluster, but this process does not run in a cluster; give a path instead")
        }
        return configuration
    }

    /// An environment variable; `nil` where it is empty.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.nonEmpty
    }
}

extension String? {
    /// Itself; `nil` where it is empty.
    var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
