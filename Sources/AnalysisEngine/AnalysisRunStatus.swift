package import Manifest

/// The status of an AnalysisRun.
package struct AnalysisRunStatus: Hashable, Sendable {
    package var phase: AnalysisPhase = .none
    package var message = ""
    package var startedAt: Timestamp?
    package var completedAt: Timestamp?
    package var runSummary = AnalysisSummary()
    package var dryRunSummary = AnalysisSummary()
    package var metricResults: [MetricResult] = []

    package init() {}

    /// Leaves out what cannot be read: a status is ours, and is written anew.
    package init(_ json: JSON) {
        phase = AnalysisPhase(rawValue: json["phase"]?.stringValue ?? "") ?? .none
        message = json["message"]?.stringValue ?? ""
        startedAt = json.time("startedAt")
        completedAt = json.time("completedAt")
        runSummary = AnalysisSummary(json["runSummary"] ?? .null)
        dryRunSummary = AnalysisSummary(json["dryRunSummary"] ?? .null)
        metricResults = (json["metricResults"]?.arrayValue ?? []).map { MetricResult($0) }
    }

    package var json: JSON {
        var result: JSON = ["phase": .string(phase.rawValue)]
        result.setText(message, "message")
        result.setTime(startedAt, "startedAt")
        result.setTime(completedAt, "completedAt")
        result["runSummary"] = runSummary.json
        result["dryRunSummary"] = dryRunSummary.json
        if !metricResults.isEmpty { result["metricResults"] = .array(metricResults.map(\.json)) }
        return result
    }

    /// Whether the same measurements are told, by how many there are and how the last ones stand.
    package func measured(asIn other: AnalysisRunStatus) -> Bool {
        func digest(_ status: AnalysisRunStatus) -> [[String]] {
            status.metricResults.map { result in
                let last = result.measurements.last
                return [
                    result.name, "\(result.count)", "\(result.error)", last?.phase.rawValue ?? "",
                    last?.resumeAt?.rfc3339 ?? "",
                ]
            }
        }
        return digest(self) == digest(other)
    }

    package func result(_ name: String) -> MetricResult? { metricResults.first { $0.name == name } }
}

/// How many metrics ended in which way; `count` is all of them.
package struct AnalysisSummary: Hashable, Sendable {
    package var count: Int64 = 0
    package var successful: Int64 = 0
    package var failed: Int64 = 0
    package var inconclusive: Int64 = 0
    package var error: Int64 = 0

    package init() {}

    package init(_ json: JSON) {
        count = json["count"]?.intValue ?? 0
        successful = json["successful"]?.intValue ?? 0
        failed = json["failed"]?.intValue ?? 0
        inconclusive = json["inconclusive"]?.intValue ?? 0
        error = json["error"]?.intValue ?? 0
    }

    package var json: JSON {
        [
            "count": .int(count), "successful": .int(successful), "failed": .int(failed),
            "inconclusive": .int(inconclusive), "error": .int(error),
        ]
    }

    mutating func add(_ phase: AnalysisPhase) {
        switch phase {
        case .successful: successful += 1
        case .failed: failed += 1
        case .inconclusive: inconclusive += 1
        case .error: error += 1
        case .none, .pending, .running: break
        }
    }
}

/// What has been measured of one metric; the counters outlive trimmed measurements.
package struct MetricResult: Hashable, Sendable {
    package var name: String
    package var phase: AnalysisPhase = .none
    package var message = ""
    package var count: Int64 = 0
    package var successful: Int64 = 0
    package var failed: Int64 = 0
    package var inconclusive: Int64 = 0
    package var error: Int64 = 0
    package var consecutiveError: Int64 = 0
    package var consecutiveSuccess: Int64 = 0
    package var dryRun = false
    package var metadata: [String: String] = [:]
    /// Oldest first.
    package var measurements: [Measurement] = []

    package init(name: String) { self.name = name }

    package init(_ json: JSON) {
        name = json["name"]?.stringValue ?? ""
        phase = AnalysisPhase(rawValue: json["phase"]?.stringValue ?? "") ?? .none
        message = json["message"]?.stringValue ?? ""
        count = json.counter("count")
        successful = json.counter("successful")
        failed = json.counter("failed")
        inconclusive = json.counter("inconclusive")
        error = json.counter("error")
        consecutiveError = json.counter("consecutiveError")
        consecutiveSuccess = json.counter("consecutiveSuccess")
        dryRun = json["dryRun"]?.boolValue ?? false
        metadata = json["metadata"]?.stringMap ?? [:]
        measurements = (json["measurements"]?.arrayValue ?? []).map { Measurement($0) }
    }

    package var json: JSON {
        var result: JSON = ["name": .string(name), "phase": .string(phase.rawValue)]
        result.setText(message, "message")
        for (key, value) in [
            ("count", count), ("successful", successful), ("failed", failed), ("inconclusive", inconclusive),
            ("error", error), ("consecutiveError", consecutiveError), ("consecutiveSuccess", consecutiveSuccess),
        ] where value != 0 { result[key] = .int(value) }
        if dryRun { result["dryRun"] = true }
        if !metadata.isEmpty { result["metadata"] = JSON(metadata) }
        if !measurements.isEmpty { result["measurements"] = .array(measurements.map(\.json)) }
        return result
    }
}

/// One look at a metric.
package struct Measurement: Hashable, Sendable {
    package var phase: AnalysisPhase
    package var message: String
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var value: String
    package var metadata: [String: String]
    package var resumeAt: Timestamp?

    package init(
        phase: AnalysisPhase, message: String = "", startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil,
        value: String = "", metadata: [String: String] = [:], resumeAt: Timestamp? = nil
    ) {
        self.phase = phase
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.value = value
        self.metadata = metadata
        self.resumeAt = resumeAt
    }

    package init(_ json: JSON) {
        self.init(
            phase: AnalysisPhase(rawValue: json["phase"]?.stringValue ?? "") ?? .none,
            message: json["message"]?.stringValue ?? "", startedAt: json.time("startedAt"),
            finishedAt: json.time("finishedAt"), value: json["value"]?.stringValue ?? "",
            metadata: json["metadata"]?.stringMap ?? [:], resumeAt: json.time("resumeAt"))
    }

    package var json: JSON {
        var result: JSON = ["phase": .string(phase.rawValue)]
        result.setText(message, "message")
        result.setTime(startedAt, "startedAt")
        result.setTime(finishedAt, "finishedAt")
        result.setText(value, "value")
        if !metadata.isEmpty { result["metadata"] = JSON(metadata) }
        result.setTime(resumeAt, "resumeAt")
        return result
    }

    package var isFinished: Bool { finishedAt != nil && phase.isFinal }
}

extension JSON {
    fileprivate func time(_ name: String) -> Timestamp? { self[name]?.stringValue.flatMap { Timestamp(rfc3339: $0) } }

    fileprivate func counter(_ name: String) -> Int64 { min(max(0, self[name]?.intValue ?? 0), 1 << 40) }

    fileprivate mutating func setText(_ text: String, _ name: String) {
        if !text.isEmpty { self[name] = .string(text) }
    }

    fileprivate mutating func setTime(_ time: Timestamp?, _ name: String) {
        if let time { self[name] = .string(time.rfc3339) }
    }
}
