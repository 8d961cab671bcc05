import Manifest

/// The members of an object that a decoder knows, in the order in which an API server writes them.
///
/// Members that it leaves alone belong here too where they come often: the order is then unbroken.
struct MemberTable<Member: RawRepresentable<String> & CaseIterable & Sendable>: Sendable {
    fileprivate let names = MemberNames(Member.allCases.map(\.rawValue))
    fileprivate let members = Array(Member.allCases)
}

extension JSONReader {
    /// Calls `member` for each member that `table` knows, of an object; a value that it leaves unread is skipped.
    @inline(__always)
    mutating func readMembers<Member>(
        _ table: MemberTable<Member>, _ member: (inout JSONReader, Member) throws(JSONError) -> Void
    ) throws(JSONError) {
        let members = table.members
        try readMembers(of: table.names) { reader, index throws(JSONError) in try member(&reader, members[index]) }
    }
}
