import EmbeddedCluster
import Kubernetes
import Manifest
import Testing

@Suite("Analysis by Jobs", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct JobAnalysisTests {
    /// A template whose metrics each run a shell line.
    private static func template(_ name: String, metrics: String) -> String {
        """
        apiVersion: argoproj.io/v1alpha1
        kind: AnalysisTemplate
        metadata: {name: \(name)}
        spec:
          args:
          - {name: duration, value: "1"}
          - {name: exit-code, value: "0"}
          - {name: image, value: "alpine:3"}
          - {name: size, valueFrom: {fieldRef: {fieldPath: spec.replicas}}}
          metrics:
        \(metrics)

        """
    }

    /// - Parameter more: Fields of the metric, each line indented by two spaces.
    private static func metric(_ name: String, more: String = "", deadline: Int? = nil) -> String {
        """
          - name: \(name)
        \(more)
            provider:
              job:
                metadata:
                  labels: {made-for: e2e, size: "{{args.size}}"}
                spec:
                  backoffLimit: 0
        \(deadline.map { "          activeDeadlineSeconds: \($0)" } ?? "")
                  template:
                    spec:
                      restartPolicy: Never
                      containers:
                      - name: main
                        image: "{{args.image}}"
                        command: [sh, -c]
                        args: ["sleep {{args.duration}} && exit {{args.exit-code}}"]
        """
    }

    private static func step(_ template: String, _ args: [String: String] = [:]) -> String {
        let lines = args.sorted { $0.key < $1.key }.map { "          - {name: \($0.key), value: \"\($0.value)\"}" }
        return """
                  - setWeight: 25
                  - analysis:
                      templates: [{templateName: \(template)}]
            \(lines.isEmpty ? "" : "          args:\n" + lines.joined(separator: "\n"))
            """
    }

    private func open(_ scenario: Scenario, _ template: String, strategy: String) async throws {
        try await scenario.apply(template)
        try await scenario.apply(Manifests.rollout(replicas: 2, strategy: strategy))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
    }

    private func steps(_ template: String, _ args: [String: String] = [:]) -> String {
        "      steps:\n" + Self.step(template, args)
    }

    private func untilRun(_ scenario: Scenario, is phase: String) async throws -> JSON {
        try await scenario.until("the AnalysisRun is \(phase)") {
            try await scenario.list(Kinds.analysisRun).first { $0.at("status", "phase")?.stringValue == phase }
        }
    }

    private func measurement(_ run: JSON) -> JSON? { run.at("status", "metricResults")?[0]?["measurements"]?[0] }

    @Test("Jobs that succeed let a version through, and go with their run") func good() async throws {
        let scenario = try await Scenario("jobs-good")
        let metrics =
            Self.metric("late", more: "    initialDelay: 2s") + "\n"
            + Self.metric("twice", more: "    interval: 1s\n    count: 2")
        try await open(scenario, Self.template("jobs", metrics: metrics), strategy: steps("jobs"))
        try await scenario.untilPhase("web", "Healthy")
        let run = try await untilRun(scenario, is: "Successful")
        let results = run.at("status", "metricResults")?.arrayValue ?? []
        let counts = Dictionary(
            uniqueKeysWithValues: results.map { ($0["name"]?.stringValue, $0["successful"]?.intValue) })
        #expect(counts == ["late": 1, "twice": 2])
        let jobs = try await scenario.list(Kinds.job)
        #expect(
            Set(jobs.map(\.objectKey.name)) == ["\(run.uid).late.1", "\(run.uid).twice.1", "\(run.uid).twice.2"])
        for job in jobs {
            #expect(job.at("metadata", "labels", "made-for") == "e2e")
            #expect(job.at("metadata", "labels", "size") == "2")
            #expect(job.at("metadata", "labels", "analysisrun.argoproj.io/uid")?.stringValue == run.uid)
        }
        try await scenario.stand.api.delete(
            Kinds.analysisRun, run.objectKey, DeleteOptions(propagation: .background))
        // The garbage collector of a real cluster learns of new kinds every half minute.
        try await scenario.until("the Jobs are gone") {
            try await scenario.list(Kinds.job).isEmpty
        }
    }

    @Test("a Job that fails aborts") func bad() async throws {
        let scenario = try await Scenario("jobs-bad")
        try await open(
            scenario, Self.template("jobs", metrics: Self.metric("m")), strategy: steps("jobs", ["exit-code": "1"]))
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "abort")?.boolValue == true)
        let run = try await untilRun(scenario, is: "Failed")
        #expect(measurement(run)?["message"]?.stringValue?.contains("BackoffLimitExceeded") == true)
    }

    @Test("a Job that runs past its deadline aborts") func deadline() async throws {
        let scenario = try await Scenario("jobs-deadline")
        try await open(
            scenario, Self.template("jobs", metrics: Self.metric("m", deadline: 2)),
            // Old Job controllers may miss the instant; the end of the pod makes them look again.
            strategy: steps("jobs", ["duration": "6"]))
        try await scenario.untilPhase("web", "Degraded")
        let run = try await untilRun(scenario, is: "Failed")
        #expect(measurement(run)?["message"]?.stringValue?.contains("DeadlineExceeded") == true)
    }

    @Test("a Job whose image cannot be pulled pauses") func noImage() async throws {
        let scenario = try await Scenario("jobs-image")
        try await open(
            scenario, Self.template("jobs", metrics: Self.metric("m")),
            strategy: steps("jobs", ["image": "does-not-exist:1"]))
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "pauseConditions")?[0]?["reason"]?.stringValue == "InconclusiveAnalysisRun")
        let run = try await untilRun(scenario, is: "Inconclusive")
        #expect(measurement(run)?["message"]?.stringValue?.contains("ImagePullBackOff") == true)
    }

    @Test("the Job of a background analysis is ended when the rollout is through") func background() async throws {
        let scenario = try await Scenario("jobs-background")
        let strategy = """
                  analysis:
                    templates: [{templateName: jobs}]
                    args: [{name: duration, value: "600"}]
                  steps:
                  - setWeight: 25
                  - pause: {}
            """
        try await open(scenario, Self.template("jobs", metrics: Self.metric("m")), strategy: strategy)
        try await scenario.untilPaused("web", at: 1)
        _ = try await untilRun(scenario, is: "Running")
        try await scenario.until("the Job runs") { try await scenario.list(Kinds.job).count == 1 }
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        let run = try await untilRun(scenario, is: "Inconclusive")
        #expect(measurement(run)?["phase"]?.stringValue == "Inconclusive")
        #expect(measurement(run)?["message"]?.stringValue == "terminated")
        try await scenario.until("the Job is gone") {
            try await scenario.list(Kinds.job).isEmpty
        }
    }

    @Test("a background Job past its deadline aborts") func backgroundDeadline() async throws {
        let scenario = try await Scenario("jobs-background-deadline")
        let strategy = """
                  analysis:
                    templates: [{templateName: jobs}]
                    args: [{name: duration, value: "6"}]
                  steps:
                  - setWeight: 25
                  - pause: {}
            """
        try await open(scenario, Self.template("jobs", metrics: Self.metric("m", deadline: 2)), strategy: strategy)
        try await scenario.untilPhase("web", "Degraded")
        let run = try await untilRun(scenario, is: "Failed")
        #expect(run.labels["rollout-type"] == "Background" && measurement(run)?["phase"] == "Failed")
        #expect(try await scenario.analysisRuns().count == 1)
    }

    @Test("a background Job without an image pauses while the step's own Job runs") func backgroundNoImage()
        async throws
    {
        let scenario = try await Scenario("jobs-background-image")
        let strategy = """
                  analysis:
                    startingStep: 1
                    templates: [{templateName: jobs}]
                    args: [{name: image, value: "does-not-exist:1"}]
                  steps:
            """
        // Both begin in one decision: neither can hold the other up.
        try await open(
            scenario,
            ["jobs", "step"].map { Self.template($0, metrics: Self.metric("m")) }.joined(separator: "---\n"),
            strategy: strategy + "\n" + Self.step("step", ["duration": "600"]))
        try await scenario.untilRun("Step", "Running")
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "message") == "InconclusiveAnalysisRun")
        #expect(try await scenario.analysisRuns("Background").map { $0.at("status", "phase") } == ["Inconclusive"])
        #expect(try await scenario.analysisRuns("Step").map { $0.at("status", "phase") } == ["Running"])
    }

    @Test("a retry right after a new size judges afresh", arguments: [false, true])
    func retryWithSize(isBackground: Bool) async throws {
        let scenario = try await Scenario("jobs-retry-\(isBackground)")
        let template = { (exit: String) in
            Self.template("jobs", metrics: Self.metric("m")).replacing(
                "{name: exit-code, value: \"0\"}", with: "{name: exit-code, value: \"\(exit)\"}")
        }
        try await scenario.apply(template("1"))
        let analysis = "analysis: {templates: [{templateName: jobs}]}"
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2,
                strategy: isBackground
                    ? "      \(analysis)\n      steps: [{setWeight: 50}, {pause: {}}, {setWeight: 100}]"
                    : "      steps: [{setWeight: 50}, {\(analysis)}, {setWeight: 100}]",
                podAnnotations: ["kube-sim/ready-after": "3"]))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilPods([2: 0])
        #expect(try await scenario.analysisRuns().count == 1)
        try await scenario.apply(template("0"))
        try await scenario.scale(to: 3)
        try await scenario.retry("web")
        if isBackground {
            try await scenario.untilStatus("the new run succeeds") {
                $0.at("canary", "currentBackgroundAnalysisRunStatus", "status") == "Successful"
            }
            try await scenario.untilPaused("web", at: 1)
            try await scenario.promote("web")
        }
        try await scenario.untilStatus("revision 2 is stable") {
            $0["stableRS"] == $0["currentPodHash"] && $0["phase"] == "Healthy"
        }
        try await scenario.untilPods([2: 3])
        let phases = try await scenario.analysisRuns().compactMap { $0.at("status", "phase")?.stringValue }
        #expect(phases.sorted() == ["Failed", "Successful"])
    }

    @Test("an AnalysisRun that a person terminates ends its Job") func terminated() async throws {
        let scenario = try await Scenario("jobs-terminated")
        try await open(
            scenario, Self.template("jobs", metrics: Self.metric("m")), strategy: steps("jobs", ["duration": "600"]))
        let running = try await untilRun(scenario, is: "Running")
        try await scenario.until("the Job runs") { try await scenario.list(Kinds.job).count == 1 }
        try await scenario.patch(Kinds.analysisRun, running.objectKey.name, ["spec": ["terminate": true]])
        let run = try await untilRun(scenario, is: "Inconclusive")
        #expect(measurement(run)?["message"]?.stringValue == "terminated")
        try await scenario.until("the Job is gone") {
            try await scenario.list(Kinds.job).isEmpty
        }
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "pauseConditions")?[0]?["reason"]?.stringValue == "InconclusiveAnalysisRun")
    }

    @Test("a Job of another that has the wanted name is left alone") func taken() async throws {
        let scenario = try await Scenario("jobs-taken")
        // Its controller starts when the name is taken.
        let id = scenario.namespace
        try await scenario.apply(
            """
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisRun
            metadata: {name: taken, labels: {argo-rollouts.argoproj.io/controller-instance-id: \(id)}}
            spec:
              args: [{name: duration, value: "1"}, {name: exit-code, value: "0"}, {name: image, value: "alpine:3"}, {name: size, value: "0"}]
              metrics:
            \(Self.metric("m", more: "    consecutiveErrorLimit: 0"))
            """)
        let run = try #require(try await scenario.get(Kinds.analysisRun, "taken"))
        let name = "\(run.uid).m.1"
        try await scenario.apply(
            """
            apiVersion: batch/v1
            kind: Job
            metadata: {name: \(name)}
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers: [{name: main, image: "alpine:3", command: [sleep, "600"]}]
            """)
        let controller = try await scenario.stand.controller(instance: id)
        let life = Task { try await controller.run() }
        defer { life.cancel() }
        let ended = try await untilRun(scenario, is: "Error")
        #expect(measurement(ended)?["message"]?.stringValue?.contains("is not of this AnalysisRun") == true)
        #expect(try await scenario.get(Kinds.job, name)?.at("metadata", "deletionTimestamp") == nil)
        #expect(try await scenario.get(Kinds.job, name) != nil)
    }
}
