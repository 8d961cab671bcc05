package import Manifest

/// A pod's state in one word, as `kubectl get pods` computes it.
package struct PodStatus: Hashable, Sendable {
    package var reason: String
    package var ready = 0
    package var total = 0
    package var restarts: Int64 = 0

    package init(_ pod: JSON) {
        let status = pod["status"]
        reason = status?["reason"]?.stringValue ?? status?["phase"]?.stringValue ?? "Unknown"
        if reason.isEmpty { reason = status?["phase"]?.stringValue ?? "Unknown" }
        total = pod.at("spec", "containers")?.arrayValue?.count ?? 0
        let conditions = status?["conditions"]?.arrayValue ?? []
        func condition(_ type: String) -> JSON? { conditions.first { $0["type"]?.stringValue == type } }
        if condition("PodScheduled")?["reason"] == "SchedulingGated" { reason = "SchedulingGated" }
        let isInitializing = readInitContainers(pod)
        if !isInitializing || condition("Initialized")?["status"] == "True" {
            readContainers(
                status?["containerStatuses"]?.arrayValue ?? [], isReady: condition("Ready")?["status"] == "True")
        }
        if pod.at("metadata", "deletionTimestamp") != nil {
            reason = status?["reason"] == "NodeLost" ? "Unknown" : "Terminating"
        }
    }

    private mutating func readInitContainers(_ pod: JSON) -> Bool {
        let specs = pod.at("spec", "initContainers")?.arrayValue ?? []
        let sidecars = Set(specs.filter { $0["restartPolicy"] == "Always" }.compactMap { $0["name"]?.stringValue })
        total += sidecars.count
        for (index, container) in (pod.at("status", "initContainerStatuses")?.arrayValue ?? []).enumerated() {
            restarts += max(0, min(container["restartCount"]?.intValue ?? 0, 1 << 30))
            let isSidecar = sidecars.contains(container["name"]?.stringValue ?? "")
            if let ended = container.at("state", "terminated") {
                if ended["exitCode"] == 0 { continue }
                reason = "Init:" + Self.reason(ended)
            } else if isSidecar, container["started"] == true {
                if container["ready"] == true { ready += 1 }
                continue
            } else if let text = container.at("state", "waiting", "reason")?.stringValue, !text.isEmpty,
                text != "PodInitializing"
            {
                reason = "Init:" + text
            } else {
                reason = "Init:\(index)/\(specs.count)"
            }
            return true
        }
        return false
    }

    private mutating func readContainers(_ containers: [JSON], isReady: Bool) {
        var isRunning = false
        for container in containers.reversed() {
            restarts += max(0, min(container["restartCount"]?.intValue ?? 0, 1 << 30))
            if let text = container.at("state", "waiting", "reason")?.stringValue, !text.isEmpty {
                reason = text
            } else if let ended = container.at("state", "terminated") {
                reason = Self.reason(ended)
            } else if container["ready"] == true, container.at("state", "running") != nil {
                isRunning = true
                ready += 1
            }
        }
        if reason == "Completed", isRunning { reason = isReady ? "Running" : "NotReady" }
    }

    private static func reason(_ ended: JSON) -> String {
        if let reason = ended["reason"]?.stringValue, !reason.isEmpty { return reason }
        if let signal = ended["signal"]?.intValue, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(ended["exitCode"]?.intValue ?? 0)"
    }
}
