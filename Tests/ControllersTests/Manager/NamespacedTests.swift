import Controllers
import EmbeddedCluster
import Kubernetes
import Logging
import Manifest
import SluiceTestKit
import Testing
import Transport

@Suite("A controller of one namespace") struct NamespacedTests {
    @Test(
        "asks for nothing of the whole cluster, and is ready without", .timeLimit(.minutes(1)),
        arguments: [false, true])
    func ready(analysisAlone: Bool) async throws {
        let cluster = ClusterAPI(clock: ManualWallClock())
        for line in BundledKinds.sluice.split(separator: "\n") {
            _ = try await InMemoryKubernetes(cluster).create(
                Resource(
                    group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
                    kind: "CustomResourceDefinition", isNamespaced: false), namespace: "",
                try JSON(parsing: String(line)), subresource: nil, WriteOptions())
        }
        let denied = KubernetesError(code: 403, reason: "Forbidden", message: "a Role reaches one namespace")
        cluster.faults.add(
            .init(
                .fail(denied), on: [.list, .watch], resource: "clusteranalysistemplates.argoproj.io", times: .max))
        let api = InMemoryKubernetes(cluster)
        var options = ControllerOptions()
        options.namespace = "shop"
        options.argocdNamespace = "shop"
        options.leaderElect = false
        options.runsAnalysisAlone = analysisAlone
        let assembly = ControllerAssembly(
            api, discovery: Discovery(fixed: []), http: HTTPClient(), options: options,
            metrics: .standard(version: "test"), logger: .silent)
        let run = Task { await assembly.manager.run() }
        try await eventually("every controller works") { assembly.manager.notReady.isEmpty }
        run.cancel()
        _ = await run.value
    }
}
