import Manifest
import Rendering
import Testing

@Suite("Plain directories") struct DirectoryTests {
    static func cm(_ name: String) -> String { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name)}\n" }

    static let tree = InMemoryFileTree(
        files: [
            "app/b.yaml": cm("b") + "---\n# nothing\n---\n" + cm("b2"),
            "app/a.yml": cm("a"),
            "app/c.json":
                #"{"apiVersion":"v1","kind":"ConfigMapList","items":[{"kind":"ConfigMap","metadata":{"name":"c"}}]}"#,
            "app/values.yaml": "replicas: 3\n",
            "app/notes.txt": "kind: x",
            "app/skipped.yaml": "# +argocd:skip-file-rendering\n" + cm("skipped"),
            "app/sub/d.yaml": cm("d"),
            "app/sub/deep/e.yaml": cm("e"),
            "shared/f.yaml": cm("f"),
        ],
        symlinks: ["app/f.yaml": "../shared/f.yaml", "app/loop": "."])

    static func names(_ options: DirectoryOptions) throws -> [String] {
        try render(RenderRequest(path: "app", directory: options), in: tree).objects.map { $0.object.objectKey.name }
    }

    @Test("files in order, then documents; lists flattened; other files left alone")
    func order() throws {
        #expect(try Self.names(DirectoryOptions()) == ["a", "b", "b2", "c", "f"])
        #expect(try Self.names(DirectoryOptions(recurse: true)) == ["a", "b", "b2", "c", "f", "d", "e"])
    }

    @Test(
        "include and exclude are globs over the relative path",
        arguments: [
            ("*.yml", "", ["a"]), ("**/*.yaml", "", ["b", "b2", "f", "d", "e"]), ("{a,c}.*", "", ["a", "c"]),
            ("", "sub/**", ["a", "b", "b2", "c", "f"]), ("sub/*", "", ["d"]), ("[a-c].*", "b.*", ["a", "c"]),
        ])
    func globs(include: String, exclude: String, expected: [String]) throws {
        #expect(try Self.names(DirectoryOptions(recurse: true, include: include, exclude: exclude)) == expected)
    }

    @Test("an object knows its file, document and line")
    func provenance() throws {
        let result = try render(RenderRequest(path: "app"), in: Self.tree)
        let object = try #require(result.objects.first { $0.object.objectKey.name == "b2" })
        #expect(object.provenance == Provenance(file: "app/b.yaml", document: 1, line: 7))
    }

    @Test("a footprint ends with a change of what was read, and with nothing else")
    func footprint() throws {
        let files = ["app/a.yaml": Self.cm("a"), "other/b.yaml": Self.cm("b")]
        let result = try render(RenderRequest(path: "app"), in: InMemoryFileTree(files: files))
        func isCurrent(_ path: String, _ text: String) -> Bool {
            result.footprint.isCurrent(in: InMemoryFileTree(files: files.merging([path: text]) { $1 }))
        }
        #expect(isCurrent("other/b.yaml", Self.cm("changed")))
        #expect(isCurrent("app/a.yaml", Self.cm("a")))
        #expect(!isCurrent("app/a.yaml", Self.cm("changed")))
        #expect(!isCurrent("app/new.yaml", Self.cm("new")))
        #expect(!isCurrent("app/kustomization.yaml", ""))
    }
}
