import Manifest
import SyncEngine
import Testing

@Suite("Foreign fields") struct ForeignFieldsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var desired: String
        var live: String
        /// Drift that is left after the foreign fields were adopted.
        var drift: [String]
        /// What the apply would send, where that is not simply the live object.
        var applied: String?
    }

    private static func service(_ selector: String, metadata: String = "") -> String {
        """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web-canary","namespace":"shop"\(metadata)},
         "spec":{"selector":\(selector)}}
        """
    }

    private static func virtualService(_ http: String) -> String {
        """
        {"apiVersion":"networking.istio.io/v1beta1","kind":"VirtualService",
         "metadata":{"name":"web","namespace":"shop"},"spec":{"http":\(http)}}
        """
    }

    private static func route(_ stable: Int, _ canary: Int, name: String = "primary", more: String = "") -> String {
        """
        {"name":"\(name)","route":[{"destination":{"host":"web-stable"},"weight":\(stable)},
         {"destination":{"host":"web-canary"},"weight":\(canary)}]\(more)}
        """
    }

    static let rows = [
        Row(
            testDescription: "weights in mid-canary are the router's",
            desired: virtualService("[\(route(100, 0))]"), live: virtualService("[\(route(75, 25))]"), drift: []),
        Row(
            testDescription: "another edit of the same route is drift",
            desired: virtualService("[\(route(100, 0))]"),
            live: virtualService("[\(route(75, 25, more: #","retries":{"attempts":9}"#))]"),
            drift: ["spec.http.0.retries"],
            applied: virtualService("[\(route(75, 25))]")),
        Row(
            testDescription: "weights of a route that no rollout names are Git's",
            desired: virtualService("[\(route(100, 0, name: "other"))]"),
            live: virtualService("[\(route(75, 25, name: "other"))]"),
            drift: ["spec.http.0.route.0.weight", "spec.http.0.route.1.weight"],
            applied: virtualService("[\(route(100, 0, name: "other"))]")),
        Row(
            testDescription: "a managed route stays in front",
            desired: virtualService("[\(route(100, 0))]"),
            live: virtualService(#"[{"name":"beta","route":[]},\#(route(90, 10))]"#), drift: []),
        Row(
            testDescription: "a managed route that Git has too is the rollout's: it is not put back",
            desired: virtualService(#"[{"name":"beta","route":[]},\#(route(100, 0))]"#),
            live: virtualService("[\(route(90, 10))]"), drift: []),
        Row(
            testDescription: "weights of a mirror route are the rollout's, and drift beside it is healed",
            desired: virtualService(#"[\#(route(100, 0)),{"name":"own","route":[]}]"#),
            live: virtualService(
                #"[\#(route(90, 10, name: "beta")),\#(route(90, 10)),{"name":"own","timeout":"1s","route":[]}]"#),
            drift: ["spec.http.2.timeout"],
            applied: virtualService(#"[\#(route(90, 10, name: "beta")),\#(route(90, 10)),{"name":"own","route":[]}]"#)),
        Row(
            testDescription: "the selector's hash is the rollout's",
            desired: service(#"{"app":"web"}"#),
            live: service(
                #"{"app":"web","rollouts-pod-template-hash":"abc"}"#,
                metadata: #","annotations":{"argo-rollouts.argoproj.io/managed-by-rollouts":"web"}"#),
            drift: []),
        Row(
            testDescription: "another selector key is drift, and the hash survives its repair",
            desired: service(#"{"app":"web"}"#), live: service(#"{"app":"no","rollouts-pod-template-hash":"abc"}"#),
            drift: ["spec.selector.app"], applied: service(#"{"app":"web","rollouts-pod-template-hash":"abc"}"#)),
        Row(
            testDescription: "subset hashes are the rollout's",
            desired: """
                {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule",
                 "metadata":{"name":"web","namespace":"shop"},
                 "spec":{"subsets":[{"name":"stable","labels":{"app":"web"}},{"name":"canary","labels":{"app":"web"}}]}}
                """,
            live: """
                {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule",
                 "metadata":{"name":"web","namespace":"shop"},
                 "spec":{"subsets":[{"name":"stable","labels":{"app":"web","rollouts-pod-template-hash":"a"}},
                                    {"name":"canary","labels":{"app":"web","rollouts-pod-template-hash":"b"}}]}}
                """, drift: []),
        Row(
            testDescription: "replicas of an autoscaled rollout are the autoscaler's",
            desired: rollout(replicas: 3).description, live: rollout(replicas: 7).description, drift: []),
        Row(
            testDescription: "replicas of any other rollout are Git's",
            desired: rollout("api", replicas: 3).description, live: rollout("api", replicas: 7).description,
            drift: ["spec.replicas"], applied: rollout("api", replicas: 3).description),
    ]

    static let context = OwnershipContext(
        rollouts: [rollout()],
        autoscalers: [
            json(
                """
                {"metadata":{"name":"web","namespace":"shop"},"spec":{"scaleTargetRef":
                 {"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","name":"web"}}}
                """)
        ])

    @Test("a forced sync in mid-canary", arguments: rows)
    func adopts(_ row: Row) {
        let live = json(row.live)
        let adopted = adoptForeignFields(desired: json(row.desired), live: live, context: Self.context)
        // The traffic engine wrote the atom last.
        let owned = json(#"{"f:spec":{"f:none":{}}}"#)
        #expect(Difference.between(desired: adopted, live: live, owned: owned) == row.drift)
        #expect(adopted == row.applied.map(json) ?? live)
    }

    @Test("of ping and pong weights and selectors are the rollout's, whichever of them is stable")
    func pingPong() {
        let context = OwnershipContext(
            rollouts: [
                json(
                    """
                    {"metadata":{"name":"web","namespace":"shop"},"spec":{"strategy":{"canary":{
                     "pingPong":{"pingService":"web-ping","pongService":"web-pong"},
                     "trafficRouting":{"istio":{"virtualService":{"name":"web"}}}}}}}
                    """)
            ])
        func weights(_ ping: Int, _ pong: Int) -> JSON {
            json(
                Self.virtualService(
                    """
                    [{"route":[{"destination":{"host":"web-ping"},"weight":\(ping)},
                     {"destination":{"host":"web-pong"},"weight":\(pong)}]}]
                    """))
        }
        #expect(
            adoptForeignFields(desired: weights(0, 100), live: weights(100, 0), context: context) == weights(100, 0))
        for name in ["web-ping", "web-pong"] {
            func service(_ more: String) -> JSON {
                json(
                    """
                    {"apiVersion":"v1","kind":"Service","metadata":{"name":"\(name)","namespace":"shop"},
                     "spec":{"selector":{"app":"web"\(more)}}}
                    """)
            }
            let live = service(#","rollouts-pod-template-hash":"7d9""#)
            #expect(adoptForeignFields(desired: service(""), live: live, context: context) == live)
        }
    }

    @Test("without a rollout everything is Git's")
    func noRollout() {
        let desired = json(Self.rows[0].desired)
        #expect(
            adoptForeignFields(desired: desired, live: json(Self.rows[0].live), context: OwnershipContext()) == desired)
    }

    @Test("a canary Ingress and ReplicaSets are never pruned")
    func wholeObjects() {
        let owner = #""ownerReferences":[{"kind":"Rollout","name":"web","uid":"1","controller":true}]"#
        let ingress = json(
            """
            {"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web-canary",\(owner)}}
            """)
        #expect(FieldOwnership.isForeignObject(ingress))
        #expect(!FieldOwnership.isForeignObject(configMap("a")))
    }
}
