import AnalysisEngine
import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Jobs that measure, on a cluster")
struct JobMeasurementTests {
    private static let jobSpec: JSON = [
        "backoffLimit": 0,
        "template": [
            "spec": [
                "restartPolicy": "Never", "containers": [["name": "main", "image": "alpine", "command": ["true"]]],
            ]
        ],
    ]

    private static func metric(_ name: String = "m", _ more: JSON = [:]) -> JSON {
        MergePatch.apply(more, to: ["name": .string(name), "provider": ["job": ["spec": jobSpec]]])
    }

    @Test(
        "a Job's end is the measurement's",
        arguments: [
            ("Complete", "Successful", nil),
            ("Failed", "Failed", "BackoffLimitExceeded: too many failures"),
        ] as [(String, String, String?)])
    func ends(condition: String, phase: String, reason: String?) async throws {
        let bench = try await AnalysisBench()
        try await bench.run { bench in
            let run = try await bench.create("run", ["metrics": [Self.metric()]])
            let job = try await bench.job()
            #expect(job.objectKey == ObjectKey(namespace: "default", name: "\(run.uid).m.1"))
            #expect(job.at("metadata", "labels", "analysisrun.argoproj.io/uid")?.stringValue == run.uid)
            #expect(job.at("metadata", "ownerReferences")?[0]?["uid"]?.stringValue == run.uid)
            let running = try await bench.until("run", "Running")
            let measurement = running.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(measurement?["phase"] == "Running")
            #expect(
                measurement?["metadata"]
                    == ["job-name": .string(job.objectKey.name), "job-namespace": "default"])
            // Its events are enough: nobody waits for the next look at the clock.
            try await bench.finish(job.objectKey, condition)
            let ended = try await bench.until("run", phase)
            let last = ended.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(last?["message"]?.stringValue == reason.map { "Job \(job.objectKey) failed: \($0)" })
            #expect(ended.at("status", "metricResults")?[0]?["count"] == 1)
        }
        #expect(try await bench.jobs().count == 1)
    }

    @Test("terminating a run deletes its Job and calls the measurement inconclusive")
    func terminate() async throws {
        let bench = try await AnalysisBench()
        try await bench.run { bench in
            try await bench.create("run", ["metrics": [Self.metric()]])
            _ = try await bench.until("run", "Running")
            _ = try await bench.api.patch(
                .analysisRuns, ObjectKey(namespace: "default", name: "run"), .merge, ["spec": ["terminate": true]],
                subresource: nil, WriteOptions())
            let run = try await bench.until("run", "Inconclusive")
            let measurement = run.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(measurement?["message"] == "terminated")
            #expect(try await bench.jobs().allSatisfy { $0.at("metadata", "deletionTimestamp") != nil })
        }
    }

    @Test("a Job of another with the wanted name is left alone, and named in an error")
    func taken() async throws {
        let bench = try await AnalysisBench()
        // The name is known once the run has a uid, so the run is there before the controller.
        let run = try await bench.create("run", ["metrics": [Self.metric("m", ["consecutiveErrorLimit": 0])]])
        let other: JSON = [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": ["name": .string("\(run.uid).m.1"), "namespace": "default"], "spec": Self.jobSpec,
        ]
        _ = try await bench.api.create(
            .jobs, namespace: "default", other, subresource: nil, WriteOptions())
        try await bench.run { bench in
            let run = try await bench.until("run", "Error")
            let measurement = run.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(
                measurement?["message"]
                    == .string(
                        "Job default/\(run.uid).m.1 exists already and is not of this AnalysisRun; delete it, or rename the metric"
                    ))
            #expect(try await bench.jobs(labelled: false).count == 1)
        }
    }

    @Test("a Job whose creation had no answer is taken over")
    func lostAnswer() async throws {
        let bench = try await AnalysisBench()
        bench.api.cluster.faults.add(.init(.loseAnswer, on: [.create], resource: "jobs.batch"))
        try await bench.run { bench in
            try await bench.create("run", ["metrics": [Self.metric()]])
            try await bench.finish(try await bench.job().objectKey, "Complete")
            let run = try await bench.until("run", "Successful")
            #expect(run.at("status", "metricResults")?[0]?["error"] == nil)
        }
        #expect(try await bench.jobs().count == 1)
    }

    @Test("a Job that the API server refuses is an error that says why")
    func refused() async throws {
        let bench = try await AnalysisBench()
        try await bench.run { bench in
            let broken = Self.metric(
                "m",
                [
                    "consecutiveErrorLimit": 0,
                    "provider": ["job": ["spec": ["template": ["spec": ["restartPolicy": "Always"]]]]],
                ])
            try await bench.create("run", ["metrics": [broken]])
            let run = try await bench.until("run", "Error")
            let measurement = run.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(measurement?["message"]?.stringValue?.contains("restartPolicy") == true)
            #expect(measurement?.at("metadata", "sluice.dev/outcome") == "invalid")
        }
    }

    @Test("a Job that somebody deletes is an error, and one that cannot be read is looked at again")
    func deleted() async throws {
        let bench = try await AnalysisBench()
        try await bench.run { bench in
            try await bench.create("run", ["metrics": [Self.metric("m", ["consecutiveErrorLimit": 0])]])
            _ = try await bench.until("run", "Running")
            let job = try await bench.job().objectKey
            bench.api.cluster.faults.add(
                .init(
                    .fail(KubernetesError(code: 500, reason: "InternalError", message: "etcd is away")), on: [.get],
                    resource: "jobs.batch"))
            try await bench.api.delete(.jobs, job, DeleteOptions())
            let run = try await bench.until("run", "Error")
            let measurement = run.at("status", "metricResults")?[0]?["measurements"]?[0]
            #expect(
                measurement?["message"] == .string("Job \(job) is gone: somebody deleted it before it was measured"))
            #expect(measurement?.at("metadata", "job-name") == .string(job.name))
            #expect(measurement?.at("metadata", "sluice.dev/outcome") == "unavailable")
        }
    }

    @Test("an image that cannot be pulled is inconclusive, and named")
    func noImage() async throws {
        let bench = try await AnalysisBench()
        try await bench.run { bench in
            let run = try await bench.create("run", ["metrics": [Self.metric()]])
            let job = try await bench.job()
            let pod: JSON = [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": [
                    "name": "p", "namespace": "default", "labels": ["analysisrun.argoproj.io/uid": .string(run.uid)],
                    "ownerReferences": [
                        [
                            "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.objectKey.name),
                            "uid": .string(job.uid), "controller": true,
                        ]
                    ],
                ], "spec": Self.jobSpec.at("template", "spec") ?? [:],
            ]
            _ = try await bench.api.create(.pods, namespace: "default", pod, subresource: nil, WriteOptions())
            _ = try await bench.api.patch(
                .pods, ObjectKey(namespace: "default", name: "p"), .merge,
                [
                    "status": [
                        "containerStatuses": [
                            [
                                "name": "main", "image": "alpine", "imageID": "", "ready": false, "restartCount": 0,
                                "state": ["waiting": ["reason": "ImagePullBackOff"]],
                            ]
                        ]
                    ]
                ], subresource: "status", WriteOptions())
            let ended = try await bench.until("run", "Inconclusive")
            let message = ended.at("status", "metricResults")?[0]?["measurements"]?[0]?["message"]
            #expect(
                message
                    == .string("Job \(job.objectKey) cannot start: pod p, container main: ImagePullBackOff"))
        }
    }

    @Test("a secret reaches the Job and nothing else, and is not needed to see the Job's end")
    func secrets() async throws {
        let bench = try await AnalysisBench()
        let secrets = Resource(group: "", version: "v1", plural: "secrets", kind: "Secret")
        _ = try await bench.api.create(
            secrets, namespace: "default",
            [
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "auth", "namespace": "default"],
                "data": ["token": "aHVudGVyMg=="],
            ], subresource: nil, WriteOptions())
        var spec = Self.jobSpec
        spec.set(
            [["name": "main", "image": "alpine", "args": ["{{args.token}}"]]], at: "template", "spec", "containers")
        let metric: JSON = ["name": "m", "provider": ["job": ["spec": spec]]]
        try await bench.run { bench in
            try await bench.create(
                "run",
                [
                    "args": [["name": "token", "valueFrom": ["secretKeyRef": ["name": "auth", "key": "token"]]]],
                    "metrics": [metric],
                ])
            let job = try await bench.job()
            #expect(job.at("spec", "template", "spec", "containers")?[0]?["args"]?[0] == "hunter2")
            try await bench.api.delete(
                secrets, ObjectKey(namespace: "default", name: "auth"), DeleteOptions())
            try await bench.finish(job.objectKey, "Complete")
            let run = try await bench.until("run", "Successful")
            #expect(!run.description.contains("hunter2"))
        }
    }

    @Test("Jobs beyond the retention are deleted")
    func retention() async throws {
        let bench = try await AnalysisBench()
        try await bench.run { bench in
            try await bench.create(
                "run",
                [
                    "metrics": [Self.metric("m", ["count": 3, "interval": "1s"])],
                    "measurementRetention": [["metricName": "*", "limit": 1]],
                ])
            for number in 1...3 {
                let job = try await bench.job { $0.objectKey.name.hasSuffix(".\(number)") }
                try await bench.finish(job.objectKey, "Complete")
            }
            _ = try await bench.until("run", "Successful")
            try await bench.until { try await bench.jobs().map(\.objectKey.name.last) == ["3"] }
        }
    }

    @Test("Jobs of another namespace are deleted with their runs, also those of runs that went unseen")
    func otherNamespace() async throws {
        let bench = try await AnalysisBench(jobNamespace: "jobs")
        let namespaces = Resource(
            group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
        _ = try await bench.api.create(
            namespaces, namespace: "", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "jobs"]],
            subresource: nil, WriteOptions())
        // One that we left, and one of somebody else, whose run is in a cluster that we do not know.
        for (name, note) in [("left", "sluice.dev/delete-with-analysisrun"), ("foreign", "note")] {
            _ = try await bench.api.create(
                .jobs, namespace: "jobs",
                [
                    "apiVersion": "batch/v1", "kind": "Job",
                    "metadata": [
                        "name": .string(name), "namespace": "jobs", "labels": ["analysisrun.argoproj.io/uid": "u0"],
                        "annotations": [
                            "analysisrun.argoproj.io/name": "gone", "analysisrun.argoproj.io/namespace": "default",
                            note: "true",
                        ],
                    ], "spec": Self.jobSpec,
                ], subresource: nil, WriteOptions())
        }
        try await bench.run { bench in
            try await bench.until { try await bench.jobs().map(\.objectKey.name) == ["foreign"] }
            try await bench.create("run", ["metrics": [Self.metric()]])
            let job = try await bench.job { $0.objectKey.name != "foreign" }
            #expect(job.objectKey.namespace == "jobs")
            #expect(job.at("metadata", "ownerReferences") == nil)
            _ = try await bench.until("run", "Running")
            try await bench.api.delete(.analysisRuns, ObjectKey(namespace: "default", name: "run"), DeleteOptions())
            try await bench.until { try await bench.jobs().map(\.objectKey.name) == ["foreign"] }
        }
    }

    @Test("Jobs of another cluster are deleted with their runs, and nobody else's")
    func otherCluster() async throws {
        let remote = InMemoryKubernetes(ClusterAPI())
        let bench = try await AnalysisBench(remote: remote)
        try await bench.run { bench in
            try await bench.create("run", ["metrics": [Self.metric()]])
            try await bench.create("stays", ["metrics": [Self.metric()]])
            _ = try await bench.until("run", "Running")
            let stays = try await bench.until("stays", "Running")
            try await bench.until { try await bench.jobs(of: remote).count == 2 }
            #expect(try await bench.jobs().isEmpty)
            try await bench.api.delete(.analysisRuns, ObjectKey(namespace: "default", name: "run"), DeleteOptions())
            try await bench.until {
                try await bench.jobs(of: remote).map(\.objectKey.name) == ["\(stays.uid).m.1"]
            }
        }
    }
}

