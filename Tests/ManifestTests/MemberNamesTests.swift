import Manifest
import SluiceTestKit
import Testing

@Suite("Members by name") struct MemberNamesTests {
    private static let names = [
        "name", "uid", "resourceVersion", "a", "", "aVeryLongNameThatTakesMoreThanFourWords", "last", "quo\"te", "é",
    ]

    /// What is read of the members that are known; the last of a name counts.
    private func read(_ text: String) throws -> [String: JSON] {
        var found: [String: JSON] = [:]
        var reader = JSONReader(Array(text.utf8))
        try reader.readMembers(of: MemberNames(Self.names)) { reader, index throws(JSONError) in
            found[Self.names[index]] = try reader.readJSON()
        }
        try reader.finish()
        return found
    }

    @Test("members are found in any order, among others, with white space and escapes", arguments: 0..<200)
    func anyOrder(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var expected: [String: JSON] = [:]
        var parts: [String] = []
        let others = ["nam", "names", "uid2", "resourceVersio", "other", "b"]
        for name in (Self.names + others + Self.names).shuffled(using: &random).prefix(
            Int.random(in: 0...12, using: &random))
        {
            let value = JSON.random(using: &random, depth: 2)
            let space = Bool.random(using: &random) ? "" : " "
            var key = JSON.string(name).description
            if Bool.random(using: &random) { key = key.replacing("a", with: "\\u0061") }
            parts.append("\(space)\(key)\(space):\(space)\(value)")
            if Self.names.contains(name) { expected[name] = value }
        }
        let text = "{" + parts.joined(separator: ",") + "}"
        #expect(try read(text) == expected, "\(text)")
        // In every piece of it that is none, an error and no trap.
        for end in stride(from: 0, to: text.utf8.count - 1, by: 3) {
            #expect(throws: JSONError.self) { try read(String(decoding: text.utf8.prefix(end), as: UTF8.self)) }
        }
    }

    @Test("the order of writers is read like any other, and what is left unread is skipped")
    func inOrder() throws {
        let text = #"{"name":"web","uid":[1],"resourceVersion":{"a":{}},"a":"a","last":3,"unknown":null,"uid":2}"#
        var seen: [Int] = []
        var reader = JSONReader(Array(text.utf8))
        try reader.readMembers(of: MemberNames(Self.names)) { _, index throws(JSONError) in seen.append(index) }
        #expect(seen == [0, 1, 2, 3, 6, 1])
    }

    @Test(
        "what is no member is an error with its place",
        arguments: [
            (#"{"name" 1}"#, ""), (#"{"name":}"#, "name"), (#"{"name":1 "uid":2}"#, ""), (#"{"name":1,}"#, ""),
            (#"{"uid":tru}"#, "uid"), (#"{"other":[}"#, ""),
            ("{" + String(repeating: "\0", count: 64) + "}", ""),
            (#"{"name":1,"# + String(repeating: "\0", count: 64), ""),
        ])
    func malformed(_ text: String, _ path: String) {
        let error = #expect(throws: JSONError.self) { try read(text) }
        #expect(error?.fieldPath == path)
    }

    @Test("null has no members, and deep nesting ends")
    func edges() throws {
        #expect(try read("null").isEmpty)
        #expect(try read(" { } ").isEmpty)
        let deep = String(repeating: #"{"a":"#, count: 200)
        #expect(throws: JSONError.self) { try read(deep) }
        #expect(throws: JSONError.self) { try read("[]") }
    }
}
