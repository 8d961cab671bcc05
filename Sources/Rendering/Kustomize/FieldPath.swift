import Manifest

/// A place in an object as Kustomize's tables write it: `spec/template/metadata/labels`, lists traversed on the way.
struct FieldPath: Hashable, Sendable {
    struct Segment: Hashable, Sendable {
        var name: String
        var isList: Bool
    }

    var segments: [Segment]

    /// `\/` stands for a slash in a name, `[]` behind a name marks a list.
    init(_ text: String) {
        segments = []
        var name = ""
        var isEscaped = false
        func segment() -> Segment {
            name.hasSuffix("[]")
                ? Segment(name: String(name.dropLast(2)), isList: true) : Segment(name: name, isList: false)
        }
        for character in text {
            if isEscaped {
                if character != "/" { name.append("\\") }
                name.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "/" {
                segments.append(segment())
                name = ""
            } else {
                name.append(character)
            }
        }
        segments.append(segment())
    }
}

extension JSON {
    /// Calls `change` for every value at a path.
    /// - Parameter create: What to put where the path ends in nothing; the objects on the way are made too. `nil` leaves
    ///   missing fields alone.
    mutating func visit(
        _ path: ArraySlice<FieldPath.Segment>, create: JSON?, _ change: (inout JSON) throws(RenderError) -> Void
    ) throws(RenderError) {
        guard let segment = path.first else { return try change(&self) }
        switch self {
        case .array(var elements):
            self = .null
            defer { self = .array(elements) }
            for index in elements.indices { try elements[index].visit(path, create: create, change) }
        case .object(var members):
            // Drops our reference, so that the members are changed in place.
            self = .null
            defer { self = .object(members) }
            let rest = path.dropFirst()
            if let index = members.index(forKey: segment.name), create == nil || members.values[index] != .null {
                if members.values[index] != .null { try members.values[index].visit(rest, create: create, change) }
            } else if let create {
                var value: JSON = rest.isEmpty ? create : segment.isList ? .array([]) : .emptyObject
                try value.visit(rest, create: create, change)
                members[segment.name] = value
            }
        default: break
        }
    }
}
