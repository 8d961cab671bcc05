import Kubernetes
import Manifest
import Testing

@Suite("Discovery") struct DiscoveryTests {
    /// Answers paths from a table and counts what it is asked.
    private final class Source: DiscoverySource {
        let answers: Lock<[String: JSON]>
        let asked = Lock<[String]>([])

        init(_ answers: [String: JSON]) { self.answers = Lock(answers) }

        func raw(_ path: String, accept: String) async throws(KubernetesError) -> JSON {
            asked.withLock { $0.append(path) }
            guard let answer = answers.withLock({ $0[path] }) else {
                throw KubernetesError(code: 503, reason: "ServiceUnavailable", message: "broken")
            }
            return answer
        }
    }

    private static let plain: [String: JSON] = [
        "/api": ["versions": ["v1"]],
        "/api/v1": [
            "resources": [
                ["name": "pods", "kind": "Pod", "namespaced": true, "shortNames": ["po"]],
                ["name": "pods/status", "kind": "Pod", "namespaced": true],
                ["name": "namespaces", "kind": "Namespace", "namespaced": false],
                ["name": "events", "kind": "Event", "namespaced": true],
            ]
        ],
        "/apis": [
            "groups": [
                [
                    "name": "apps", "preferredVersion": ["version": "v1"],
                    "versions": [["version": "v1beta1"], ["version": "v1"]],
                ],
                ["name": "events.k8s.io", "versions": [["version": "v1"]]],
                ["name": "broken.io", "versions": [["version": "v1"]]],
            ]
        ],
        "/apis/apps/v1": [
            "resources": [
                ["name": "deployments", "kind": "Deployment", "namespaced": true, "shortNames": ["deploy"]],
                ["name": "deployments/scale", "kind": "Scale", "namespaced": true],
            ]
        ],
        "/apis/apps/v1beta1": ["resources": [["name": "deployments", "kind": "Deployment", "namespaced": true]]],
        "/apis/events.k8s.io/v1": ["resources": [["name": "events", "kind": "Event", "namespaced": true]]],
    ]

    @Test("plain discovery: preferred versions, names, subresources; a broken group does not spoil the rest")
    func plainDocuments() async throws {
        let source = Source(Self.plain)
        let discovery = Discovery(source)
        let deployment = try await discovery.resource(for: GroupKind(group: "apps", kind: "Deployment"))
        #expect(deployment?.version == "v1")
        #expect(deployment?.subresources == ["scale"])
        let old = GroupVersionKind(group: "apps", version: "v1beta1", kind: "Deployment")
        #expect(try await discovery.resource(for: old)?.version == "v1beta1")
        for name in ["deploy", "deployments", "Deployment", "deployments.apps", "deploy.v1.apps"] {
            #expect(try await discovery.resource(named: name) == deployment, "\(name)")
        }
        #expect(try await discovery.resource(named: "events")?.group == "")
        #expect(try await discovery.resource(named: "events.events.k8s.io")?.group == "events.k8s.io")
        #expect(try await discovery.resource(named: "po")?.subresources == ["status"])
        #expect(try await discovery.resource(named: "ns") == nil)
        #expect(try await discovery.resource(named: "namespace")?.isNamespaced == false)
        #expect(await discovery.broken.keys.sorted() == ["broken.io/v1"])
    }

    @Test("an unknown kind is asked for at most once in the pause; a group that breaks keeps what it had")
    func refreshing() async throws {
        let source = Source(Self.plain)
        let kind = GroupKind(group: "apps", kind: "Deployment")
        let patient = Discovery(source, pause: .seconds(3_600))
        _ = try await patient.resource(for: kind)
        let count = source.asked.withLock { $0.count }
        for _ in 0..<5 { #expect(try await patient.resource(named: "unknown") == nil) }
        #expect(source.asked.withLock { $0.count } == count)

        let eager = Discovery(source, pause: .zero)
        #expect(try await eager.resource(for: kind) != nil)
        source.answers.withLock { $0["/apis/apps/v1"] = nil }
        #expect(try await eager.resource(named: "unknown") == nil)
        #expect(try await eager.resource(for: kind)?.version == "v1")
        source.answers.withLock { $0 = [:] }
        #expect(try await eager.resource(for: kind)?.version == "v1", "a dead server's kinds stay known")
    }

    @Test("aggregated discovery in two requests")
    func aggregated() async throws {
        let source = Source([
            "/api": ["kind": "APIGroupDiscoveryList", "items": []],
            "/apis": [
                "kind": "APIGroupDiscoveryList",
                "items": [
                    [
                        "metadata": ["name": "argoproj.io"],
                        "versions": [
                            [
                                "version": "v1alpha1", "freshness": "Current",
                                "resources": [
                                    [
                                        "resource": "rollouts", "responseKind": ["kind": "Rollout"],
                                        "scope": "Namespaced",
                                        "shortNames": ["ro"], "subresources": [["subresource": "status"]],
                                    ]
                                ],
                            ]
                        ],
                    ]
                ],
            ],
        ])
        let discovery = Discovery(source)
        let rollout = try await discovery.resource(named: "ro")
        #expect(
            rollout
                == Resource(
                    group: "argoproj.io", version: "v1alpha1", plural: "rollouts", kind: "Rollout",
                    subresources: ["status"],
                    shortNames: ["ro"]))
        #expect(source.asked.withLock { $0 } == ["/api", "/apis"])
    }
}
