import AnalysisEngine
import Manifest
import Testing

@Suite("Jobs that measure")
struct JobTests {
    private static let uid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

    @Test(
        "a name fits, and no two metrics share one",
        arguments: [
            ("sleep-job", 1, "\(uid).sleep-job.1"),
            ("exactly-twenty-four-char", 9, "\(uid).exactly-twenty-four-char.9"),
            ("exactly-twenty-four-char", 10, "\(uid).exactly-twenty-ef09a1c9.10"),
            ("a-common-prefix-of-both-first", 1, "\(uid).a-common-prefix-6c12e5cc.1"),
            ("a-common-prefix-of-both-second", 1, "\(uid).a-common-prefix-97fed27a.1"),
            ("cut-after-a-dash---here-is-more", 1, "\(uid).cut-after-a-das-f998e45b.1"),
            ("cut-after-dash..--here-is-more", 1, "\(uid).cut-after-dash-cc3349d4.1"),
        ] as [(String, Int64, String)])
    func name(metric: String, number: Int64, expected: String) {
        let name = JobName.make(runUID: Self.uid, metric: metric, number: number)
        #expect(name == expected)
        #expect(name.utf8.count <= 63)
    }

    private static func task(_ settings: JSON) throws -> MeasurementTask {
        let metric = try Metric(["name": "m", "provider": ["job": settings]])
        return MeasurementTask(metric: metric, run: ObjectKey(namespace: "shop", name: "run"), runUID: "u1")
    }

    @Test("a Job carries what the metric says, and whose it is", arguments: [JobManifest.Tie.owner, .sweep, .none])
    func manifest(tie: JobManifest.Tie) throws {
        let task = try Self.task([
            "metadata": ["labels": ["team": "web", JobName.runUIDLabel: "forged"], "annotations": ["note": "n"]],
            "spec": [
                "backoffLimit": 0, "template": ["metadata": ["labels": ["rev": "2"]], "spec": ["containers": []]],
            ],
        ])
        let job = try JobManifest.build(task, namespace: tie == .owner ? "shop" : "jobs", tie: tie)
        var annotations: JSON = [
            "note": "n", "analysisrun.argoproj.io/name": "run", "analysisrun.argoproj.io/namespace": "shop",
            "analysisrun.argoproj.io/metric-name": "m",
        ]
        if tie == .sweep { annotations["sluice.dev/delete-with-analysisrun"] = "true" }
        var metadata: JSON = [
            "name": "u1.m.1", "namespace": tie == .owner ? "shop" : "jobs",
            "labels": ["team": "web", "analysisrun.argoproj.io/uid": "u1"], "annotations": annotations,
        ]
        if tie == .owner {
            metadata["ownerReferences"] = [
                [
                    "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "name": "run", "uid": "u1",
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ]
        }
        #expect(
            job == [
                "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
                "spec": [
                    "backoffLimit": 0,
                    "template": [
                        "metadata": ["labels": ["rev": "2", "analysisrun.argoproj.io/uid": "u1"]],
                        "spec": ["containers": []],
                    ],
                ],
            ])
        #expect(JobManifest.isJob(job, ofRun: "u1"))
        #expect(!JobManifest.isJob(job, ofRun: "u2"))
    }

