import Manifest
import Testing

@Suite("Label selectors") struct LabelSelectorTests {
    @Test(
        "A query selects what it says",
        arguments: [
            ("", ["app": "web"], true), ("app=web", ["app": "web"], true), ("app==web", ["app": "api"], false),
            ("app=web,tier=a", ["app": "web"], false), ("app!=web", [:], true), ("app!=web", ["app": "web"], false),
            ("app in (web, api)", ["app": "api"], true), ("app in (web)", [:], false),
            ("app notin (web)", ["app": "x"], true),
            ("app notin (web)", [:], true), ("app", ["app": ""], true), ("!app", ["app": "x"], false),
            ("!app", [:], true),
            ("app=", ["app": ""], true),
            (" app = web , example.com/tier ", ["app": "web", "example.com/tier": ""], true),
        ] as [(String, [String: String], Bool)])
    func queries(text: String, labels: [String: String], selected: Bool) throws {
        #expect(try LabelSelector(parsing: text).matches(labels) == selected)
    }

    @Test(
        "A malformed query is refused",
        arguments: [
            "app=web,", ",", "app web", "app in", "app in (", "app in (a", "=x", "a b=c", "app>1", "a=b=c", "-a",
            "a/b/c", "A.b/", "app=ü", "a!b", "()",
        ])
    func malformedQueries(text: String) { #expect(throws: JSONError.self) { try LabelSelector(parsing: text) } }

    @Test("A selector's text can be read again")
    func roundTrip() throws {
        let json: JSON = [
            "matchLabels": ["b": "1", "a": "2"],
            "matchExpressions": [
                ["key": "c", "operator": "In", "values": ["y", "x"]],
                ["key": "d", "operator": "NotIn", "values": ["z"]],
                ["key": "e", "operator": "Exists"], ["key": "f", "operator": "DoesNotExist"],
            ],
        ]
        let selector = try LabelSelector(json)
        #expect(selector.json == json)
        #expect(selector.text == "a=2,b=1,c in (x,y),d notin (z),e,!f")
        let again = try LabelSelector(parsing: selector.text)
        #expect(again.matches(["a": "2", "b": "1", "c": "x", "e": ""]))
        #expect(!again.matches(["a": "2", "b": "1", "c": "x", "e": "", "f": ""]))
    }

    @Test(
        "A malformed expression is refused",
        arguments: [
            ["matchExpressions": [["operator": "Exists"]]], ["matchExpressions": [["key": "a", "operator": "Is"]]],
            ["matchExpressions": [["key": "a", "operator": "In"]]],
            ["matchExpressions": [["key": "a", "operator": "Exists", "values": ["x"]]]], [1],
        ] as [JSON])
    func malformed(json: JSON) { #expect(throws: JSONError.self) { try LabelSelector(json) } }

    @Test("An empty selector selects everything, and says that it is empty")
    func empty() throws {
        #expect(try LabelSelector([:]).isEmpty)
        #expect(try LabelSelector([:]).matches([:]))
    }
}
