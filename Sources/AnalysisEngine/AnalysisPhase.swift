/// Where a run, a metric or a measurement stands.
package enum AnalysisPhase: String, Sendable, Hashable, CaseIterable {
    case none = ""
    case pending = "Pending"
    case running = "Running"
    case successful = "Successful"
    case failed = "Failed"
    case error = "Error"
    case inconclusive = "Inconclusive"

    /// Whether it never changes any more.
    package var isFinal: Bool {
        switch self {
        case .successful, .failed, .error, .inconclusive: true
        case .none, .pending, .running: false
        }
    }

    /// Final, and not well.
    package var isBad: Bool { self == .failed || self == .error || self == .inconclusive }

    /// Orders phases from better to worse.
    package var badness: Int {
        switch self {
        case .none, .successful: 0
        case .running: 1
        case .pending: 2
        case .inconclusive: 3
        case .error: 4
        case .failed: 5
        }
    }

    /// Whether a change to it is worth a warning.
    package var isWarning: Bool { self == .failed || self == .error }
}
