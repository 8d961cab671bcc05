import Manifest
import Testing

private let table = MergeTable([
    "containers": .merge("name"), "containers.ports": .merge("containerPort", "protocol"),
    "containers.env": .merge("name"),
    "finalizers": .merge(), "selector": .replace, "conditions": .merge("type"),
])

@Suite("Strategic merge patches") struct StrategicMergeTests {
    @Test(
        "Lists are merged as the API server merges them",
        arguments: [
            (
                "an element is merged by its key, a new one stands where the patch has it",
                ["containers": [["name": "a", "image": "1"], ["name": "b"]]],
                ["containers": [["name": "c"], ["name": "a", "image": "2"]]],
                ["containers": [["name": "c"], ["name": "a", "image": "2"], ["name": "b"]]]
            ),
            (
                "an element is deleted", ["containers": [["name": "a"], ["name": "b"]]],
                ["containers": [["name": "a", "$patch": "delete"]]], ["containers": [["name": "b"]]]
            ),
            (
                "a list is replaced", ["containers": [["name": "a"], ["name": "b"]]],
                ["containers": [["name": "c"], ["$patch": "replace"]]], ["containers": [["name": "c"]]]
            ),
            ("a map is replaced", ["m": ["a": 1]], ["m": ["$patch": "replace", "b": 2]], ["m": ["b": 2]]),
            ("a map is emptied", ["m": ["a": 1]], ["m": ["$patch": "delete"]], ["m": [:]]),
            ("null deletes, also where nothing is", ["a": 1], ["a": .null, "b": .null, "c": ["d": .null]], ["c": [:]]),
            ("a set grows", ["finalizers": ["a", "b"]], ["finalizers": ["b", "c"]], ["finalizers": ["a", "b", "c"]]),
            (
                "a set shrinks", ["finalizers": ["a", "b"]], ["$deleteFromPrimitiveList/finalizers": ["a", "x"]],
                ["finalizers": ["b"]]
            ),
            ("an undeclared list is replaced", ["l": [["name": "a"]]], ["l": [["name": "b"]]], ["l": [["name": "b"]]]),
            ("an undeclared map is merged", ["m": ["a": 1]], ["m": ["b": 2]], ["m": ["a": 1, "b": 2]]),
            ("an atomic map is replaced", ["selector": ["a": 1]], ["selector": ["b": 2]], ["selector": ["b": 2]]),
            (
                "other members of a union go", ["s": ["type": "R", "rolling": ["x": 1]]],
                ["s": ["$retainKeys": ["type"], "type": "Recreate"]], ["s": ["type": "Recreate"]]
            ),
            (
                "the first key is the merge key",
                ["containers": [["name": "a", "ports": [["containerPort": 80, "name": "x"]]]]],
                [
                    "containers": [
                        ["name": "a", "ports": [["containerPort": 80, "protocol": "UDP"], ["containerPort": 81]]]
                    ]
                ],
                [
                    "containers": [
                        [
                            "name": "a",
                            "ports": [["containerPort": 80, "name": "x", "protocol": "UDP"], ["containerPort": 81]],
                        ]
                    ]
                ]
            ),
            (
                "order is set, server-only elements stay near their place",
                ["containers": [["name": "a"], ["name": "b"], ["name": "x"], ["name": "c"]]],
                [
                    "$setElementOrder/containers": [["name": "c"], ["name": "new"], ["name": "a"], ["name": "b"]],
                    "containers": [["name": "new", "image": "1"]],
                ],
                [
                    "containers": [
                        ["name": "x"], ["name": "c"], ["name": "new", "image": "1"], ["name": "a"], ["name": "b"],
                    ]
                ]
            ),
            (
                "order of scalars, with a deletion", ["finalizers": ["a", "b", "c"]],
                [
                    "$setElementOrder/finalizers": ["d", "c"], "$deleteFromPrimitiveList/finalizers": ["b"],
                    "finalizers": ["d"],
                ],
                ["finalizers": ["d", "a", "c"]]
            ),
            (
                "elements that only the server has stay before those they preceded",
                ["containers": [["name": "e"], ["name": "f"]]], ["containers": [["name": "f"], ["name": "c"]]],
                ["containers": [["name": "e"], ["name": "f"], ["name": "c"]]]
            ),
            (
                "a directive for a map that is not there does nothing", [:],
                ["m": ["n": ["$patch": "replace", "a": 1]]], ["m": [:]]
            ),
            (
                "deletion comes last", ["finalizers": ["a"]],
                ["finalizers": ["b"], "$deleteFromPrimitiveList/finalizers": ["b"]], ["finalizers": ["a"]]
            ),
            (
                "directives do not reach a new value", [:],
                ["containers": [["name": "a", "$patch": "delete"], ["name": "b", "env": [["name": "E"]]]]],
                ["containers": [["name": "b", "env": [["name": "E"]]]]]
            ),
        ] as [(String, JSON, JSON, JSON)])
    func server(reason: String, target: JSON, patch: JSON, expected: JSON) throws {
        #expect(try StrategicMerge.apply(patch, to: target, schema: table) == expected, "\(reason)")
    }

