import Manifest
import SyncEngine

/// Parses a manifest written as JSON; a mistake in the test shows as null.
func json(_ text: String) -> JSON { (try? JSON(parsing: text)) ?? .null }

func rollout(_ name: String = "web", image: String = "shop:1", replicas: Int = 3) -> JSON {
    json(
        """
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "\(name)", "namespace": "shop"},
         "spec": {"replicas": \(replicas), "template": {"spec": {"containers": [{"name": "app", "image": "\(image)"}]}},
          "strategy": {"canary": {"canaryService": "web-canary", "stableService": "web-stable", "trafficRouting": {
           "managedRoutes": [{"name": "beta"}],
           "istio": {"virtualService": {"name": "web", "routes": ["primary"]},
                     "destinationRule": {"name": "web", "canarySubsetName": "canary", "stableSubsetName": "stable"}}}}}}}
        """)
}

func configMap(_ name: String, _ value: String = "1") -> JSON {
    json(
        """
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "\(name)", "namespace": "shop"},
         "data": {"key": "\(value)"}}
        """)
}

func targets(_ manifests: [JSON], options: [String] = []) -> TargetSet {
    TargetSet.prepare(
        manifests, instance: "web", namespace: "shop", options: SyncOptions(options),
        isNamespaced: { !["Namespace", "ClusterRole", "CustomResourceDefinition"].contains($0.kind) })
}

let webApplication = ObjectReference(group: "argoproj.io", kind: "Application", namespace: "argocd", name: "web")

func application(
    automated: ApplicationSpec.Automated? = ApplicationSpec.Automated(prune: true, selfHeal: true),
    state: OperationState? = nil
) -> Application {
    var status = ApplicationStatus()
    status.operationState = state
    return Application(
        key: webApplication.key, uid: "app-1",
        spec: ApplicationSpec(
            source: ApplicationSource(repoURL: "https://git.example.org/shop"),
            destination: .init(server: "https://kubernetes.default.svc", namespace: "shop"), automated: automated),
        status: status)
}

/// A commit id that ends in zeros, recognisable by its first digits.
func sha(_ digits: String) -> String { digits + String(repeating: "0", count: 40 - digits.count) }
