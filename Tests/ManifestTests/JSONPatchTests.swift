import Manifest
import Testing

@Suite("JSON patches") struct JSONPatchTests {
    @Test(
        "Operations do what RFC 6902 says",
        arguments: [
            (["a": 1], [["op": "add", "path": "/b", "value": 2]], ["a": 1, "b": 2]),
            (["a": [1, 2]], [["op": "add", "path": "/a/1", "value": 9]], ["a": [1, 9, 2]]),
            (["a": [1, 2]], [["op": "add", "path": "/a/-", "value": 9]], ["a": [1, 2, 9]]),
            (["a": [1, 2]], [["op": "add", "path": "/a/2", "value": 9]], ["a": [1, 2, 9]]),
            (["a": [1, 2]], [["op": "remove", "path": "/a/-1"]], ["a": [1]]),
            (["a": 1, "b": 2], [["op": "remove", "path": "/a"]], ["b": 2]),
            (
                ["a": ["b": [["c": 1]]]], [["op": "replace", "path": "/a/b/0/c", "value": .null]],
                ["a": ["b": [["c": .null]]]]
            ),
            (["a": 1], [["op": "replace", "path": "", "value": [1]]], [1]),
            (["a": 1], [["op": "replace", "path": "/b", "value": 2]], ["a": 1, "b": 2]),
            (["a": ["x": 1], "b": [:]], [["op": "move", "from": "/a/x", "path": "/b/y"]], ["a": [:], "b": ["y": 1]]),
            (["a": [1, 2, 3]], [["op": "move", "from": "/a/0", "path": "/a/2"]], ["a": [2, 3, 1]]),
            (["a": ["x": 1]], [["op": "copy", "from": "/a", "path": "/b"]], ["a": ["x": 1], "b": ["x": 1]]),
            (["a/b": 1, "m~n": 2], [["op": "remove", "path": "/a~1b"], ["op": "remove", "path": "/m~0n"]], [:]),
            (["a": 1.0], [["op": "test", "path": "/a", "value": 1]], ["a": 1]),
            (["a": 1], [["op": "test", "path": "/b", "value": .null]], ["a": 1]),
            (["": 1], [["op": "replace", "path": "/", "value": 2]], ["": 2]),
            (["a": 1], [], ["a": 1]),
        ] as [(JSON, JSON, JSON)])
    func operations(document: JSON, patch: JSON, expected: JSON) throws {
        #expect(try JSONPatch.apply(patch, to: document) == expected)
    }

    @Test(
        "What does not fit is an error that names operation and path",
        arguments: [
            ([["op": "remove", "path": "/x"]], "/x: operation 0: there is no value at this path"),
            ([["op": "add", "path": "/x/y", "value": 1]], "/x/y: operation 0: there is no value at this path"),
            ([["op": "replace", "path": "/l/2", "value": 1]], "/l/2: operation 0: there is no value at this path"),
            ([["op": "replace", "path": "/x/y", "value": 1]], "/x/y: operation 0: there is no value at this path"),
            ([["op": "add", "path": "/l/4", "value": 1]], "/l/4: operation 0: index beyond the end of a list of 2"),
            ([["op": "add", "path": "/l/01", "value": 1]], "/l/01: operation 0: \"01\" is no index of a list"),
            ([["op": "remove", "path": "/l/-"]], "/l/-: operation 0: there is no value at this path"),
            (
                [["op": "remove", "path": "/l/99999999999999999999"]],
                "/l/99999999999999999999: operation 0: there is no value at this path"
            ),
            ([["op": "remove", "path": "a"]], "operation 0: path must be a JSON pointer such as /spec/replicas"),
            ([["op": "remove", "path": "/a~2"]], "operation 0: path must be a JSON pointer such as /spec/replicas"),
            ([["op": "add", "path": "/x"]], "operation 0: value is missing"),
            (
                [["op": "test", "path": "/a", "value": 1], ["op": "test", "path": "/a", "value": 2]],
                "/a: operation 1: test failed: the value is another one"
            ),
            ([["op": "test", "path": "/x", "value": 2]], "/x: operation 0: test failed: there is no such value"),
            ([["op": "move", "from": "/o", "path": "/o/p"]], "/o/p: operation 0: cannot move a value into itself"),
            (
                [["op": "jump", "path": "/o"]],
                "operation 0: unknown op \"jump\"; use add, remove, replace, move, copy or test"
            ),
            ([1], "operation 0: path must be a JSON pointer such as /spec/replicas"),
            (["op": "add"], "a JSON patch must be a list of operations, found an object"),
        ] as [(JSON, String)])
    func errors(patch: JSON, message: String) {
        do throws(PatchError) {
            let result = try JSONPatch.apply(patch, to: ["a": 1, "l": [1, 2], "o": ["p": 1]])
            Issue.record("applied: \(result)")
        } catch {
            #expect(error.description == message)
            #expect(error.isFailedTest == message.contains("test failed"))
        }
    }

