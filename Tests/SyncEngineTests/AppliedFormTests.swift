import Manifest
import SyncEngine
import Testing

@Suite("What is sent to a server") struct AppliedFormTests {
    @Test("ports get the protocol that keys their list, and nothing else changes") func ports() {
        let service: JSON = [
            "apiVersion": "v1", "kind": "Service",
            "spec": ["ports": [["port": 80], ["port": 53, "protocol": "UDP"]], "selector": ["app": "web"]],
        ]
        let applied = AppliedForm.of(service)
        #expect(applied.at("spec", "ports") == [["port": 80, "protocol": "TCP"], ["port": 53, "protocol": "UDP"]])
        #expect(applied.at("spec", "selector") == ["app": "web"])
    }

    @Test("pods of workloads too") func workloads() {
        let rollout: JSON = [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "spec": ["template": ["spec": ["containers": [["name": "web", "ports": [["containerPort": 80]]]]]]],
        ]
        let container = AppliedForm.of(rollout).at("spec", "template", "spec", "containers")?[0]
        #expect(container?["ports"] == [["containerPort": 80, "protocol": "TCP"]])
    }

    @Test("the live pods of a Rollout keep their template") func keeps() {
        let rollout: JSON = [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "spec": ["template": ["spec": ["containers": [["name": "web", "ports": [["containerPort": 80]]]]]]],
        ]
        #expect(AppliedForm.of(rollout, live: rollout) == rollout)
        #expect(AppliedForm.of(rollout, live: AppliedForm.of(rollout)) == AppliedForm.of(rollout))
    }

    @Test(
        "odd shapes are left alone",
        arguments: ["{}", #"{"spec":5}"#, #"{"kind":"Service","apiVersion":"v1","spec":{"ports":[1,null]}}"#])
    func odd(_ text: String) throws {
        let object = try JSON(parsing: text)
        #expect(AppliedForm.of(object) == object)
    }
}
