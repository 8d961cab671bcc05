import Manifest
import Testing

private let document: JSON = [
    "items": [["name": "a", "n": 1], ["name": "b", "n": 2, "tag": true], ["name": "c", "n": 3]],
    "status": ["conditions": [["type": "Ready", "status": "True"], ["type": "Stalled", "status": "False"]]],
    "data": ["a.b": 1, "x/y": 2, "nested": ["name": "deep"]], "limit": 2, "empty": [],
]

@Suite("JSONPath") struct JSONPathTests {
    @Test(
        "A path finds what Kubernetes finds",
        arguments: [
            ("{.limit}", [2]), (".limit", [2]), ("limit", [2]), ("{$.limit}", [2]), ("$.limit", [2]),
            ("{@.limit}", [2]),
            ("{.items[0].name}", ["a"]), ("{.items[-1].name}", ["c"]), ("{.items[5]}", []), ("{.items[-9]}", []),
            ("{.items[*].name}", ["a", "b", "c"]), ("{.items[0:2].n}", [1, 2]), ("{.items[1:].n}", [2, 3]),
            ("{.items[::2].n}", [1, 3]), ("{.items[-2:].n}", [2, 3]), ("{.items[2,0].n}", [3, 1]),
            ("{.items[2:1]}", []),
            ("{.items[0]['n','name']}", [1, "a"]), ("{.data['a.b']}", [1]), ("{.data.a\\.b}", [1]),
            ("{.data.x/y}", [2]),
            ("{..name}", ["deep", "a", "b", "c"]), ("{.data..name}", ["deep"]),
            ("{.data.*}", [1, ["name": "deep"], 2]),
            ("{.status.conditions[?(@.type==\"Ready\")].status}", ["True"]),
            ("{.status.conditions[?(@.type == 'Ready')].status}", ["True"]), (".items[?(@.n>1)].name", ["b", "c"]),
            ("{.items[?(@.n<=2)].name}", ["a", "b"]), ("{.items[?(@.tag)].name}", ["b"]),
            ("{.items[?(@.n!=2)].name}", ["a", "c"]),
            ("{.items[?(@.n==$.limit)].name}", ["b"]), ("{.items[?(@.tag==true)].name}", ["b"]),
            ("{.items[?(@.n>='1')]}", []),
            ("{.missing.path[0]}", []), ("{.limit.x}", []), ("{$}", [document]), ("{.}", [document]),
            ("{}", [document]), ("", [document]),
        ] as [(String, [JSON])])
    func finds(path: String, values: [JSON]) throws {
        #expect(try JSONPathExpression(path).values(in: document) == values)
    }

    @Test(
        "A text that is no path is refused with the place",
        arguments: [
            "{.a", "{.a}}", "{.a} {.b}", ".a[", ".a[]", ".a[x]", ".a['x]", ".a[?(@.b==)]", ".a[?(@.b=1)]", ".a[?@.b]",
            ".a[::0]",
            ".a[99999999999]", ".a..", "a$b", ".a\\",
        ])
    func malformed(path: String) {
        if path == ".a.." {
            // As in Kubernetes, this is the value and all below it.
            #expect(throws: Never.self) { try JSONPathExpression(path) }
        } else {
            #expect(throws: JSONPathError.self) { try JSONPathExpression(path) }
        }
    }

    @Test("A path that multiplies its values comes to an end")
    func explosion() throws {
        var value = JSON.array([1, 2, 3])
        for _ in 0..<8 { value = .array([value, value, value]) }
        #expect(try JSONPathExpression("{..*..*..*..*}").values(in: value).count <= 200_000)
        let nested = String(repeating: ".a[?(@", count: 500)
        #expect(throws: JSONPathError.self) { try JSONPathExpression(nested) }
        #expect(throws: JSONPathError.self) { try JSONPathExpression(String(repeating: ".a", count: 5_000)) }
    }
}
