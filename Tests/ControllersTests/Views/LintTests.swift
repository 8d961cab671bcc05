import Controllers
import EmbeddedCluster
import Manifest
import Testing

@Suite("Lint") struct LintTests {
    static let good = """
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: web:1}]}
          strategy: {canary: {stableService: stable, canaryService: canary, steps: [{setWeight: 20}, {pause: {}}]}}
        """

    static func lint(_ text: String) -> LintReport { LintReport(Array(text.utf8), file: "web.yaml") }

    @Test("a sound Rollout has no problems; a missing Service is none")
    func sound() {
        #expect(Self.lint(Self.good).problems == [])
        #expect(Self.lint(Self.good).rollouts == 1)
    }

    @Test("every problem is named with its path")
    func problems() {
        let bad = Self.good.replacing("setWeight: 20", with: "setWeight: 120").replacing(
            "matchLabels: {app: web}", with: "matchLabels: {app: api}")
        let report = Self.lint(bad)
        #expect(report.problems.count == 2)
        #expect(report.problems.contains { $0.hasPrefix("Rollout web: spec.strategy.canary.steps[0].setWeight") })
        #expect(report.problems.contains { $0.hasPrefix("Rollout web: spec.template.metadata.labels") })
    }

    @Test("a Service in the file must select the Rollout's pods")
    func service() {
        let service = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: stable}\nspec: {selector: {app: other}}\n"
        #expect(Self.lint(Self.good + service).problems.first?.contains("selects app=other") == true)
    }

    @Test("a file that cannot be read is a problem")
    func unreadable() {
        #expect(Self.lint("a: [").problems.first?.hasPrefix("web.yaml: line") == true)
        #expect(Self.lint("a: b\na: c\nkind: X").problems.first?.contains("already set") == true)
        #expect(Self.lint("just text").problems.first?.contains("must be an object") == true)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: (from: String, to: String) = ("", "")
        var more = ""
        /// Beginnings of the problems, in order.
        var problems: [String]
    }

    static let steps = "steps: [{setWeight: 20}, {pause: {}}]"
    static let ingress = """

        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web}
        spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: other, port: {number: 80}}}}]}}]}

        """
    static let routes = """

        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata: {name: web}
        spec: {http: [{name: main, route: [{destination: {host: stable}}]}]}

        """
    static let template = """

        ---
        apiVersion: argoproj.io/v1alpha1
        kind: AnalysisTemplate
        metadata: {name: errors}
        spec:
          args: [{name: service}]
          metrics:
          - {name: errors, interval: 5s, provider: {prometheus: {address: "http://p", query: "x"}}}

        """

    static let rows = [
        Row(
            testDescription: "unknown fields of Rollout and pod template", change: (steps, "stepz: []"),
            problems: ["Rollout web: spec.strategy.canary.stepz: Invalid value: unknown field"]),
        Row(
            testDescription: "a field of the wrong type", change: ("setWeight: 20", "setWeight: many"),
            problems: ["Rollout web: spec.strategy.canary.steps[0].setWeight: Invalid value: \"string\": "]),
        Row(
            testDescription: "a Service of another Rollout",
            more: """

                ---
                apiVersion: v1
                kind: Service
                metadata: {name: canary, annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: api}}
                spec: {selectors: {app: web}}
                """,
            problems: [
                "Rollout web: spec.strategy.canary.canaryService: Invalid value: Service \"canary\" is managed by",
                "Service canary: spec.selectors: Invalid value: unknown field",
            ]),
        Row(
            testDescription: "an Ingress without the stable service",
            change: (steps, "\(steps), trafficRouting: {nginx: {stableIngress: web}}"), more: ingress,
            problems: [
                "Rollout web: spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: Ingress web: no rule has a path"
            ]),
        Row(
            testDescription: "a VirtualService without the canary service",
            change: (steps, "\(steps), trafficRouting: {istio: {virtualService: {name: web, routes: [main]}}}"),
            more: routes,
            problems: [
                "Rollout web: spec.strategy.canary.trafficRouting.istio.virtualService: Invalid value: VirtualService web: http route \"main\" has no canary destination"
            ]),
        Row(
            testDescription: "a route that the VirtualService lacks",
            change: (steps, "\(steps), trafficRouting: {istio: {virtualService: {name: web, routes: [nope]}}}"),
            more: routes,
            problems: [
                "Rollout web: spec.strategy.canary.trafficRouting.istio.virtualService: Invalid value: VirtualService web: it has no http route named \"nope\""
            ]),
        Row(
            testDescription: "an inline analysis that never ends",
            change: (
                steps,
                "steps: [{analysis: {templates: [{templateName: errors}], args: [{name: service, value: a}]}}]"
            ), more: template,
            problems: [
                "Rollout web: spec.strategy.canary.steps[0].analysis.templates: Invalid value: invalid spec: metric \"errors\" never ends"
            ]),
        Row(
            testDescription: "a background analysis without an argument",
            change: (steps, "\(steps), analysis: {templates: [{templateName: errors}]}"), more: template,
            problems: [
                "Rollout web: spec.strategy.canary.analysis.args: Invalid value: arguments: argument \"service\" has no value"
            ]),
        Row(
            testDescription: "an Ingress of v1beta1 has its rules, too",
            change: (steps, "\(steps), trafficRouting: {nginx: {stableIngress: web}}"),
            more: ingress.replacing("networking.k8s.io/v1", with: "networking.k8s.io/v1beta1")
                .replacing("service: {name: other, port: {number: 80}}", with: "serviceName: other, servicePort: 80"),
            problems: [
                "Rollout web: spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: Ingress web: no rule has a path"
            ]),
        Row(
            testDescription: "an Ingress of v1beta1 that has the stable service",
            change: (steps, "\(steps), trafficRouting: {nginx: {stableIngress: web}}"),
            more: ingress.replacing("networking.k8s.io/v1", with: "extensions/v1beta1")
                .replacing("service: {name: other, port: {number: 80}}", with: "serviceName: stable, servicePort: 80"),
            problems: []),
        Row(
            testDescription: "fields of v1 in an Ingress of v1beta1",
            more: ingress.replacing("networking.k8s.io/v1", with: "extensions/v1beta1"),
            problems: [
                "Ingress web: spec.rules[0].http.paths[0].backend.service: Invalid value: unknown field"
            ]),
        Row(
            testDescription: "unknown fields and wrong types of a VirtualService",
            more: routes.replacing("networking.istio.io/v1alpha3", with: "networking.istio.io/v1")
                .replacing("host: stable", with: "hosts: stable")
                .replacing("name: main", with: "name: main, retries: {attempts: 3}, timeouts: 3s"),
            problems: [
                "VirtualService web: spec.http[0].route[0].destination.host: Required value",
                "VirtualService web: spec.http[0].route[0].destination.hosts: Invalid value: unknown field",
                "VirtualService web: spec.http[0].timeouts: Invalid value: unknown field",
            ]),
        Row(
            testDescription: "a Rollout without its apiVersion",
            change: ("apiVersion: argoproj.io/v1alpha1\n", ""),
            problems: [
                "web.yaml line 1: every document must be an object with apiVersion and kind, found a Rollout without"
            ]),
        Row(
            testDescription: "a Rollout of a version that there is not",
            change: ("argoproj.io/v1alpha1", "argoproj.io/v1"),
            problems: ["Rollout web: apiVersion: Invalid value: there is no argoproj.io/v1; use argoproj.io/v1alpha1"]),
        Row(
            testDescription: "a template that is not in the file is no problem",
            change: (steps, "\(steps), analysis: {templates: [{templateName: elsewhere}]}"), problems: []),
    ]

    @Test("what a file says about itself is checked", arguments: rows)
    func references(_ row: Row) {
        let text = row.change.from.isEmpty ? Self.good : Self.good.replacing(row.change.from, with: row.change.to)
        let report = LintReport(Array((text + row.more).utf8), file: "web.yaml") { object in
            StrictDecoding.problems(of: object)?.map { ($0.path, $0.message) }
        }
        let found = report.problems.sorted()
        #expect(found.count == row.problems.count, "\(found)")
        for (found, expected) in zip(found, row.problems.sorted()) { #expect(found.hasPrefix(expected)) }
    }

    @Test("what acts otherwise than it reads is a warning")
    func doubts() {
        let text = Self.good.replacing(
            Self.steps, with: "scaleDownDelaySeconds: -1, trafficRouting: {nginx: {stableIngress: web}}")
        let report = Self.lint(text)
        #expect(report.warnings.count == 2, "\(report.warnings)")
        #expect(report.warnings.contains { $0.hasPrefix("Rollout web: spec.strategy.canary.steps: without steps") })
    }

    @Test(
        "an unknown rule for newer revisions is a warning", arguments: ["supersede", "queue", "hotfix", "bogus", ""])
    func onNewRevision(_ rule: String) {
        let text = Self.good.replacing(
            "{name: web}\nspec", with: "{name: web, annotations: {sluice.dev/on-new-revision: \"\(rule)\"}}\nspec")
        let report = Self.lint(text)
        #expect(report.problems == [])
        let isKnown = ["supersede", "queue", "hotfix"].contains(rule)
        #expect(report.warnings.count == (isKnown ? 0 : 1))
        #expect(report.warnings.allSatisfy { $0.contains("\"\(rule)\" is unknown and acts as supersede") })
    }

    @Test("warnings are told apart from problems")
    func warnings() {
        let odd = Self.good.replacing(
            "strategy: {canary: {", with: "strategy: {canary: {replicaProgressThreshold: {type: Pod, value: 1}, ")
        #expect(Self.lint(odd).problems == [])
        #expect(Self.lint(odd).warnings.count == 1)
        #expect(
            Self.lint(odd).warnings.first?.hasPrefix(
                "Rollout web: spec.strategy.canary.replicaProgressThreshold.type: Invalid value: \"Pod\" is unknown")
                == true)
        let bare = Self.good.replacing(
            "steps: [{setWeight: 20}, {pause: {}}]", with: "trafficRouting: {nginx: {stableIngress: web}}")
        #expect(Self.lint(bare).problems == [])
        #expect(Self.lint(bare).warnings.first?.contains("without steps the canary gets no traffic") == true)
    }

    @Test("templates, Ingresses and workloads are judged where the file has them")
    func references() {
        let routed = Self.good.replacing(
            "{setWeight: 20}", with: "{setWeight: 20}, {analysis: {templates: [{templateName: t}]}}"
        ).replacing(
            "canaryService: canary,", with: "canaryService: canary, trafficRouting: {nginx: {stableIngress: i}},")
        #expect(Self.lint(routed).problems == [])
        let template = """

            ---
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata: {name: t}
            spec: {metrics: [{name: m, interval: 1m, provider: {web: {url: "http://a"}}}]}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: i}
            spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: other}}}]}}]}
            """
        let problems = Self.lint(routed + template).problems
        #expect(problems.count == 2)
        #expect(problems.contains { $0.contains("steps[1].analysis.templates: ") && $0.contains("never ends") })
        #expect(problems.contains { $0.contains("trafficRouting.nginx.stableIngress: ") })

        let borrowed = """
            apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: api}}
              workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
              strategy: {canary: {}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}
            """
        #expect(Self.lint(borrowed).problems.map { $0.contains("not selected by the selector app=api") } == [true])
    }

    @Test("46, 48, 49: the objects of all routers are judged where the file has them")
    func routers() {
        let routed = Self.good.replacing(
            "canaryService: canary,",
            with: """
                canaryService: canary,
                  trafficRouting: {
                    ambassador: {mappings: [m]}, alb: {ingress: i, servicePort: 80},
                    appMesh: {
                      virtualService: {name: v},
                      virtualNodeGroup: {canaryVirtualNodeRef: {name: c}, stableVirtualNodeRef: {name: s}}},
                    smi: {}, traefik: {weightedTraefikServiceName: t}, apisix: {route: {name: r}}},
                """)
        #expect(Self.lint(routed).problems == [], "what the file lacks may be in the cluster")
        let objects = """

            ---
            apiVersion: getambassador.io/v2
            kind: Mapping
            metadata: {name: m}
            spec: {weight: 20}
            ---
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: VirtualService
            metadata: {name: v}
            spec: {provider: {virtualRouter: {virtualRouterRef: {name: r}}}}
            ---
            apiVersion: appmesh.k8s.aws/v1beta2
            kind: VirtualRouter
            metadata: {name: r}
            spec: {routes: [{name: main, httpRoute: {action: {weightedTargets: [{weight: 1}]}}}]}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: i}
            spec: {rules: []}
            ---
            apiVersion: traefik.io/v1alpha1
            kind: TraefikService
            metadata: {name: t}
            spec: {weighted: {services: [{name: stable}]}}
            ---
            apiVersion: apisix.apache.org/v2
            kind: ApisixRoute
            metadata: {name: r}
            spec: {http: [{name: other}]}
            ---
            apiVersion: split.smi-spec.io/v1alpha1
            kind: TrafficSplit
            metadata: {name: web}
            """
        let problems = Self.lint(routed + objects).problems
        #expect(problems.count == 6, "\(problems)")
        for words in [
            "ambassador.mappings[0]: Invalid value: Mapping m: it carries a weight of its own; remove it",
            "appMesh.virtualService: Invalid value: VirtualRouter r: route \"main\" has 1 weighted targets; give it exactly 2",
            "alb.ingress: Invalid value: Ingress i: no rule has a path to the Service stable",
            "TraefikService t: spec.weighted.services has no entry for the Service canary; add one",
            "ApisixRoute r: spec.http has no rule \"r\"",
            "smi: Invalid value: TrafficSplit web exists and is not controlled by this Rollout",
        ] {
            #expect(problems.contains { $0.contains(words) }, "\(words) is not in \(problems)")
        }
    }
}