    @Test(
        "a metric without a Job's spec is written wrongly", arguments: [[:], ["spec": [:]], ["spec": .null]] as [JSON])
    func noSpec(settings: JSON) throws {
        let task = try Self.task(settings)
        #expect(
            throws: MetricFailure(.misconfigured, "job: spec is missing; write the spec of a Job there")
        ) { try JobManifest.build(task, namespace: "shop", tie: .owner) }
    }

    @Test(
        "only a condition that is True ends a Job",
        arguments: [
            ([], .running),
            ([["type": "Complete", "status": "True"]], .complete),
            ([["type": "Complete", "status": "False"]], .running),
            ([["type": "Failed", "status": "Unknown"], ["type": "Suspended", "status": "True"]], .running),
            ([["type": "FailureTarget", "status": "True"]], .running),
            (
                [["type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"]],
                .failed(reason: "DeadlineExceeded: too long")
            ),
            ([["type": "Failed", "status": "True"]], .failed(reason: "")),
        ] as [(JSON, JobVerdict)])
    func verdict(conditions: JSON, expected: JobVerdict) {
        #expect(JobVerdict(["status": ["conditions": conditions]]) == expected)
    }

    private static func pod(
        _ reason: String, list: String = "containerStatuses", owner: String = "j1", deleted: Bool = false
    ) -> JSON {
        var metadata: JSON = ["name": "p", "ownerReferences": [["uid": .string(owner)]]]
        if deleted { metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return [
            "metadata": metadata,
            "status": [list: [["name": "c", "state": ["waiting": ["reason": .string(reason)]]]]],
        ]
    }

    @Test(
        "an image that cannot be pulled is named",
        arguments: [
            (pod("ErrImagePull"), "pod p, container c: ErrImagePull"),
            (pod("ImagePullBackOff"), "pod p, container c: ImagePullBackOff"),
            (pod("InvalidImageName", list: "initContainerStatuses"), "pod p, container c: InvalidImageName"),
            (pod("ContainerCreating"), nil), (pod("CrashLoopBackOff"), nil),
            (pod("ErrImagePull", owner: "another"), nil), (pod("ErrImagePull", deleted: true), nil),
        ] as [(JSON, String?)])
    func obstacle(pod: JSON, expected: String?) {
        #expect(JobVerdict.obstacle(["metadata": ["uid": "j1"]], pods: [pod]) == expected)
    }

    @Test(
        "a Job is looked at ever more seldom", arguments: [(0, 2), (2, 2), (8, 4), (50, 10), (1_800, 60)])
    func schedule(elapsed: Int64, wait: Int64) {
        let start = Timestamp(seconds: 1_000)
        let now = start + .seconds(elapsed)
        #expect(JobVerdict.resumeAt(startedAt: start, now: now) - now == .seconds(wait))
    }

    // MARK: In a run

    @Test("a measurement goes on over many reconciles and is counted once, at its end")
    func resumes() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [jobMetric()]], script: ["m": [.jobRuns, .jobRuns, .jobEnds(.successful)]])
        try harness.reconcile()
        #expect(harness.status.phase == .running)
        let begun = try #require(harness.status.result("m")?.measurements.first)
        #expect(begun.phase == .running && begun.finishedAt == nil && begun.resumeAt == harness.now)
        #expect(begun.metadata == ["job-name": "u1.m.1", "job-namespace": "shop"])
        #expect(harness.status.result("m")?.count == 0)
        try harness.run()
        #expect(harness.status.phase == .successful)
        let result = try #require(harness.status.result("m"))
        #expect(result.count == 1 && result.successful == 1 && result.measurements.count == 1)
        #expect(result.measurements.first?.startedAt == begun.startedAt)
        #expect(result.measurements.first?.resumeAt == nil)
        #expect(result.measurements.first?.finishedAt == harness.now)
    }

    @Test(
        "the Job's end is the run's",
        arguments: [
            (.failed, "metric \"m\" is Failed: failed (1) > failureLimit (0)"),
            (.inconclusive, "metric \"m\" is Inconclusive: inconclusive (1) > inconclusiveLimit (0)"),
        ] as [(AnalysisPhase, String)])
    func ends(phase: AnalysisPhase, message: String) throws {
        var harness = AnalysisHarness(spec: ["metrics": [jobMetric()]], script: ["m": [.jobEnds(phase)]])
        try harness.run()
        #expect(harness.status.phase == phase)
        #expect(harness.status.message == message)
    }

    @Test("each measurement has a Job of its own, also after an error")
    func numbers() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [jobMetric("m", ["count": 2, "interval": "5s", "failureLimit": 1])]],
            script: ["m": [.jobEnds(.failed), .jobEnds(.error), .jobEnds(.successful)]])
        try harness.run()
        #expect(harness.status.phase == .successful)
        let names = harness.status.result("m")?.measurements.map { $0.metadata["job-name"] }
        #expect(names == ["u1.m.1", "u1.m.2", "u1.m.3"])
    }

    @Test(
        "a Job that the caches show to be over is looked at before its time",
        arguments: [("True", .successful), ("False", .running)] as [(String, AnalysisPhase)])
    func early(isComplete: String, expected: AnalysisPhase) throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [jobMetric()]], script: ["m": [.jobRuns, .jobEnds(.successful)]])
        try harness.reconcile()
        try harness.reconcile()
        let resumeAt = try #require(harness.status.result("m")?.measurements.first?.resumeAt)
        #expect(resumeAt > harness.now)
        harness.jobs = [
            try cachedJob("u1.m.1", conditions: [["type": "Complete", "status": .string(isComplete)]])
        ]
        try harness.reconcile()
        #expect(harness.status.phase == expected)
    }

    @Test(
        "a terminated run ends its Job first, and is inconclusive where no inconclusive end is tolerated",
        arguments: [0, 1])
    func terminate(tolerated: Int64) throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [jobMetric("m", ["inconclusiveLimit": .int(tolerated)])]], script: ["m": [.jobRuns]])
        try harness.reconcile()
        harness.json.set(true, at: "spec", "terminate")
        try harness.reconcile()
        #expect(harness.status.phase == (tolerated == 0 ? .inconclusive : .successful))
        let measurement = harness.status.result("m")?.measurements.first
        #expect(measurement?.phase == .inconclusive)
        #expect(measurement?.message == "terminated")
    }

    @Test("a run that is terminated while its Job is being made waits for the Job's end")
    func terminateInFlight() throws {
        var harness = AnalysisHarness(spec: ["metrics": [jobMetric("m", ["inconclusiveLimit": 1])]])
        let task = try #require(AnalysisEngine.decide(try harness.run, now: harness.now).tasks.first)
        harness.json.set(true, at: "spec", "terminate")
        let begun = task.begun(ObjectKey(namespace: "shop", name: task.jobName), now: harness.now)
        let decision = AnalysisEngine.account(try harness.run, [begun], now: harness.now)
        #expect(decision.status.phase == .running)
        #expect(decision.requeueAfter == .zero)
        harness.json = MergePatch.apply(try #require(decision.statusPatch), to: harness.json)
        #expect(AnalysisEngine.decide(try harness.run, now: harness.now).tasks.map(\.kind) == [.terminate])
        try harness.reconcile()
        #expect(harness.status.phase == .successful)
    }

    @Test("a metric that goes bad ends the Jobs of the others")
    func othersEnd() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [metric("bad"), jobMetric("m")]], script: ["bad": [.value(0)], "m": [.jobRuns]])
        try harness.run()
        #expect(harness.status.phase == .failed)
        #expect(harness.status.result("m")?.measurements.first?.message == "terminated")
    }

    @Test("an endless dry run by Jobs does not hold back a step")
    func endlessDryRun() throws {
        var harness = AnalysisHarness(
            spec: [
                "metrics": [jobMetric("m"), jobMetric("dry", ["interval": "1m"])], "dryRun": [["metricName": "dry"]],
            ], script: ["m": [.jobRuns, .jobEnds(.successful)], "dry": [.jobRuns]], labels: ["rollout-type": "Step"])
        try harness.run(for: .seconds(60))
        #expect(harness.status.phase == .successful)
        #expect(harness.status.result("dry")?.measurements.last?.message == "terminated")
    }

    @Test("Jobs beyond the retention go, metric by metric, but never one that measures")
    func garbage() throws {
        var harness = AnalysisHarness(
            spec: [
                "metrics": [jobMetric("m", ["interval": "1m"]), jobMetric("other", ["interval": "1m"])],
                "measurementRetention": [["metricName": "^m$", "limit": 2]],
            ], script: ["m": [.jobRuns], "other": [.jobRuns]])
        try harness.reconcile()
        harness.jobs = [
            try cachedJob("u1.m.1", second: 0), try cachedJob("u1.m.9", second: 5), try cachedJob("u1.m.10", second: 5),
            try cachedJob("u1.m.11", second: 6), try cachedJob("u1.other.1", metric: "other", second: 0),
            try cachedJob("u1.unknown.1", metric: "unknown", second: 0),
        ]
        try harness.reconcile()
        #expect(harness.garbage == ["u1.m.9"])
    }
}
