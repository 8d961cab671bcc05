import AnalysisEngine
import Manifest
import SluiceTestKit

/// Runs an AnalysisRun in virtual time: decides, answers what is measured from a script, stores the status, and goes on.
struct AnalysisHarness {
    /// What a provider answers.
    enum Answer {
        case value(Double)
        case list([Double])
        case unavailable
        /// How a Job that has begun stands when it is looked at.
        case jobRuns
        case jobEnds(AnalysisPhase)
    }

    var json: JSON
    var now = Timestamp(seconds: 1_800_000_000)
    /// Answers by metric; the last one is repeated.
    var script: [String: [Answer]]
    /// Jobs that the caches show.
    var jobs: [AnalysisJob] = []
    var events: [String] = []
    /// Names of Jobs that were to be deleted.
    var garbage: [String] = []
    var reconciles = 0
    var isDeleted = false
    /// When measurements were taken, in seconds from the start.
    var takenAt: [Double] = []
    private let start = Timestamp(seconds: 1_800_000_000)

    init(spec: JSON, script: [String: [Answer]] = [:], labels: [String: String] = [:], status: JSON? = nil) {
        json = [
            "metadata": ["name": "run", "namespace": "shop", "uid": "u1", "labels": JSON(labels)], "spec": spec,
        ]
        if let status { json["status"] = status }
        self.script = script
    }

    var run: AnalysisRun {
        get throws { try AnalysisRun(json) }
    }
    var status: AnalysisRunStatus { AnalysisRunStatus(json["status"] ?? .emptyObject) }

    /// One reconcile.
    @discardableResult
    mutating func reconcile() throws -> AnalysisDecision {
        reconciles += 1
        let run = try run
        var decision = AnalysisEngine.decide(run, jobs: jobs, now: now)
        if !decision.tasks.isEmpty {
            let results = decision.tasks.map { answer($0) }
            takenAt += results.map { _ in (now - start).inSeconds }
            decision = AnalysisEngine.account(run, results, jobs: jobs, now: now)
        }
        if let patch = decision.statusPatch { json = MergePatch.apply(patch, to: json) }
        events += decision.events.map(\.reason)
        garbage += decision.garbage.map(\.key.name)
        isDeleted = isDeleted || decision.deletes
        return decision
    }

    /// Reconciles until the run ends or nothing more is due.
    mutating func run(for length: Duration = .seconds(3_600)) throws {
        let end = now + length
        while now <= end, !status.phase.isFinal {
            guard let wait = try reconcile().requeueAfter, !status.phase.isFinal else { return }
            now = now + wait
        }
    }

    private mutating func answer(_ task: MeasurementTask) -> MeasurementResult {
        if task.metric.provider == "job" {
            if task.kind == .run { return task.begun(ObjectKey(namespace: "shop", name: task.jobName), now: now) }
            if task.kind == .terminate { return task.ended(.inconclusive, now: now) }
        }
        var answers = script[task.metric.name] ?? [.value(1)]
        let answer = answers.count > 1 ? answers.removeFirst() : answers.first ?? .value(1)
        script[task.metric.name] = answers
        switch answer {
        case .value(let value): return task.judge(MetricReading(number: value), startedAt: now, finishedAt: now)
        case .list(let values): return task.judge(MetricReading(numbers: values), startedAt: now, finishedAt: now)
        case .jobRuns:
            return task.goesOn(until: JobVerdict.resumeAt(startedAt: task.previous?.startedAt, now: now), now: now)
        case .jobEnds(let phase): return task.ended(phase, now: now)
        case .unavailable:
            return task.failed(
                MetricFailure(.unavailable, "http://prometheus: connection refused"), startedAt: now, finishedAt: now)
        }
    }
}

/// A metric that is good at 1 or more; `more` overrides fields.
func metric(_ name: String = "m", _ more: JSON = [:]) -> JSON {
    let base: JSON = [
        "name": .string(name), "successCondition": "result >= 1", "provider": ["prometheus": ["query": "q"]],
    ]
    return MergePatch.apply(more, to: base)
}

/// A metric that a Job measures; `more` overrides fields.
func jobMetric(_ name: String = "m", _ more: JSON = [:]) -> JSON {
    let base: JSON = ["name": .string(name), "provider": ["job": ["spec": ["template": ["spec": [:]]]]]]
    return MergePatch.apply(more, to: base)
}

/// A Job as the caches show it.
func cachedJob(_ name: String, metric: String = "m", second: Int64 = 0, conditions: JSON = []) throws -> AnalysisJob {
    let json: JSON = [
        "metadata": [
            "name": .string(name), "namespace": "shop", "uid": .string("uid of \(name)"),
            "labels": ["analysisrun.argoproj.io/uid": "u1"],
            "annotations": [
                "analysisrun.argoproj.io/name": "run", "analysisrun.argoproj.io/namespace": "shop",
                "analysisrun.argoproj.io/metric-name": .string(metric),
            ],
            "creationTimestamp": .string(Timestamp(seconds: 1_800_000_000 + second).rfc3339),
        ],
        "status": ["conditions": conditions],
    ]
    var reader = JSONReader(json.serialized())
    return try AnalysisJob.decode(&reader)
}
