/// The repository of the demo: a Kustomize base and overlay of one small shop.
enum DemoShop {
    static let namespace = "shop"
    static let application = "shop"

    /// What a commit of the demo changes in the overlay.
    struct Version {
        /// The image's tag; pods answer with it, and the page shows it as a colour.
        var tag: String
        /// Percentage of requests that its pods answer with 500.
        var errorPercent = 0
        /// Goes into the ConfigMap, whose name carries a hash of its content.
        var greeting: String
    }

    /// All files, for the first commit.
    static func files(_ version: Version, prometheus: String, stepAnalysisSeconds: Int = 3) -> [String: String?] {
        [
            "base/kustomization.yaml": """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources:
            - services.yaml
            - virtual-service.yaml
            - analysis-template.yaml
            - rollout.yaml

            """,
            "base/services.yaml": """
            apiVersion: v1
            kind: Service
            metadata:
              name: shop-stable
            spec:
              selector:
                app: shop
              ports:
              - {name: http, port: 80, targetPort: http}
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: shop-canary
            spec:
              selector:
                app: shop
              ports:
              - {name: http, port: 80, targetPort: http}

            """,
            "base/virtual-service.yaml": """
            apiVersion: networking.istio.io/v1alpha3
            kind: VirtualService
            metadata:
              name: shop
            spec:
              hosts: [shop.localhost]
              http:
              - name: primary
                timeout: 5s
                route:
                - destination: {host: shop-stable}
                  weight: 100
                - destination: {host: shop-canary}
                  weight: 0

            """,
            "base/analysis-template.yaml": """
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata:
              name: success-rate
            spec:
              args:
              - name: canary-hash
              metrics:
              - name: success-rate
                initialDelay: 3s
                interval: 1s
                count: \(stepAnalysisSeconds)
                # At 98 % a healthy version never fails, and one that loses a tenth of its requests hardly passes once.
                successCondition: result[0] >= 0.98
                failureLimit: 0
                consecutiveErrorLimit: 10
                provider:
                  prometheus:
                    address: \(prometheus)
                    query: >-
                      sum(rate(istio_requests_total{destination_service_name="shop-canary",
                      rollouts_pod_template_hash="{{args.canary-hash}}",response_code!~"5.."}[5s])) /
                      sum(rate(istio_requests_total{destination_service_name="shop-canary",
                      rollouts_pod_template_hash="{{args.canary-hash}}"}[5s]))

            """,
            "base/rollout.yaml": """
            apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata:
              name: shop
            spec:
              replicas: 4
              revisionHistoryLimit: 5
              selector:
                matchLabels:
                  app: shop
              template:
                metadata:
                  labels:
                    app: shop
                spec:
                  containers:
                  - name: shop
                    image: shop
                    ports:
                    - {name: http, containerPort: 8080}
                    envFrom:
                    - configMapRef:
                        name: shop-config
              strategy:
                canary:
                  stableService: shop-stable
                  canaryService: shop-canary
                  scaleDownDelaySeconds: 5
                  abortScaleDownDelaySeconds: 5
                  trafficRouting:
                    istio:
                      virtualService:
                        name: shop
                        routes: [primary]
                  steps:
                  - setWeight: 10
                  \(analysisStep)
                  - setWeight: 25
                  \(analysisStep)
                  - setWeight: 50
                  \(analysisStep)
                  - setWeight: 100

            """,
        ].merging(overlay(version)) { $1 }
    }

    /// The files that a new version changes.
    static func overlay(_ version: Version) -> [String: String?] {
        [
            "overlays/demo/kustomization.yaml": """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            namespace: \(namespace)
            resources:
            - ../../base
            images:
            - name: shop
              newTag: \(version.tag)
            # Kustomize does not know where a Rollout names its ConfigMaps.
            configurations:
            - names.yaml
            configMapGenerator:
            - name: shop-config
              literals:
              - GREETING=\(version.greeting)
              - ERROR_PERCENT=\(version.errorPercent)
            patches:
            - target: {kind: Rollout, name: shop}
              patch: |-
                - op: add
                  path: /spec/template/metadata/annotations
                  value:
                    mesh.sluice.dev/error-percent: "\(version.errorPercent)"

            """,
            "overlays/demo/names.yaml": """
            nameReference:
            - kind: ConfigMap
              version: v1
              fieldSpecs:
              - kind: Rollout
                path: spec/template/spec/containers/envFrom/configMapRef/name

            """,
        ]
    }

    private static let analysisStep = """
        - analysis:
            templates:
            - templateName: success-rate
            args:
            - name: canary-hash
              valueFrom:
                podTemplateHashValue: Latest
        """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n      ")

    /// The Application that keeps the overlay in the cluster.
    static func applicationManifest(repository: String) -> String {
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata:
          name: \(application)
          namespace: argocd
          annotations:
            sluice.dev/on-rejection: revert
        spec:
          project: default
          source:
            repoURL: \(repository)
            path: overlays/demo
            targetRevision: main
          destination:
            server: https://kubernetes.default.svc
            namespace: \(namespace)
          syncPolicy:
            automated: {prune: true, selfHeal: true}

        """
    }
}
