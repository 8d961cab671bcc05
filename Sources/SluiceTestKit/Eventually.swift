/// What a test waited for did not come.
package struct NeverCame: Error, CustomStringConvertible {
    package var description: String
}

/// Waits until a condition holds, a few milliseconds between the looks.
///
/// It ends with the test's task too: a loop that only yields goes on for ever once what it waits for is cancelled, and
/// keeps one of few threads busy.
/// - Throws: ``NeverCame`` after the limit, `CancellationError`, and what the condition throws.
package func eventually(
    _ what: String, within limit: Duration = .seconds(50), isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverCame(description: "\(what): not within \(limit)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