    @Test(
        "What cannot be merged is an error with its path",
        arguments: [
            (["containers": [["image": "x"]]], "containers: an element lacks the merge key \"name\""),
            (["containers": ["x"]], "containers: expected an object with name, found a string"),
            (["m": ["$patch": "eat"]], "m: unknown $patch \"eat\"; use merge, replace or delete"),
            (
                ["m": ["$retainKeys": ["a"], "b": 1]],
                "m: $retainKeys must name every member of the patch; \"b\" is missing"
            ),
            (
                ["$setElementOrder/containers": [["name": "z"]], "containers": [["name": "a"]]],
                "containers: the order of the patch's elements is not that of $setElementOrder/containers"
            ),
            ([1], "a strategic merge patch must be an object, found a list"),
        ] as [(JSON, String)])
    func errors(patch: JSON, message: String) {
        do throws(PatchError) {
            let target: JSON = ["containers": [["name": "a"]], "m": ["a": 1]]
            Issue.record("applied: \(try StrategicMerge.apply(patch, to: target, schema: table))")
        } catch { #expect(error.description == message) }
    }

    @Test(
        "Kustomize puts the patch's elements first",
        arguments: [
            (
                "one key: patch elements in their order, then the others",
                ["containers": [["name": "a"], ["name": "b", "x": 1], ["name": "c"]]],
                ["containers": [["name": "new"], ["name": "b", "x": 2]]],
                ["containers": [["name": "new"], ["name": "b", "x": 2], ["name": "a"], ["name": "c"]]]
            ),
            (
                "two keys: new ones first, the others in place",
                [
                    "containers": [
                        [
                            "name": "a",
                            "ports": [
                                ["containerPort": 80, "protocol": "TCP"], ["containerPort": 81, "protocol": "UDP"],
                            ],
                        ]
                    ]
                ],
                [
                    "containers": [
                        [
                            "name": "a",
                            "ports": [["containerPort": 81, "protocol": "UDP", "n": 1], ["containerPort": 9]],
                        ]
                    ]
                ],
                [
                    "containers": [
                        [
                            "name": "a",
                            "ports": [
                                ["containerPort": 9], ["containerPort": 80, "protocol": "TCP"],
                                ["containerPort": 81, "protocol": "UDP", "n": 1],
                            ],
                        ]
                    ]
                ]
            ),
            (
                "an absent protocol is TCP",
                ["containers": [["name": "a", "ports": [["containerPort": 80, "protocol": "TCP"]]]]],
                ["containers": [["name": "a", "ports": [["containerPort": 80, "name": "web"]]]]],
                ["containers": [["name": "a", "ports": [["containerPort": 80, "protocol": "TCP", "name": "web"]]]]]
            ),
            (
                "a set: patch first", ["finalizers": ["a", "b"]], ["finalizers": ["c", "b"]],
                ["finalizers": ["c", "b", "a"]]
            ),
            (
                "an element goes", ["containers": [["name": "a"], ["name": "b"]]],
                ["containers": [["name": "a", "$patch": "delete"]]], ["containers": [["name": "b"]]]
            ),
            (
                "a list is replaced", ["containers": [["name": "a"]]],
                ["containers": [["$patch": "replace"], ["name": "b"]]],
                ["containers": [["name": "b"]]]
            ),
            ("a map goes", ["m": ["a": 1], "n": 1], ["m": ["$patch": "delete"]], ["n": 1]),
            ("a map is replaced", ["m": ["a": 1]], ["m": ["$patch": "replace", "b": 1]], ["m": ["b": 1]]),
            ("nulls delete", ["a": 1, "m": ["b": 1]], ["a": .null, "m": ["b": .null]], ["m": [:]]),
            ("an atomic map is replaced", ["selector": ["a": 1]], ["selector": ["b": 2]], ["selector": ["b": 2]]),
            ("an undeclared list is replaced", ["l": [1, 2]], ["l": [3]], ["l": [3]]),
        ] as [(String, JSON, JSON, JSON)])
    func kustomize(reason: String, target: JSON, patch: JSON, expected: JSON) throws {
        #expect(try StrategicMerge.applyAsKustomize(patch, to: target, schema: table) == expected, "\(reason)")
        // A patch that is merged already changes nothing but order.
        #expect(try StrategicMerge.applyAsKustomize(target, to: target, schema: table) == target, "\(reason)")
    }

    @Test("Kustomize deletes an object and refuses foreign directives")
    func kustomizeDirectives() throws {
        #expect(
            try StrategicMerge.applyAsKustomize(["$patch": "delete"], to: ["a": 1], schema: MergeTable.empty)
                == Optional.none)
        #expect(throws: PatchError.self) {
            try StrategicMerge.applyAsKustomize(["$setElementOrder/x": []], to: ["a": 1], schema: MergeTable.empty)
        }
    }
}
