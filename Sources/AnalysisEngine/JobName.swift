import Manifest

/// Names, labels and annotations of the Jobs that measure.
package enum JobName {
    package static let runUIDLabel = "analysisrun.argoproj.io/uid"
    package static let runAnnotation = "analysisrun.argoproj.io/name"
    package static let namespaceAnnotation = "analysisrun.argoproj.io/namespace"
    package static let metricAnnotation = "analysisrun.argoproj.io/metric-name"
    /// `"true"` on a Job that no owner reference removes with its run, so that the controller does.
    package static let sweepAnnotation = "sluice.dev/delete-with-analysisrun"

    /// In a measurement's metadata.
    package static let nameKey = "job-name"
    package static let namespaceKey = "job-namespace"

    static let maximalLength = 63

    /// `<run's uid>.<metric>.<number>`, where a long metric is cut and made distinct by a hash of the whole.
    /// - Parameter number: From 1; each measurement of a metric has another.
    package static func make(runUID: String, metric: String, number: Int64) -> String {
        let room = maximalLength - runUID.utf8.count - 2 - String(number).utf8.count
        return "\(runUID).\(metric.utf8.count <= room ? metric : cut(metric, to: room)).\(number)"
    }

    /// The number at the end of a name that ``make(runUID:metric:number:)`` gave; 0 for another name.
    static func number(_ name: String) -> Int64 {
        name.split(separator: ".", omittingEmptySubsequences: false).last.flatMap { Int64($0) } ?? 0
    }

    private static func cut(_ metric: String, to room: Int) -> String {
        var hash = FNV1a()
        hash.combine(metric.utf8)
        let digits = String(hash.value, radix: 16)
        let suffix = String(repeating: "0", count: 8 - digits.utf8.count) + digits
        var start = ""
        for scalar in metric.unicodeScalars where start.utf8.count + String(scalar).utf8.count <= room - 9 {
            start.unicodeScalars.append(scalar)
        }
        // Neither may stand before the separator.
        while start.hasSuffix("-") || start.hasSuffix(".") { start.removeLast() }
        return start.isEmpty ? suffix : "\(start)-\(suffix)"
    }
}
