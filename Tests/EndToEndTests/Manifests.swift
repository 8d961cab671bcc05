/// Manifests that scenarios share.
enum Manifests {
    /// A Rollout with pods that become ready after a moment.
    /// - Parameters:
    ///   - strategy: The lines below `canary:`, or another kind of strategy, indented by six spaces.
    ///   - podSpec: Lines of the pods' spec, indented by six spaces.
    ///   - instance: Id of the controller that minds it.
    static func rollout(
        _ name: String = "web", replicas: Int = 4, image: String = "shop:v1", strategy: String, extra: String = "",
        podAnnotations: [String: String] = [:], podSpec: String = "", kind: String = "canary", instance: String? = nil
    ) -> String {
        let annotations = podAnnotations.sorted { $0.key < $1.key }.map { "        \($0.key): \"\($0.value)\"" }
        return """
            apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata:
            \(instance.map { "  labels: {argo-rollouts.argoproj.io/controller-instance-id: \($0)}" } ?? "")
              name: \(name)
            spec:
              replicas: \(replicas)
            \(extra)
              selector:
                matchLabels: {app: \(name)}
              template:
                metadata:
                  labels: {app: \(name)}
            \(annotations.isEmpty ? "" : "      annotations:\n" + annotations.joined(separator: "\n"))
                spec:
            \(podSpec)
                  containers:
                  - name: main
                    image: \(image)
                    ports: [{name: http, containerPort: 8080, protocol: TCP}]
                    resources: {requests: {cpu: 5m, memory: 16Mi}}
              strategy:
                \(kind):
            \(strategy)
            """
    }

    static func service(_ name: String, app: String = "web") -> String {
        """
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          selector: {app: \(app)}
          ports: [{name: http, port: 80, targetPort: http, protocol: TCP}]

        """
    }

    /// A VirtualService that splits between `<app>-stable` and `<app>-canary`.
    static func virtualService(_ app: String = "web") -> String {
        """
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata: {name: \(app)}
        spec:
          hosts: [\(app).local]
          http:
          - name: primary
            timeout: 5s
            route:
            - destination: {host: \(app)-stable}
              weight: 100
            - destination: {host: \(app)-canary}
              weight: 0

        """
    }

    /// Both Services and the VirtualService of a routed canary.
    static func routes(_ app: String = "web") -> String {
        service("\(app)-stable", app: app) + service("\(app)-canary", app: app) + virtualService(app)
    }

    /// The strategy of a canary behind Istio.
    /// - Parameter managed: Names of header and mirror routes, in order.
    static func istio(_ app: String = "web", steps: String, more: String = "", managed: [String] = []) -> String {
        """
              stableService: \(app)-stable
              canaryService: \(app)-canary
              scaleDownDelaySeconds: 2
              abortScaleDownDelaySeconds: 2
        \(more)
              trafficRouting:
                managedRoutes: [\(managed.map { "{name: \($0)}" }.joined(separator: ", "))]
                istio:
                  virtualService: {name: \(app), routes: [primary]}
              steps:
        \(steps)
        """
    }

    /// A template that asks Prometheus for the canary's success rate.
    ///
    /// On a busy machine requests and scrapes are late: no request yet is no data, which is asked for again.
    static func successRate(_ prometheus: String, name: String = "success-rate", count: Int = 3) -> String {
        """
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: AnalysisTemplate
        metadata: {name: \(name)}
        spec:
          args: [{name: hash}]
          metrics:
          - name: success-rate
            initialDelay: 2s
            interval: 1s
            count: \(count)
            successCondition: result[0] >= 0.95
            consecutiveErrorLimit: 10
            provider:
              prometheus:
                address: \(prometheus)
                query: >-
                  sum(rate(istio_requests_total{rollouts_pod_template_hash="{{args.hash}}",response_code!~"5.."}[30s]))
                  / (sum(rate(istio_requests_total{rollouts_pod_template_hash="{{args.hash}}"}[30s])) > 0)

        """
    }

    /// An inline analysis step with that template, indented for `steps`.
    static func analysisStep(_ template: String = "success-rate") -> String {
        """
              - analysis:
                  templates: [{templateName: \(template)}]
                  args:
                  - name: hash
                    valueFrom: {podTemplateHashValue: Latest}
        """
    }
}
