/// Why a tree could not be rendered.
package struct RenderError: Error, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A file or directory that something names is not there.
        case notFound
        /// A path or symlink leads out of the source, or out of where the tool may read.
        case outsideRoot
        /// A bound on bytes, depth or counts.
        case tooLarge
        /// A text that cannot be read, or that says something impossible.
        case malformed
        /// Something the field knows and Sluice does not do yet.
        case unsupported
        /// Two objects claim one identity, or a choice is ambiguous.
        case conflict
        /// The tree itself could not be read; trying again may help.
        case unreadable
    }

    package var code: Code
    /// The file or directory, relative to the root of the source.
    package var path: String
    /// Counted from 1; 0 where the whole file is meant.
    package var line: Int
    /// What is wrong and how to mend it.
    package var reason: String

    package init(_ code: Code, path: String, line: Int = 0, reason: String) {
        self.code = code
        self.path = path
        self.line = line
        self.reason = reason
    }

    /// Whether trying again without a new commit can help.
    package var isRetriable: Bool { code == .unreadable }

    package var description: String {
        "cannot render \(path.isEmpty ? "the root directory" : path)\(line > 0 ? " line \(line)" : ""): \(reason)"
    }
}
