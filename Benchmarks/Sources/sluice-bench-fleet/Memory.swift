import EmbeddedCluster
import Glibc
import Kubernetes
import Manifest

/// What the whole controller has resident once it has reconciled a fleet.
enum Memory {
    static func measure(rollouts: Int) async throws {
        let stage = try await Stage()
        try await stage.createNamespaces(rollouts / 20 + 1)
        for number in 0..<rollouts {
            let rollout = try await stage.createRollout(number)
            try await stage.createReplicaSets(of: rollout, number)
        }
        let controller = stage.startController(resync: 900)
        try await stage.waitUntilIdle(rollouts: rollouts)
        let pid = controller.pid ?? 0
        report("resident", bytes("VmRSS", pid))
        report("peak", bytes("VmHWM", pid))
        report("requests", Double(stage.server.requests))
    }

    /// A row of `/proc/<pid>/status`, in bytes.
    private static func bytes(_ row: String, _ pid: Int32) -> Double {
        guard let file = fopen("/proc/\(pid)/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(row + ":") { return (Double(text.filter(\.isNumber)) ?? 0) * 1_024 }
        }
        return 0
    }
}
