import Glibc
import Kubernetes

/// Finds out how to reach the cluster, as kubectl does.
enum ClusterConnection {
    /// A kubeconfig where one is given or found; else the ServiceAccount of the pod that we run in.
    static func configuration(kubeconfig: String?, context: String?) throws -> ClusterConfiguration {
        let environment = { (name: String) in getenv(name).map { String(cString: $0) } }
        if kubeconfig == nil, context == nil, environment("KUBECONFIG") == nil,
            let configuration = ClusterConfiguration.inCluster(environment: environment)
        {
            return configuration
        }
        return try Kubeconfig.load(path: kubeconfig).configuration(context: context)
    }
}
