import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Splitting streams") struct SplitterTests {
    private static let list = #"""
        {"kind":"ReplicaSetList","apiVersion":"apps/v1","metadata":{"resourceVersion":"77","continue":"abc"},
         "items": [ {"metadata":{"name":"a"},"s":"}]\\\"{["} ,{"metadata":{"name":"b"},"deep":[[{"x":[]}]]},
         {"metadata":{"name":"c"}}], "after": 12 , "last":"x"}
        """#

    private func split(_ text: String, piece: Int, maxItem: Int = 1 << 20) throws -> (
        items: [String], splitter: ListSplitter
    ) {
        var splitter = ListSplitter(maxItem: maxItem, maxMember: 200)
        var items: [String] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let part = Array(bytes[start..<min(start + piece, bytes.count)])
            try splitter.feed(part.span) { items.append(String(decoding: $0, as: UTF8.self)) }
            start += piece
        }
        try splitter.finish()
        return (items, splitter)
    }

    @Test("a list is split alike, however it is cut into pieces", arguments: [1, 2, 3, 7, 16, 64, 1_000])
    func pieces(_ piece: Int) throws {
        let (items, splitter) = try split(Self.list, piece: piece)
        #expect(
            items == [
                #"{"metadata":{"name":"a"},"s":"}]\\\"{["}"#, #"{"metadata":{"name":"b"},"deep":[[{"x":[]}]]}"#,
                #"{"metadata":{"name":"c"}}"#,
            ])
        #expect(splitter.member("metadata")?["continue"] == "abc")
        #expect(splitter.member("kind") == "ReplicaSetList")
        #expect(splitter.member("after") == 12)
        #expect(splitter.member("last") == "x")
    }

    @Test(
        "what is no complete list is an error",
        arguments: [
            "", "[]", "{", #"{"items":[{"a":1}"#, #"{"items":[{"a":1}]"#, #"{"a" 1}"#, "hello", #"{"items":[]} x"#,
        ])
    func malformed(_ text: String) {
        #expect(throws: (any Error).self) { try split(text, piece: 4) }
    }

    @Test("empty lists, null items and lists of numbers are read")
    func odd() throws {
        #expect(try split(#"{"items":[]}"#, piece: 1).items == [])
        #expect(try split(#"{"items":null,"metadata":{}}"#, piece: 1).items == [])
        #expect(try split(#"{"items":[1, "a" ,true]}"#, piece: 1).items == ["1", #""a""#, "true"])
    }

    @Test("an item beyond its limit ends the list, whatever the size of the pieces", arguments: [1, 50, 1_000])
    func large(_ piece: Int) {
        #expect(throws: JSONError.self) { try split(Self.list, piece: piece, maxItem: 30) }
    }

    @Test("random cuts and random bytes never trap", arguments: 0..<50)
    func hostile(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Array(Self.list.utf8)
        for _ in 0..<Int.random(in: 1..<10, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                Array("{}[]\",:\\x 0".utf8).randomElement(using: &random) ?? 0
        }
        _ = try? split(String(decoding: bytes, as: UTF8.self), piece: Int.random(in: 1..<40, using: &random))
    }

    @Test("lines are split however they are cut; an ERROR is an error")
    func lines() throws {
        let text = #"{"type":"ADDED","object":{"a":1}}"# + "\n\n" + #"{"object":{"b":2},"type":"DELETED"}"# + "\n{"
        for piece in [1, 5, 1_000] {
            var splitter = LineSplitter()
            var events: [String] = []
            var start = 0
            let bytes = Array(text.utf8)
            while start < bytes.count {
                try splitter.feed(Array(bytes[start..<min(start + piece, bytes.count)]).span) { line in
                    if case .event(let event) = try WatchLine(line) {
                        events.append("\(event.kind.rawValue) \(String(decoding: event.object, as: UTF8.self))")
                    }
                }
                start += piece
            }
            #expect(events == [#"ADDED {"a":1}"#, #"DELETED {"b":2}"#])
        }
        let expired = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
        guard case .error(let error) = try WatchLine(Array(expired.utf8)) else {
            Issue.record("no error")
            return
        }
        #expect(error.isExpired)
    }
}
