import Manifest
import RolloutEngine
import Testing

@Suite("Texts that objects share") struct SharedTextTests {
    private func decode(_ metadata: String) throws(JSONError) -> ReplicaSet {
        var reader = JSONReader(Array(#"{"metadata":{"name":"web",\#(metadata)},"status":{"replicas":1}}"#.utf8))
        let set = try ReplicaSet.decode(&reader)
        try reader.finish()
        return set
    }

    private static let hash = "rollouts-pod-template-hash"

    @Test("labels that differ in the hash alone are told apart, wherever it stands")
    func labels() throws {
        for before in ["", #""app":"shared","#, #""a":"\#(Self.hash)","#] {
            for after in ["", #","team":"checkout""#] {
                for hash in ["6b56c8cdb4", "", "5f4dcc3b5a", "a hash that is too long to be kept in place"] {
                    let set = try decode(#""labels":{\#(before)"\#(Self.hash)":"\#(hash)"\#(after)}"#)
                    #expect(set.labels[Self.hash] == hash)
                    #expect(set.labels.count == 1 + (before.isEmpty ? 0 : 1) + (after.isEmpty ? 0 : 1))
                    #expect(set.labels["team"] == (after.isEmpty ? nil : "checkout"))
                }
            }
        }
    }

    @Test("the hash is selected and compared like any label")
    func selection() throws {
        let texts = [
            #""labels":{"app":"web"}"#, #""labels":{"\#(Self.hash)":"a"}"#,
            #""labels":{"app":"web","\#(Self.hash)":"a"}"#,
            #""labels":{"\#(Self.hash)":"b","app":"web"}"#, #""labels":{"\#(Self.hash)":null,"app":"web"}"#,
        ]
        let selectors = [
            LabelSelector(matchLabels: ["app": "web"]), LabelSelector(matchLabels: [Self.hash: "a"]),
            LabelSelector(matchExpressions: [.init(key: Self.hash, op: .isIn, values: ["a"])]),
            LabelSelector(matchExpressions: [.init(key: Self.hash, op: .notIn, values: ["a"])]),
            LabelSelector(matchExpressions: [.init(key: Self.hash, op: .doesNotExist)]),
        ]
        for text in texts {
            let set = try decode(text)
            for selector in selectors {
                #expect(set.isSelected(by: selector) == selector.matches(set.labels), "\(text) \(selector.text)")
            }
            var other = set
            other.labels = set.labels
            #expect(other == set)
            #expect(set.templateHash == set.labels[Self.hash])
            other.labels[Self.hash] = "c"
            #expect(other != set && other.hash == "c")
        }
    }

    @Test("of two labels of one name, the last counts")
    func twice() throws {
        for hash in ["a", "b", "c"] {
            let plain = try decode(#""labels":{"\#(Self.hash)":"\#(hash)","\#(Self.hash)":"last"}"#)
            #expect(plain.labels == [Self.hash: "last"])
            let escaped = try decode(
                #""labels":{"\#(Self.hash)":"\#(hash)","rollouts-pod-template-has\u0068":"last"}"#)
            #expect(escaped.labels == [Self.hash: "last"])
        }
    }

    @Test("an owner is read the same each time, and only the one that controls")
    func owners() throws {
        for number in [1, 2, 1, 1, 3, 2] {
            let owner = #"{"kind":"Rollout","name":"web","uid":"u\#(number)","controller":true}"#
            let other = #"{"kind":"Other","name":"x","uid":"o"}"#
            let set = try decode(#""ownerReferences":[\#(owner),\#(other)],"annotations":{"n":"\#(number)"}"#)
            #expect(set.owner == OwnerReference(kind: "Rollout", name: "web", uid: "u\(number)"))
            #expect(set.annotations == ["n": "\(number)"])
            #expect(try decode(#""ownerReferences":[\#(other)]"#).owner == nil)
            #expect(try decode(#""ownerReferences":null,"labels":null,"annotations":null"#).owner == nil)
        }
    }

    @Test("steps are the same for the same text, and others for others")
    func steps() throws {
        func canary(_ steps: String) throws(JSONError) -> CanaryStrategy? {
            let text = #"{"metadata":{"name":"web"},"spec":{"strategy":{"canary":{"steps":\#(steps)}}}}"#
            var reader = JSONReader(Array(text.utf8))
            return try Rollout.decode(&reader).spec.canary
        }
        let long = "[" + (1...300).map { #"{"setWeight":\#($0 % 100)},{"pause":{}}"# }.joined(separator: ",") + "]"
        for weight in [10, 20, 10, 30, 20] {
            let steps = #"[{"setWeight":\#(weight)},{"pause":{"duration":"5m"}}]"#
            let found = try #require(try canary(steps))
            let spaced = try #require(try canary(steps.replacing(":", with: " : ")))
            #expect(found.steps.first?.setWeight == weight && found.steps.count == 2)
            #expect(found.stepHash == spaced.stepHash && found.steps == spaced.steps)
            #expect(try canary(long)?.steps.count == 600)
            #expect(try canary("null")?.steps == [])
            let error = #expect(throws: JSONError.self) { try canary(#"[{"setWeight":"\#(weight)"}]"#) }
            #expect(error?.fieldPath == "spec.strategy.canary.steps[0].setWeight")
        }
    }

    @Test("what cannot be read is named each time, also behind a text that is known")
    func unreadable() throws {
        let good = #""labels":{"app":"shared","\#(Self.hash)":"6b56c8cdb4","team":"checkout"}"#
        for _ in 0..<3 {
            _ = try decode(good)
            #expect(throws: JSONError.self) { try decode(good.replacing("\"checkout\"", with: "[]")) }
            #expect(throws: JSONError.self) { try decode(good.replacing("\"6b56c8cdb4\"", with: "7")) }
            #expect(throws: JSONError.self) { try decode(good.dropLast() + "") }
            let error = #expect(throws: JSONError.self) { try decode(#""annotations":{"n":{}}"#) }
            #expect(error?.fieldPath == "metadata.annotations.n")
        }
    }
}
