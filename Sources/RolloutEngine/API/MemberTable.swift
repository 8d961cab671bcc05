import Manifest

/// Knows the members of an object by the hashes of their names, in one look for each.
struct MemberTable<Member: RawRepresentable<String> & CaseIterable & Sendable>: Sendable {
    private var places: [(hash: UInt64, member: Member?)] = []

    init() {
        var size = 8
        while size < Member.allCases.count * 2 { size *= 2 }
        places = Array(repeating: (0, nil), count: size)
        for member in Member.allCases {
            let hash = ByteHash.of(member.rawValue.utf8)
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while places[place].member != nil { place = (place + 1) & (size - 1) }
            places[place] = (hash, member)
        }
    }

    /// The member whose name has this ``ByteHash``; at least half of the places are free, so the search ends.
    @inline(__always)
    subscript(hash: UInt64) -> Member? {
        let mask = places.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while let member = places[place].member {
            if places[place].hash == hash { return member }
            place = (place &+ 1) & mask
        }
        return nil
    }
}
