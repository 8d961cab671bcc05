/// What validation found: errors in the order of the rules' table, and warnings.
///
/// Paths and messages are made only for what is wrong, because the rules run on every decode of a Rollout.
struct FieldFindings: Sendable {
    /// Rules that stand below the table come after all of its rows.
    static let afterTable = 1_000

    private var errors: [(row: Int, problem: FieldProblem)] = []
    private(set) var warnings: [FieldProblem] = []

    /// Records an error.
    /// - Parameter row: The rule's place in the table; of several errors the lowest one goes into the status.
    mutating func check(
        _ isWrong: Bool, row: Int, _ path: @autoclosure () -> String, _ message: @autoclosure () -> String,
        _ kind: FieldProblem.Kind = .invalid
    ) {
        if isWrong { errors.append((row, FieldProblem(path(), kind, message()))) }
    }

    mutating func add(row: Int, _ problem: FieldProblem) { errors.append((row, problem)) }

    /// Records what is accepted but hardly meant.
    mutating func warn(
        _ isOdd: Bool, _ path: @autoclosure () -> String, _ message: @autoclosure () -> String
    ) {
        if isOdd { warnings.append(FieldProblem(path(), .invalid, message())) }
    }

    /// The errors by row; those of one row as they were found.
    var problems: [FieldProblem] {
        guard errors.count > 1 else { return errors.map(\.problem) }
        return errors.enumerated().sorted { ($0.element.row, $0.offset) < ($1.element.row, $1.offset) }
            .map(\.element.problem)
    }
}
