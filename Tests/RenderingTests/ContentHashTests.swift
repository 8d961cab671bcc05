import Manifest
import Rendering
import Testing

@Suite("Content hash of generated objects") struct ContentHashTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var generator: String
        var expected: String
    }

    static let rows = [
        Row(
            testDescription: "characters that Go escapes",
            generator: "configMapGenerator: [{name: x, literals: [a=b, 'n=1<2&3', 'q=x y']}]", expected: "x-5gcg45b79g"),
        Row(
            testDescription: "an empty ConfigMap", generator: "configMapGenerator: [{name: x}]",
            expected: "x-6ct58987ht"),
        Row(
            testDescription: "binary data",
            generator: "configMapGenerator: [{name: x, literals: [a=b], files: [b.bin]}]",
            expected: "x-4ctb95mt89"),
        Row(
            testDescription: "an opaque Secret", generator: "secretGenerator: [{name: x, literals: [k=v]}]",
            expected: "x-ftgtgc4t9f"),
        Row(
            testDescription: "a Secret with a type",
            generator: "secretGenerator: [{name: x, type: kubernetes.io/tls, files: [tls.crt=hello, tls.key=hello]}]",
            expected: "x-6f8ct7d955"),
        Row(
            testDescription: "a value in several lines of base64",
            generator: "secretGenerator: [{name: x, literals: [k=\(String(repeating: "a", count: 93))]}]",
            expected: "x-dt2b647tbk"),
        Row(
            testDescription: "prefixes stay outside the hash",
            generator: "namePrefix: p-\nconfigMapGenerator: [{name: x}]", expected: "p-x-6ct58987ht"),
    ]

    @Test("names end in the published hash", arguments: rows)
    func suffix(_ row: Row) throws {
        let tree = InMemoryFileTree(bytes: [
            "kustomization.yaml": Array(row.generator.utf8), "b.bin": [0xFF, 0xFE, 0x00],
            "hello": Array("hello\n".utf8),
        ])
        let result = try render(RenderRequest(path: ""), in: tree)
        #expect(result.objects.map { $0.object.objectKey.name } == [row.expected])
    }
}
