import Manifest
import Rendering
import Testing

@Suite("An Application's Kustomize options") struct OverrideTests {
    static let tree = InMemoryFileTree(files: [
        "kustomization.yaml": "namePrefix: a-\nresources: [r.yaml]\nimages: [{name: web, newTag: old}]\n",
        "r.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec: {template: {spec: {containers: [{name: web, image: web}, {name: db, image: "db:1"}]}}}
        """,
    ])

    static func object(_ overrides: KustomizeOverrides) throws -> JSON {
        try #require(try render(RenderRequest(path: ".", kustomize: overrides), in: tree).objects.first).object
    }

    @Test("names, namespace, images, counts and patches replace or join the root's")
    func all() throws {
        let object = try Self.object(
            KustomizeOverrides(
                namePrefix: "b-", nameSuffix: "-z", namespace: "n", images: ["web=ghcr.io/web:2", "db@sha256:12"],
                replicas: ["web": 7], commonLabels: ["l": "m"], commonAnnotations: ["o": "p"],
                patches: [
                    ["target": ["kind": "Deployment"], "patch": #"[{"op":"add","path":"/spec/paused","value":true}]"#]
                ]))
        #expect(object.objectKey == ObjectKey(namespace: "n", name: "b-web-z"))
        #expect(object.at("spec", "template", "spec", "containers")?[0]?["image"] == "ghcr.io/web:2")
        #expect(object.at("spec", "template", "spec", "containers")?[1]?["image"] == "db@sha256:12")
        #expect(object.at("spec", "replicas") == 7)
        #expect(object.at("spec", "paused") == true)
        #expect(object.at("spec", "selector", "matchLabels", "l") == "m")
        #expect(object.annotations == ["o": "p"])
    }

    @Test("labels stay out of selectors when asked to")
    func labels() throws {
        let object = try Self.object(KustomizeOverrides(commonLabels: ["l": "m"], labelWithoutSelector: true))
        #expect(object.labels == ["l": "m"])
        #expect(object.at("spec", "selector") == nil)
        #expect(object.at("spec", "template", "metadata") == nil)
    }
}
