/// Why a patch could not be applied.
package struct PatchError: Error, Hashable, CustomStringConvertible {
    /// What is wrong and how to mend it.
    package var reason: String
    /// Where in the patched object, as a field path or a JSON pointer; empty for the whole.
    package var path: String
    /// A `test` operation that found another value: the caller's expectation failed, not its patch.
    package var isFailedTest: Bool

    package init(_ reason: String, path: String = "", isFailedTest: Bool = false) {
        self.reason = reason
        self.path = path
        self.isFailedTest = isFailedTest
    }

    package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}
