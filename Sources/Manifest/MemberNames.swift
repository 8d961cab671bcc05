/// The names of an object's members in the order in which most writers write them.
///
/// A reader then needs one comparison for most names: that with the one that comes next in this order. Any other order
/// is read as well, by hash.
package struct MemberNames: Sendable {
    /// `"name":` in words of eight bytes, and which of their bits count.
    struct Pattern: Sendable {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var masks: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        /// Not zero where no text is like this, as for names that are too long.
        var never: UInt64 = 1
        var length = 0

        init() {}

        init(_ name: String) {
            let text = Array("\"\(name)\":".utf8)
            guard text.count <= Self.size, !text.contains(UInt8(ascii: "\\")) else { return }
            func word(_ first: Int) -> (UInt64, UInt64) {
                var (word, mask): (UInt64, UInt64) = (0, 0)
                for (index, byte) in text.dropFirst(first).prefix(8).enumerated() {
                    word |= UInt64(byte) << UInt64(8 * index)
                    mask |= 0xFF << UInt64(8 * index)
                }
                return (word, mask)
            }
            let parts = (word(0), word(8), word(16), word(24))
            words = (parts.0.0, parts.1.0, parts.2.0, parts.3.0)
            masks = (parts.0.1, parts.1.1, parts.2.1, parts.3.1)
            (never, length) = (0, text.count)
        }

        static var size: Int { 32 }
    }

    /// One for each name, and two that match nothing.
    let patterns: [Pattern]
    /// Places by hash; at least half of them are free.
    private var places: [(hash: UInt64, index: Int)] = []

    package init(_ names: [String]) {
        patterns = names.map { Pattern($0) } + [Pattern(), Pattern()]
        var size = 8
        while size < names.count * 2 { size *= 2 }
        places = Array(repeating: (0, -1), count: size)
        for (index, name) in names.enumerated() {
            let hash = ByteHash.of(name.utf8)
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while places[place].index >= 0 { place = (place + 1) & (size - 1) }
            places[place] = (hash, index)
        }
    }

    /// Which name has this ``ByteHash``; -1 where none has.
    func index(_ hash: UInt64) -> Int {
        let mask = places.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place].index >= 0 {
            if places[place].hash == hash { return places[place].index }
            place = (place &+ 1) & mask
        }
        return -1
    }
}