extension AnalysisBench {
    /// The Jobs of a cluster, with the label of analysis.
    func jobs(of cluster: InMemoryKubernetes? = nil, labelled: Bool = true) async throws -> [JSON] {
        let found = Lock<[JSON]>([])
        let options = ListOptions(labelSelector: labelled ? "analysisrun.argoproj.io/uid" : nil)
        _ = try await (cluster ?? api).list(.jobs, options) { bytes in
            let job = try JSON(parsing: bytes)
            found.withLock { $0.append(job) }
        }
        return found.withLock { $0 }
    }

    /// Waits for a Job.
    func job(_ isWanted: (JSON) -> Bool = { _ in true }) async throws -> JSON {
        var found: JSON?
        try await eventually("a Job is there") {
            found = try await jobs().first(where: isWanted)
            return found != nil
        }
        return found ?? .null
    }

    /// Ends a Job as its controller would.
    func finish(_ job: ObjectKey, _ condition: String) async throws {
        var ended: JSON = ["type": .string(condition), "status": "True"]
        if condition == "Failed" {
            ended["reason"] = "BackoffLimitExceeded"
            ended["message"] = "too many failures"
        }
        _ = try await api.patch(
            .jobs, job, .merge, ["status": ["conditions": [ended]]], subresource: "status", WriteOptions())
    }
}
