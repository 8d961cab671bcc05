/// Arithmetic on paths relative to a source's root.
enum SourcePath {
    /// The directory and the last name of a path; the directory of a top-level name is empty.
    static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }

    static func join(_ directory: String, _ name: String) -> String {
        directory.isEmpty ? name : name.isEmpty ? directory : "\(directory)/\(name)"
    }

    /// `directory`/`path` without `.`, `..` and repeated slashes, or `nil` when it is absolute or leaves the root.
    static func resolve(_ path: String, in directory: String) -> String? {
        guard !path.hasPrefix("/") else { return nil }
        var parts = directory.split(separator: "/")
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return nil
            }
        }
        return parts.joined(separator: "/")
    }

    /// Whether `path` is `directory` or lies below it.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        directory.isEmpty || path == directory || path.hasPrefix(directory + "/")
    }
}
