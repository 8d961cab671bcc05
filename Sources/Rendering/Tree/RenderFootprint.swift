/// What a render has looked at: it stays right as long as all of it looks the same.
package struct RenderFootprint: Hashable, Sendable {
    private enum Seen: Hashable, Sendable {
        case nothing
        /// A directory that was passed through; what is in it did not matter.
        case directory
        case content(identity: String)
    }

    private var seen: [String: Seen] = [:]

    /// Paths that were looked at, sorted.
    package var paths: [String] { seen.keys.sorted() }

    mutating func note(_ path: String, _ entry: FileTreeEntry?, listing: Bool) {
        guard let entry else {
            seen[path] = .nothing
            return
        }
        if case .directory = entry.content, !listing {
            if seen[path] == nil { seen[path] = .directory }
        } else {
            seen[path] = .content(identity: entry.identity ?? entry.contentIdentity)
        }
    }

    /// Whether a render of the same request from `tree` would read the same, and so give the same.
    package func isCurrent(in tree: some FileTree) -> Bool {
        for (path, seen) in seen {
            do {
                switch seen {
                case .nothing: guard try tree.identity(at: path) == nil else { return false }
                case .content(let identity): guard try tree.identity(at: path) == identity else { return false }
                case .directory:
                    guard case .directory = try tree.entry(at: path, maxBytes: 0)?.content else { return false }
                }
            } catch {
                return false
            }
        }
        return true
    }
}
