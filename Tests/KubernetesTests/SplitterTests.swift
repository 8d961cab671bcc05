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

    @Test(
        "items are read in place, and one that is cut or refused there once more, whole", arguments: [1, 7, 64, 1_000])
    func inPlace(_ piece: Int) throws {
        var splitter = ListSplitter()
        var items: [String] = []
        var refusals = 0
        let bytes = Array(Self.list.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let part = Array(bytes[start..<min(start + piece, bytes.count)])
            try splitter.feed(part.span) { reader in
                let object = try reader.readJSON()
                // A decoder that does not like "b" may be wrong about that only while the text is partial.
                if object.at("metadata", "name") == "b", reader.isPartial {
                    refusals += 1
                    throw JSONError("refused")
                }
                items.append(object.at("metadata", "name")?.stringValue ?? "")
            }
        }
        try splitter.finish()
        #expect(items == ["a", "b", "c"])
        #expect(splitter.items == 3)
        // Pieces of seven bytes cut every item.
        #expect(refusals <= 1 && (piece != 1_000 || refusals == 1) && (piece > 7 || refusals == 0))
    }

    @Test("an error that tells of no JSON ends the list at once")
    func failing() throws {
        struct Full: Error {}
        var splitter = ListSplitter()
        var calls = 0
        #expect(throws: Full.self) {
            try splitter.feed(Array(Self.list.utf8).span) { (reader: inout JSONReader) in
                calls += 1
                throw Full()
            }
        }
        #expect(calls == 1)
    }

    @Test("an item that nobody reads is left out")
    func unread() throws {
        var splitter = ListSplitter()
        try splitter.feed(Array(Self.list.utf8).span) { (_: inout JSONReader) in }
        try splitter.finish()
        #expect(splitter.items == 3)
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
