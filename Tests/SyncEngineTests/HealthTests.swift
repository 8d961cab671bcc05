import Manifest
import SyncEngine
import Testing

@Suite("Health") struct HealthTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var kind: String
        var body: String
        var expected: HealthStatus?
        var testDescription: String { "\(kind) \(body)" }
    }

    static let rows = [
        Row(
            kind: "apps/v1 Deployment", body: #""metadata":{"generation":2},"status":{"observedGeneration":1}"#,
            expected: .progressing),
        Row(
            kind: "apps/v1 Deployment",
            body: #""spec":{"replicas":2},"status":{"updatedReplicas":2,"replicas":2,"availableReplicas":2}"#,
            expected: .healthy),
        Row(kind: "apps/v1 Deployment", body: #""spec":{"paused":true}"#, expected: .suspended),
        Row(
            kind: "apps/v1 Deployment",
            body: #""status":{"conditions":[{"type":"Progressing","reason":"ProgressDeadlineExceeded"}]}"#,
            expected: .degraded),
        Row(
            kind: "apps/v1 StatefulSet",
            body: #""spec":{"replicas":2},"status":{"observedGeneration":1,"readyReplicas":1}"#, expected: .progressing),
        Row(
            kind: "batch/v1 Job", body: #""status":{"conditions":[{"type":"Failed","status":"True"}]}"#,
            expected: .degraded),
        Row(
            kind: "batch/v1 Job", body: #""status":{"conditions":[{"type":"Suspended","status":"False"}]}"#,
            expected: .progressing),
        Row(
            kind: "v1 Pod", body: #""status":{"phase":"Running","containerStatuses":[{"ready":true}]}"#,
            expected: .healthy),
        Row(
            kind: "v1 Pod",
            body:
                #""status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#,
            expected: .degraded),
        Row(kind: "v1 Service", body: #""spec":{"type":"LoadBalancer"}"#, expected: .progressing),
        Row(kind: "v1 Service", body: #""spec":{}"#, expected: .healthy),
        Row(kind: "v1 PersistentVolumeClaim", body: #""status":{"phase":"Bound"}"#, expected: .healthy),
        Row(
            kind: "autoscaling/v2beta2 HorizontalPodAutoscaler",
            body:
                #""status":{"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric"}]}"#,
            expected: .degraded),
        Row(
            kind: "argoproj.io/v1alpha1 Rollout",
            body: #""metadata":{"generation":3},"status":{"observedGeneration":"2","phase":"Healthy"}"#,
            expected: .progressing),
        Row(
            kind: "argoproj.io/v1alpha1 Rollout",
            body: #""metadata":{"generation":3},"status":{"observedGeneration":"3","phase":"Paused"}"#,
            expected: .suspended),
        Row(
            kind: "argoproj.io/v1alpha1 Rollout",
            body: #""metadata":{"generation":3},"status":{"observedGeneration":"3","phase":"Degraded"}"#,
            expected: .degraded),
        Row(kind: "argoproj.io/v1alpha1 AnalysisRun", body: #""status":{"phase":"Inconclusive"}"#, expected: .unknown),
        Row(kind: "v1 ConfigMap", body: #""data":{}"#, expected: nil),
        Row(kind: "argoproj.io/v1alpha1 Application", body: #""status":{}"#, expected: nil),
    ]

    @Test("one object", arguments: rows)
    func rule(_ row: Row) {
        let parts = row.kind.split(separator: " ")
        let object = json(#"{"apiVersion":"\#(parts[0])","kind":"\#(parts[1])",\#(row.body)}"#)
        #expect(Health.of(object)?.status == row.expected)
    }

    @Test("the worst object decides; missing ones only where nothing is there")
    func aggregate() {
        func entry(_ name: String, _ status: HealthStatus) -> (reference: ObjectReference, health: Health) {
            (ObjectReference(group: "", kind: "Pod", namespace: "shop", name: name), Health(status))
        }
        #expect(Health.aggregate([]) == .healthy)
        #expect(Health.aggregate([entry("a", .missing)]).status == .missing)
        #expect(Health.aggregate([entry("a", .missing), entry("b", .healthy)]).status == .healthy)
        let worst = Health.aggregate([entry("a", .progressing), entry("b", .degraded)])
        #expect(worst == Health(.degraded, "Pod shop/b"))
    }
}