    @Test("Too many operations, and copies that double an object each time, are refused")
    func bombs() {
        let operation: JSON = ["op": "add", "path": "/a", "value": 1]
        #expect(throws: PatchError.self) {
            try JSONPatch.apply(.array(Array(repeating: operation, count: 10_001)), to: [:])
        }
        let double: JSON = .array(
            (0..<100).map { ["op": "copy", "from": "", "path": .string("/a\($0)")] })
        #expect(throws: PatchError.self) { try JSONPatch.apply(double, to: [:]) }
        // One level deeper each time.
        var deepen: [JSON] = []
        for _ in 0..<3_000 {
            deepen += [
                ["op": "move", "from": "/a", "path": "/b"], ["op": "add", "path": "/a", "value": [:]],
                ["op": "move", "from": "/b", "path": "/a/x"],
            ]
        }
        #expect(throws: PatchError.self) { try JSONPatch.apply(.array(deepen), to: ["a": [:]]) }
    }
}

@Suite("Merge patches") struct MergePatchTests {
    @Test(
        "Members are merged, lists replaced, null deletes",
        arguments: [
            (["a": "b"], ["a": "c"], ["a": "c"]), (["a": "b"], ["b": "c"], ["a": "b", "b": "c"]),
            (["a": "b"], ["a": .null], [:]),
            (["a": ["b": "c"]], ["a": ["b": "d", "c": .null]], ["a": ["b": "d"]]),
            (["a": [["b": "c"]]], ["a": [1]], ["a": [1]]),
            (["a": "foo"], .null, .null), (["a": "foo"], "bar", "bar"), (["e": .null], ["a": 1], ["e": .null, "a": 1]),
            ([1, 2], ["a": "b", "c": .null], ["a": "b"]), ([:], ["a": ["bb": ["ccc": .null]]], ["a": ["bb": [:]]]),
        ] as [(JSON, JSON, JSON)])
    func apply(target: JSON, patch: JSON, expected: JSON) {
        #expect(MergePatch.apply(patch, to: target) == expected)
    }

    @Test(
        "A difference, applied, gives the target",
        arguments: [
            (["a": 1], ["a": 2], ["a": 2]), (["a": 1], ["b": 2], ["a": .null, "b": 2]),
            (["a": ["b": 1, "c": 2]], ["a": ["b": 1]], ["a": ["c": .null]]),
            (["a": 1], ["a": ["b": 2]], ["a": ["b": 2]]),
            (["a": ["b": 2]], ["a": 1], ["a": 1]), (["a": [1]], ["a": [1, 2]], ["a": [1, 2]]),
            (["a": [:]], [:], ["a": .null]),
            ([:], ["a": [:]], ["a": [:]]),
        ] as [(JSON, JSON, JSON)])
    func diff(from: JSON, to: JSON, patch: JSON) {
        #expect(MergePatch.diff(from: from, to: to) == patch)
        #expect(MergePatch.apply(patch, to: from) == to)
    }

    @Test("Equal values have no difference, and null is absent")
    func equal() {
        #expect(MergePatch.diff(from: ["a": ["b": 1.0]], to: ["a": ["b": 1]]) == nil)
        #expect(MergePatch.diff(from: ["a": .null], to: [:]) == nil)
        #expect(MergePatch.diff(from: [:], to: ["a": .null]) == nil)
    }
}
