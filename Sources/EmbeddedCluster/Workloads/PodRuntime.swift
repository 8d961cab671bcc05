import Kubernetes
import Manifest

/// Plays the node: moves pods through their life and answers requests in their name.
package final class PodRuntime: Sendable {
    /// What a pod knows about itself while it runs.
    struct Running: Sendable {
        var started: Timestamp
        var address: String
        var environment: [String: String]
        var requests = 0
    }

    private let cluster: ClusterAPI
    private let options: WorkloadRuntime.Options
    private let running = Lock<(byUID: [String: Running], nextAddress: UInt32)>(([:], 2))

    init(_ cluster: ClusterAPI, _ options: WorkloadRuntime.Options) {
        self.cluster = cluster
        self.options = options
    }

    /// Takes a pod one step on; gives the time after which to look again.
    func reconcile(_ key: ObjectKey) throws(KubernetesError) -> Duration? {
        guard let pod = cluster.store.get("pods", key)?.json else {
            forgetGone()
            return nil
        }
        let how = PodBehaviour(pod, readyAfter: options.readyAfter)
        if pod.isBeingDeleted { return try stop(pod, how) }
        let phase = pod.at("status", "phase")?.stringValue
        if phase == "Succeeded" || phase == "Failed" { return nil }
        guard pod.at("spec", "nodeName")?.stringValue?.isEmpty == false else {
            var bound = pod
            bound.set("embedded", at: "spec", "nodeName")
            try cluster.rewrite("pods", bound)
            return .zero
        }
        return try live(pod, how)
    }

    private func live(_ pod: JSON, _ how: PodBehaviour) throws(KubernetesError) -> Duration? {
        let now = cluster.clock.now()
        let environment: [String: String]
        do {
            environment = try PodEnvironment(cluster).variables(of: pod)
        } catch {
            // What a running pod has read stays with it; only a new one cannot start.
            guard let known = running.withLock({ $0.byUID[pod.uid]?.environment }) else {
                try write(pod, waiting(pod, "CreateContainerConfigError", error.message, now))
                return .milliseconds(500)
            }
            environment = known
        }
        let state = running.withLock { running in
            if let known = running.byUID[pod.uid] { return known }
            let number = running.nextAddress
            running.nextAddress = number &+ 1
            let new = Running(
                started: now, address: "10.244.\(number >> 8 & 0xFF).\(number & 0xFF)", environment: environment)
            running.byUID[pod.uid] = new
            return new
        }
        let age = now - state.started
        if !how.pulls {
            try write(pod, waiting(pod, "ImagePullBackOff", "Back-off pulling image", now, phase: "Pending"))
            return nil
        }
        if !how.starts {
            try write(pod, waiting(pod, "CrashLoopBackOff", "the command cannot be started", now, phase: "Running"))
            return nil
        }
        if let length = how.runFor, age >= how.readyAfter + length {
            try write(pod, finished(pod, how, now))
            return nil
        }
        let isReady = how.becomesReady && age >= how.readyAfter
        try write(pod, status(pod, state, how, isReady, now))
        var next: [Duration] = []
        if how.becomesReady, !isReady { next.append(how.readyAfter - age) }
        if let length = how.runFor { next.append(how.readyAfter + length - age) }
        return next.min()
    }

    private func stop(_ pod: JSON, _ how: PodBehaviour) throws(KubernetesError) -> Duration? {
        let grace = Duration.seconds(pod.at("metadata", "deletionGracePeriodSeconds")?.intValue ?? 0)
        guard grace > .zero else { return nil }
        let due = pod.at("metadata", "deletionTimestamp")?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        let isStarted = pod.at("status", "startTime") != nil
        let since = cluster.clock.now() - ((due ?? cluster.clock.now()) - grace)
        let left = (isStarted ? how.stopsAfter : .zero) - since
        if left > .zero { return left }
        _ = try cluster.delete(
            cluster.kind("pods"), pod.objectKey, DeleteOptions(uid: pod.uid, gracePeriodSeconds: 0))
        return nil
    }

    private func forgetGone() {
        let known = running.withLock { Array($0.byUID.keys) }
        let gone = known.filter { cluster.store.place(ofUID: $0) == nil }
        guard !gone.isEmpty else { return }
        running.withLock { running in for uid in gone { running.byUID[uid] = nil } }
    }

    private func write(_ pod: JSON, _ status: JSON) throws(KubernetesError) {
        try cluster.writeStatus("pods", pod.objectKey, uid: pod.uid, status)
    }

    /// What the pod knows about itself, once it has started.
    func state(ofUID uid: String) -> Running? { running.withLock { $0.byUID[uid] } }

    /// Counts a request; gives its number, from 0.
    func countRequest(uid: String) -> Int {
        running.withLock { running in
            defer { running.byUID[uid]?.requests += 1 }
            return running.byUID[uid]?.requests ?? 0
        }
    }
}

