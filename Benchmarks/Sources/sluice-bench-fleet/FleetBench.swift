import EmbeddedCluster
import Glibc
import Kubernetes
import Manifest

/// Measures `sluice controller`, the whole process, beside an embedded cluster in this one.
@main
struct FleetBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.dropFirst().first.flatMap { Int($0) }
        switch arguments.first {
        case "idle": try await Idle.measure(rollouts: count ?? 1_000, changes: 50)
        case "memory": try await Memory.measure(rollouts: count ?? 10_000)
        default:
            print("usage: sluice-bench-fleet idle|memory [ROLLOUTS]")
            exit(64)
        }
        ChildProcess.killAll()
        exit(0)
    }
}

/// Prints a number for the parent.
func report(_ name: String, _ value: Double) { print("\(name) \(value)") }

/// Kinds that are measured.
enum Kinds {
    static let definition = Resource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)
    static let namespace = Resource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
    static let replicaSet = Resource(group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet")
    static let rollout = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "rollouts", kind: "Rollout", subresources: ["status"])
}
