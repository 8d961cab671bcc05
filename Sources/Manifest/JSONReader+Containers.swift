extension JSONReader {
    // The loops over members differ in how they read a key, and are the hot path of decoding: what they share is inlined.

    /// Enters an object; `false` where there is nothing in it, `null` included.
    @inline(__always)
    private mutating func enterObject() throws(JSONError) -> Bool {
        if position >= end || bytes[position] != UInt8(ascii: "{") {
            if try readNull() { return false }
            try expect(.object, "an object")
        }
        try enter()
        position += 1
        skipWhitespace()
        guard try take(UInt8(ascii: "}")) else { return true }
        leave()
        return false
    }

    /// Whether a comma leads to another member or element; leaves the container at its end.
    @inline(__always)
    private mutating func hasAnother(before closing: UInt8, _ complaint: StaticString) throws(JSONError) -> Bool {
        skipWhitespace()
        if try take(UInt8(ascii: ",")) { return true }
        guard try take(closing) else { throw JSONError("\(complaint)", offset: position) }
        leave()
        return false
    }

    /// An error of a value, with the key that stands at `keyStart` before its path.
    private func below(_ keyStart: Int, _ error: JSONError) throws(JSONError) -> JSONError {
        var reader = JSONReader(bytes, range: keyStart..<end)
        return JSONError(error.reason, offset: error.offset, path: [try reader.readString()] + error.path)
    }

    /// Calls `member` for each member of an object; a value that it leaves unread is skipped.
    ///
    /// `null` counts as an object without members, as it does in Kubernetes.
    package mutating func readObject(
        _ member: (inout JSONReader, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try enterObject() else { return }
        repeat {
            skipWhitespace()
            let key = try readKey()
            skipWhitespace()
            guard try take(UInt8(ascii: ":")) else { throw JSONError("expected ':' after a key", offset: position) }
            skipWhitespace()
            let before = position
            do {
                try member(&self, key)
                if position == before { try skipValue() }
            } catch {
                throw JSONError(error.reason, offset: error.offset, path: [key] + error.path)
            }
        } while try hasAnother(before: UInt8(ascii: "}"), "expected ',' or '}' in an object")
    }

    /// As ``readObject(_:)``, with the ``ByteHash`` of each key instead of the key.
    package mutating func readHashedObject(
        _ member: (inout JSONReader, UInt64) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try enterObject() else { return }
        repeat {
            skipWhitespace()
            let keyStart = position
            let key = try readStringHash()
            skipWhitespace()
            guard try take(UInt8(ascii: ":")) else { throw JSONError("expected ':' after a key", offset: position) }
            skipWhitespace()
            let before = position
            do {
                try member(&self, key)
                if position == before { try skipValue() }
            } catch {
                throw try below(keyStart, error)
            }
        } while try hasAnother(before: UInt8(ascii: "}"), "expected ',' or '}' in an object")
    }

    /// As ``readObject(_:)``, with the place of each key in `names`; members of other names are skipped.
    package mutating func readMembers(
        of names: MemberNames, _ member: (inout JSONReader, Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try enterObject() else { return }
        var next = 0
        repeat {
            skipWhitespace()
            let keyStart = position
            let index = try readName(names, next)
            skipWhitespace()
            let before = position
            do {
                if index >= 0 {
                    next = index &+ 1
                    try member(&self, index)
                }
                if position == before { try skipValue() }
            } catch {
                throw try below(keyStart, error)
            }
        } while try hasAnother(before: UInt8(ascii: "}"), "expected ',' or '}' in an object")
    }

    /// Reads a name and the colon behind it; names that nobody asked for are -1.
    @inline(__always)
    mutating func readName(_ names: MemberNames, _ next: Int) throws(JSONError) -> Int {
        // A member may be missing.
        var index = next
        if !isNext(names.patterns[index]) { index &+= 1 }
        if index == next || isNext(names.patterns[index]) {
            position &+= names.patterns[index].length
            return index
        }
        let key = try readStringHash()
        skipWhitespace()
        guard try take(UInt8(ascii: ":")) else { throw JSONError("expected ':' after a key", offset: position) }
        return names.index(key)
    }

    @inline(__always)
    func isNext(_ name: MemberNames.Pattern) -> Bool {
        guard end &- position >= MemberNames.Pattern.size else { return false }
        let raw = bytes.span.bytes
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position &+ offset, as: UInt64.self))
        }
        let first = (word(0) ^ name.words.0) & name.masks.0
        let second = (word(8) ^ name.words.1) & name.masks.1
        let third = (word(16) ^ name.words.2) & name.masks.2
        let fourth = (word(24) ^ name.words.3) & name.masks.3
        return first | second | third | fourth | name.never == 0
    }

    /// Calls `element` for each element of a list; one that it leaves unread is skipped.
    ///
    /// `null` is an empty list.
    package mutating func readArray(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        if try readNull() { return }
        try expect(.array, "a list")
        try enter()
        position += 1
        skipWhitespace()
        if try take(UInt8(ascii: "]")) { return leave() }
        var index = 0
        repeat {
            skipWhitespace()
            let before = position
            do {
                try element(&self)
                if position == before { try skipValue() }
            } catch {
                throw JSONError(error.reason, offset: error.offset, path: ["[\(index)]"] + error.path)
            }
            index += 1
        } while try hasAnother(before: UInt8(ascii: "]"), "expected ',' or ']' in a list")
    }

    /// An object of strings; `null` values are left out, and so is the member `unwanted`.
    package mutating func readStringMap(without unwanted: String? = nil) throws(JSONError) -> [String: String] {
        var members: [(String, String)] = []
        try readObject { reader, key throws(JSONError) in
            if let unwanted, key == unwanted { return }
            guard let value = try reader.readSharedString() else { return }
            if members.isEmpty { members.reserveCapacity(6) }
            members.append((key, value))
        }
        guard !members.isEmpty else { return [:] }
        // As large as it needs to be, from the start.
        var map = Dictionary<String, String>(minimumCapacity: members.count)
        for (key, value) in members { map[key] = value }
        return map
    }

    /// A list of strings.
    package mutating func readStrings() throws(JSONError) -> [String] {
        var list: [String] = []
        try readArray { reader throws(JSONError) in list.append(try reader.readString()) }
        return list
    }

    /// The whole next value as a tree.
    package mutating func readJSON() throws(JSONError) -> JSON {
        switch try peek() {
        case .null:
            try readLiteral("null")
            return .null
        case .bool: return .bool(try readBool())
        case .number: return try readNumber()
        case .string: return .string(try readString())
        case .array:
            var elements: [JSON] = []
            try readArray { reader throws(JSONError) in elements.append(try reader.readJSON()) }
            return .array(elements)
        case .object:
            var members: [String: JSON] = [:]
            try readObject { reader, key throws(JSONError) in members[key] = try reader.readJSON() }
            return .object(members)
        }
    }
}
