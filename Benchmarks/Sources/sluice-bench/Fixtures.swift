import Glibc
import Manifest

/// Writes lists as an API server sends them: one object of 3.9 KB after another, with `managedFields`.
enum Fixtures {
    /// Writes a list of ReplicaSets, three of each Rollout; gives its size in bytes.
    static func writeReplicaSets(_ count: Int, to path: String) -> Int {
        write(count, kind: "ReplicaSetList", apiVersion: "apps/v1", to: path, item: replicaSet)
    }

    /// Writes a list of Rollouts in mid-canary; gives its size in bytes.
    static func writeRollouts(_ count: Int, to path: String) -> Int {
        write(count, kind: "RolloutList", apiVersion: "argoproj.io/v1alpha1", to: path, item: rollout)
    }

    private static func write(
        _ count: Int, kind: String, apiVersion: String, to path: String, item: (Int) -> String
    ) -> Int {
        guard let file = fopen(path, "w") else { fatalError("cannot write \(path)") }
        defer { fclose(file) }
        var bytes = 0
        func put(_ text: String) {
            bytes += text.utf8.count
            fputs(text, file)
        }
        put(#"{"kind":"\#(kind)","apiVersion":"\#(apiVersion)","metadata":{"resourceVersion":"900000000"},"items":["#)
        for number in 0..<count {
            if number > 0 { put(",") }
            put(item(number))
        }
        put("]}\n")
        return bytes
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func uid(_ kind: String, _ number: Int) -> String {
        "\(kind)c0ffee-1234-4abc-9def-\(digits(number, 12))"
    }

    /// The namespace of a Rollout; 20 share one.
    static func namespace(_ rollout: Int) -> String { "team-\(digits(rollout / 20, 4))" }

    static func replicaSet(_ number: Int) -> String {
        let owner = number / 3
        let revision = number % 3 + 1
        let hash = "6b56c8\(digits(number % 10_000, 4))"
        let name = "shop-service-\(digits(owner, 5))"
        return #"""
            {"metadata":{"name":"\#(name)-\#(hash)","namespace":"\#(namespace(owner))","uid":"\#(uid("a", number))","resourceVersion":"\#(800_000_000 + number)","generation":\#(revision + 2),"creationTimestamp":"2026-11-21T08:53:00Z","labels":{"app":"\#(name)","app.kubernetes.io/managed-by":"sluice","rollouts-pod-template-hash":"\#(hash)","team":"checkout"},"annotations":{"rollout.argoproj.io/desired-replicas":"5","rollout.argoproj.io/revision":"\#(revision)"},"ownerReferences":[{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","name":"\#(name)","uid":"\#(uid("b", owner))","controller":true,"blockOwnerDeletion":true}],"managedFields":[\#(replicaSetFields)]},"spec":{"replicas":\#(revision == 3 ? 5 : 0),"selector":{"matchLabels":{"app":"\#(name)","rollouts-pod-template-hash":"\#(hash)"}},"template":\#(template(name, hash: hash, version: revision))},"status":{"replicas":\#(revision == 3 ? 5 : 0),"fullyLabeledReplicas":5,"readyReplicas":5,"availableReplicas":5,"observedGeneration":\#(revision + 2)}}
            """#
    }

    private static func template(_ name: String, hash: String?, version: Int) -> String {
        let label = hash.map { #","rollouts-pod-template-hash":"\#($0)""# } ?? ""
        return #"""
            {"metadata":{"creationTimestamp":null,"labels":{"app":"\#(name)"\#(label),"team":"checkout"},"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9090"}},"spec":{"containers":[{"name":"app","image":"registry.example.org/shop/service:1.\#(version).0","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"REGION","value":"eu-central-1"},{"name":"DATABASE_URL","valueFrom":{"secretKeyRef":{"name":"database","key":"url"}}}],"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},"volumeMounts":[{"name":"config","mountPath":"/etc/service"}],"livenessProbe":{"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/readyz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":5,"successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"volumes":[{"name":"config","configMap":{"name":"\#(name)-config","defaultMode":420}}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{},"schedulerName":"default-scheduler"}}
            """#
    }

    private static let replicaSetFields = #"""
        {"manager":"rollouts-controller","operation":"Update","apiVersion":"apps/v1","time":"2026-11-21T08:53:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:rollout.argoproj.io/desired-replicas":{},"f:rollout.argoproj.io/revision":{}},"f:labels":{".":{},"f:app":{},"f:app.kubernetes.io/managed-by":{},"f:rollouts-pod-template-hash":{},"f:team":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"bc0ffee-1234-4abc-9def-000000000001\"}":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:annotations":{".":{},"f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:labels":{".":{},"f:app":{},"f:rollouts-pod-template-hash":{},"f:team":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"LOG_LEVEL\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}}},"f:volumeMounts":{".":{},"k:{\"mountPath\":\"/etc/service\"}":{".":{},"f:mountPath":{},"f:name":{}}}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}}},{"manager":"kube-controller-manager","operation":"Update","apiVersion":"apps/v1","time":"2026-11-21T08:53:09Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:availableReplicas":{},"f:fullyLabeledReplicas":{},"f:observedGeneration":{},"f:readyReplicas":{},"f:replicas":{}}},"subresource":"status"}
        """#

    static func rollout(_ number: Int) -> String {
        let name = "shop-service-\(digits(number, 5))"
        let canary = "6b56c8\(digits((number * 3 + 2) % 10_000, 4))"
        let stable = "6b56c8\(digits((number * 3 + 1) % 10_000, 4))"
        return #"""
            {"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"\#(name)","namespace":"\#(namespace(number))","uid":"\#(uid("b", number))","resourceVersion":"\#(700_000_000 + number)","generation":4,"creationTimestamp":"2026-11-01T08:53:00Z","labels":{"app":"\#(name)","team":"checkout"},"annotations":{"rollout.argoproj.io/revision":"3","kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Rollout\",\"metadata\":{\"name\":\"\#(name)\"},\"spec\":{\"replicas\":5}}\n"},"managedFields":[\#(replicaSetFields)]},"spec":{"replicas":5,"revisionHistoryLimit":3,"selector":{"matchLabels":{"app":"\#(name)"}},"template":\#(template(name, hash: nil, version: 3)),"strategy":{"canary":{"canaryService":"\#(name)-canary","stableService":"\#(name)","trafficRouting":{"istio":{"virtualService":{"name":"\#(name)","routes":["primary"]}}},"steps":[{"setWeight":10},{"pause":{"duration":"5m"}},{"analysis":{"templates":[{"templateName":"success-rate"}],"args":[{"name":"service","value":"\#(name)-canary"}]}},{"setWeight":50},{"pause":{}},{"setWeight":100}]}}},"status":{"phase":"Paused","message":"CanaryPauseStep","observedGeneration":"4","HPAReplicas":5,"replicas":6,"updatedReplicas":1,"readyReplicas":6,"availableReplicas":6,"currentPodHash":"\#(canary)","stableRS":"\#(stable)","currentStepIndex":1,"currentStepHash":"5d7f8b9c6d","selector":"app=\#(name)","controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":"2026-11-21T08:55:00Z"}],"canary":{"weights":{"canary":{"weight":10,"serviceName":"\#(name)-canary","podTemplateHash":"\#(canary)"},"stable":{"weight":90,"serviceName":"\#(name)","podTemplateHash":"\#(stable)"},"verified":true}},"conditions":[{"type":"Available","status":"True","reason":"AvailableReason","message":"Rollout is available","lastTransitionTime":"2026-11-01T08:54:00Z","lastUpdateTime":"2026-11-01T08:54:00Z"},{"type":"Progressing","status":"Unknown","reason":"RolloutPaused","message":"Rollout is paused","lastTransitionTime":"2026-11-21T08:55:00Z","lastUpdateTime":"2026-11-21T08:55:00Z"},{"type":"Paused","status":"True","reason":"RolloutPaused","message":"Rollout is paused","lastTransitionTime":"2026-11-21T08:55:00Z","lastUpdateTime":"2026-11-21T08:55:00Z"}]}}
            """#
    }
}
