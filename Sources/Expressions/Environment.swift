package import Manifest

/// What an expression can see: its variables and the time; nothing else of the world.
package struct Environment: Sendable {
    package var variables: [String: Value]
    /// What `now()` gives.
    package var now: Timestamp

    package init(_ variables: [String: Value] = [:], now: Timestamp) {
        self.variables = variables
        self.now = now
    }
}
