import Rendering
import Testing

@Suite("What a render refuses") struct RefusalTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var files: [String: String]
        var symlinks: [String: String] = [:]
        var path = ""
        var code: RenderError.Code
        var says: String
    }

    static let cm = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"

    static func kustomization(
        _ what: String, _ text: String, _ code: RenderError.Code, _ says: String, more: [String: String] = [:]
    ) -> Row {
        Row(
            testDescription: what, files: more.merging(["kustomization.yaml": text]) { $1 }, code: code, says: says)
    }

    static let rows = [
        kustomization("unknown field", "resource: [a]", .malformed, "resource: unknown field"),
        kustomization("helmCharts", "helmCharts: [{name: a}]", .unsupported, "helmCharts: not supported yet"),
        kustomization("replacements", "replacements: [{path: a}]", .unsupported, "replacements: not supported yet"),
        kustomization("vars", "vars: [{name: A}]", .unsupported, "vars: not supported yet"),
        kustomization("generators", "generators: [a.yaml]", .unsupported, "generators: not supported yet"),
        kustomization("transformers", "transformers: [a.yaml]", .unsupported, "transformers: not supported yet"),
        kustomization("crds", "crds: [a.json]", .unsupported, "crds: not supported yet"),
        kustomization(
            "remote base", "resources: ['https://user:secret@example.org/x//y?ref=main']", .unsupported,
            "https://example.org/x//y?ref=main\": remote bases are not supported yet"),
        kustomization("missing file", "resources: [a.yaml]", .notFound, "\"a.yaml\" is neither a file nor a directory"),
        kustomization("path above the source", "resources: [../../etc]", .outsideRoot, "leaves the source"),
        kustomization("absolute path", "resources: [/etc/passwd]", .outsideRoot, "leaves the source"),
        kustomization("a circle", "resources: [.]", .conflict, "leads in a circle"),
        kustomization("duplicate key", "namespace: a\nnamespace: b", .malformed, "already set"),
        kustomization(
            "a number where text is due", "images: [{name: a, newTag: 1.1}]", .malformed,
            "images[0].newTag: must be a string"),
        kustomization(
            "a duplicate object", "resources: [a.yaml, b.yaml]", .conflict, "is already there from a.yaml:1",
            more: ["a.yaml": cm, "b.yaml": cm]),
        kustomization(
            "a patch without its object",
            "patches: [{patch: '\(cm.split(separator: "\n").joined(separator: "\\n"))', path: a}]",
            .malformed, "give either path or patch"),
        kustomization(
            "a patch of nothing", "patches: [{path: a.yaml}]", .notFound, "no object is ConfigMap x of v1",
            more: ["a.yaml": cm]),
        kustomization(
            "an unknown directive", "resources: [a.yaml]\npatches: [{path: p.yaml}]", .malformed, "$retainKeys",
            more: ["a.yaml": cm, "p.yaml": cm + "data: {$retainKeys: [a]}\n"]),
        kustomization(
            "a count for nothing", "replicas: [{name: a, count: 1}]", .notFound, "replicas: no Deployment"),
        kustomization(
            "an object without a name", "resources: [a.yaml]", .malformed, "metadata.name", more: ["a.yaml": "kind: X"]),
        kustomization(
            "a key twice", "configMapGenerator: [{name: a, literals: [a=b, a=c]}]", .malformed, "given twice"),
        kustomization(
            "merging nothing", "configMapGenerator: [{name: a, behavior: merge}]", .conflict, "does not exist"),
        kustomization(
            "a base that merges ids by namespace", "namespace: n\nresources: [a.yaml]", .conflict, "two objects become",
            more: ["a.yaml": cm + "---\n" + cm.replacing("{name: x}", with: "{name: x, namespace: other}")]),
        Row(
            testDescription: "a file outside the kustomization's directory",
            files: ["a/kustomization.yaml": "resources: [../x.yaml]", "x.yaml": cm], path: "a", code: .outsideRoot,
            says: "lies outside the kustomization's directory"),
        Row(
            testDescription: "two kustomization files", files: ["kustomization.yaml": "", "Kustomization": ""],
            code: .conflict,
            says: "2 kustomization files"),
        Row(
            testDescription: "a symlink out of the source", files: ["kustomization.yaml": "resources: [l.yaml]"],
            symlinks: ["l.yaml": "../../etc/passwd"], code: .outsideRoot, says: "leaves the source"),
        Row(
            testDescription: "an absolute symlink", files: ["d/a.yaml": cm], symlinks: ["d/l.yaml": "/etc/passwd"],
            path: "d",
            code: .outsideRoot, says: "leaves the source"),
        Row(
            testDescription: "symlinks in a circle", files: ["d/a.txt": ""],
            symlinks: ["d/l.yaml": "m.yaml", "d/m.yaml": "l.yaml"],
            path: "d", code: .malformed, says: "symlinks on the way"),
        Row(
            testDescription: "a Helm chart", files: ["Chart.yaml": ""], code: .unsupported,
            says: "Helm charts are not supported yet"),
        Row(testDescription: "no such directory", files: [:], path: "x", code: .notFound, says: "no such directory"),
        Row(
            testDescription: "a path above the root", files: [:], path: "../x", code: .outsideRoot,
            says: "leaves the source"),
        Row(
            testDescription: "Jsonnet", files: ["a.jsonnet": "{}"], code: .unsupported,
            says: "Jsonnet is not supported yet"),
        Row(
            testDescription: "a second document that is broken", files: ["a.yaml": cm + "---\n{"], code: .malformed,
            says: "line"),
        Row(
            testDescription: "two objects in JSON", files: ["a.json": "{\"kind\":\"A\"}{}"], code: .malformed,
            says: "exactly one object"),
    ]

    @Test("an error that names the place", arguments: rows)
    func refuse(_ row: Row) {
        let tree = InMemoryFileTree(files: row.files, symlinks: row.symlinks)
        do {
            let result = try render(RenderRequest(path: row.path), in: tree)
            Issue.record("rendered \(result.objects.count) objects")
        } catch {
            #expect(error.code == row.code)
            #expect(error.description.contains(row.says), "\(error)")
            #expect(!error.description.contains("secret"))
        }
    }

    @Test("too much input is an error before it is read")
    func bounded() {
        let tree = InMemoryFileTree(files: ["a.yaml": String(repeating: "#", count: 2_000)])
        #expect(throws: RenderError.self) {
            try render(RenderRequest(path: "", limits: RenderLimits(inputBytes: 1_000)), in: tree)
        }
    }
}