extension PodRuntime {
    private func conditions(_ pod: JSON, _ words: [(String, String)], _ reason: String?, _ now: Timestamp) -> JSON {
        var holder: JSON = ["status": ["conditions": pod.at("status", "conditions") ?? []]]
        for (type, word) in words {
            let old = holder.condition(type)
            var new: JSON = ["type": .string(type), "status": .string(word)]
            new["lastTransitionTime"] =
                old?["status"]?.stringValue == word ? old?["lastTransitionTime"] : .string(now.rfc3339)
            if let reason, word == "False" { new["reason"] = .string(reason) }
            var list = holder.at("status", "conditions")?.arrayValue ?? []
            if let index = list.firstIndex(where: { $0["type"]?.stringValue == type }) {
                list[index] = new
            } else {
                list.append(new)
            }
            holder.set(.array(list), at: "status", "conditions")
        }
        return holder.at("status", "conditions") ?? []
    }

    private func containers(_ pod: JSON, _ state: JSON, _ isReady: Bool) -> JSON {
        .array(
            (pod.at("spec", "containers")?.arrayValue ?? []).map { container in
                let image = container["image"] ?? ""
                return [
                    "name": container["name"] ?? "", "image": image,
                    "imageID": .string("sim://\(image.stringValue ?? "")"),
                    "ready": .bool(isReady), "started": .bool(isReady), "restartCount": 0, "state": state,
                ]
            })
    }

    private func started(_ pod: JSON, _ now: Timestamp) -> JSON {
        pod.at("status", "startTime") ?? .string(now.rfc3339)
    }

    private func status(
        _ pod: JSON, _ running: Running, _ how: PodBehaviour, _ isReady: Bool, _ now: Timestamp
    ) -> JSON {
        let areGatesOpen = how.gates.allSatisfy { pod.condition($0)?["status"] == "True" }
        let word = isReady ? "True" : "False"
        let words = [
            ("PodScheduled", "True"), ("Initialized", "True"), ("ContainersReady", word),
            ("Ready", isReady && areGatesOpen ? "True" : "False"),
        ]
        return [
            "phase": "Running", "qosClass": pod.at("status", "qosClass") ?? "BestEffort",
            "startTime": started(pod, now),
            "podIP": .string(running.address), "podIPs": [["ip": .string(running.address)]], "hostIP": "127.0.0.1",
            "conditions": conditions(pod, words, isReady ? "ReadinessGatesNotReady" : "ContainersNotReady", now),
            "containerStatuses": containers(pod, ["running": ["startedAt": .string(running.started.rfc3339)]], isReady),
        ]
    }

    private func waiting(
        _ pod: JSON, _ reason: String, _ message: String, _ now: Timestamp, phase: String = "Pending"
    ) -> JSON {
        let words = [
            ("PodScheduled", "True"), ("Initialized", "True"), ("ContainersReady", "False"), ("Ready", "False"),
        ]
        return [
            "phase": .string(phase), "qosClass": pod.at("status", "qosClass") ?? "BestEffort",
            "startTime": started(pod, now),
            "hostIP": "127.0.0.1", "conditions": conditions(pod, words, "ContainersNotReady", now),
            "containerStatuses": containers(
                pod, ["waiting": ["reason": .string(reason), "message": .string(message)]], false),
        ]
    }

    private func finished(_ pod: JSON, _ how: PodBehaviour, _ now: Timestamp) -> JSON {
        let isGood = how.exitCode == 0
        var status = pod["status"] ?? .emptyObject
        status["phase"] = isGood ? "Succeeded" : "Failed"
        status["conditions"] = conditions(pod, [("ContainersReady", "False"), ("Ready", "False")], "PodCompleted", now)
        status["containerStatuses"] = containers(
            pod,
            [
                "terminated": [
                    "exitCode": .int(how.exitCode), "reason": isGood ? "Completed" : "Error",
                    "startedAt": started(pod, now), "finishedAt": .string(now.rfc3339),
                ]
            ], false)
        return status
    }
}
