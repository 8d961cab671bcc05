import Testing

@testable import Controllers

@Suite("Targets of requests") struct RequestTargetTests {
    @Test(
        "kind, namespace and verb are read from the path",
        arguments: [
            ("GET", "/apis/apps/v1/namespaces/shop/replicasets", false, "replicasets", "shop", "List"),
            ("GET", "/apis/apps/v1/replicasets", true, "replicasets", "", "Watch"),
            ("GET", "/api/v1/namespaces/shop", false, "namespaces", "", "Get"),
            ("POST", "/api/v1/namespaces/shop/pods/web-1/eviction", false, "pods", "shop", "Create"),
            (
                "PATCH", "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status", false, "rollouts", "shop",
                "Patch"
            ),
            ("DELETE", "/apis/apps/v1/namespaces/shop/replicasets/web-1", false, "replicasets", "shop", "Delete"),
        ])
    func target(_ method: String, _ path: String, _ isWatch: Bool, _ kind: String, _ namespace: String, _ verb: String)
    {
        let target = RequestTarget(method: method, path: path, isWatch: isWatch)
        #expect(target?.kind == kind && target?.namespace == namespace && target?.verb == verb)
    }

    @Test("other paths are no objects", arguments: ["/version", "/", "", "/api", "/apis/apps/v1"])
    func none(_ path: String) {
        #expect(RequestTarget(method: "GET", path: path, isWatch: false) == nil)
    }
}
