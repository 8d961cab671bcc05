import Glibc
import Kubernetes

/// Prints the table of speed and memory; see `Benchmarks/README.md`.
@main
struct Bench {
    static func main() async throws {
        CacheMemory.prepare()
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "decode": try await Workloads.decode(arguments.dropFirst().first ?? "")
        case "stream": try await Workloads.stream(arguments.dropFirst().first ?? "")
        case "steps": try await Workloads.steps(arguments.dropFirst().first ?? "")
        case "fixture": _ = Fixtures.writeReplicaSets(26_000, to: arguments.dropFirst().first ?? "")
        case "foundation": try Workloads.foundation(arguments.dropFirst().first ?? "")
        case "memory":
            await Workloads.memory(arguments.dropFirst().first ?? "", arguments.dropFirst(2).first ?? "")
        case "render": try KustomizeTree.render(arguments.dropFirst().first ?? "")
        case "costs": ProcessNumbers.costs(arguments.dropFirst().joined(separator: " "))
        case "decision":
            let sizes = arguments.dropFirst().compactMap { Int($0) }
            if sizes.count == 2 {
                try Workloads.decision(100_000, steps: sizes[0], oldSets: sizes[1])
            } else {
                try Workloads.decision(200_000)
            }
        case nil: table()
        default:
            print("usage: sluice-bench")
            exit(64)
        }
    }

    private static func table() {
        let folder = "/tmp/sluice-bench-\(getpid())"
        mkdir(folder, 0o700)
        defer { for name in ["rs", "rs3", "fleet-rs", "fleet-ro"] { unlink("\(folder)/\(name)") }; rmdir(folder) }
        let small = 26_000
        let bytes = Fixtures.writeReplicaSets(small, to: "\(folder)/rs")
        _ = Fixtures.writeReplicaSets(3 * small, to: "\(folder)/rs3")
        _ = Fixtures.writeReplicaSets(30_000, to: "\(folder)/fleet-rs")
        _ = Fixtures.writeRollouts(10_000, to: "\(folder)/fleet-ro")
        let size = Double(bytes) / 1e6
        print("list: \(small) ReplicaSets, \(rounded(size, 1)) MB, \(bytes / small) bytes each")

        // Interleaved, and the best of three: the machine has other work.
        var (ours, theirs): ([String: Double], [String: Double]) = ([:], [:])
        for _ in 0..<3 {
            let one = ProcessNumbers.child(["decode", "\(folder)/rs"])
            if one["cpu", default: .infinity] < ours["cpu", default: .infinity] { ours = one }
            let other = ProcessNumbers.child(["foundation", "\(folder)/rs"])
            if other["cpu", default: .infinity] < theirs["cpu", default: .infinity] { theirs = other }
        }
        let (mine, its) = (ours["cpu", default: 0], theirs["cpu", default: 0])
        precondition(ours["objects"] == Double(small) && ours["quarantined"] == 0, "the list was not decoded")
        row("decode into the cache", "\(rounded(mine, 3)) s CPU, \(rounded(size / mine, 0)) MB/s", "")
        row("JSONSerialization, same run", "\(rounded(its, 2)) s CPU, \(rounded(size / its, 1)) MB/s", "")
        row("throughput against JSONSerialization", "\(rounded(its / mine, 0)) times", "at least 50")

        let one = ProcessNumbers.child(["stream", "\(folder)/rs"])["peak", default: 0]
        let three = ProcessNumbers.child(["stream", "\(folder)/rs3"])["peak", default: 0]
        row("peak memory of decoding, list once", megabytes(one), "")
        row("peak memory of decoding, list three times", megabytes(three), "the same")
        row("peak memory of JSONSerialization", megabytes(theirs["peak", default: 0]), "")

        let fleet = ProcessNumbers.child(["memory", "\(folder)/fleet-rs", "\(folder)/fleet-ro"])
        precondition(fleet["quarantined"] == 0, "the fleet was not decoded")
        row("resident, stores of 10,000 Rollouts, 30,000 sets", megabytes(fleet["resident", default: 0]), "")

        let decision = ProcessNumbers.child(["decision"])
        row("one canary decision", "\(rounded(decision["microseconds", default: 0], 1)) µs", "under 50 µs")
        let large = ProcessNumbers.child(["decision", "50", "20"])
        row(
            "  with 50 steps and 20 old ReplicaSets", "\(rounded(large["microseconds", default: 0], 1)) µs",
            "under 50 µs")
        render("\(folder)/kustomize")
        controller()
    }

    /// `sluice controller` as it is shipped, beside an embedded cluster.
    private static func controller() {
        let whole = fleet("memory")
        let memory = "resident, controller with 10,000 Rollouts and 30,000"
        row(memory, whole.text("resident") { megabytes($0) }, "at most 180 MB")
        row("  the most that it ever was", whole.text("peak") { megabytes($0) }, "")
        let idle = fleet("idle")
        let reconciles = Int(idle.numbers["reconciles", default: 0])
        row("requests of \(reconciles) reconciles, nothing changed", idle.text("requests") { rounded($0, 0) }, "none")
        row(
            "image change to ReplicaSet, 1,000 idle Rollouts", idle.text("median") { "\(rounded($0, 1)) ms median" },
            "under 20 ms")
        let changes = Int(idle.numbers["changes", default: 0])
        row("  the slowest of \(changes)", idle.text("slowest") { "\(rounded($0, 1)) ms" }, "")
    }

    /// What a run of the other program gave.
    private struct FleetRun {
        var numbers: [String: Double] = [:]
        var missing: String?

        func text(_ name: String, _ text: (Double) -> String) -> String {
            if let missing { return "not run: \(missing)" }
            return numbers[name].map(text) ?? "not run: it failed, see above"
        }
    }

    private static func fleet(_ command: String) -> FleetRun {
        for program in [ProcessNumbers.fleetProgram, ProcessNumbers.controllerProgram]
        where access(program, X_OK) != 0 {
            return FleetRun(missing: "no \(program), which `swift build -c release` builds")
        }
        return FleetRun(numbers: ProcessNumbers.child([command], of: ProcessNumbers.fleetProgram))
    }

    /// Both as processes of their own, from files to text, with all that starting them costs.
    private static func render(_ root: String) {
        KustomizeTree.write(to: root)
        defer { KustomizeTree.remove(root) }
        var (ours, theirs) = (Double.infinity, Double.infinity)
        var objects: Set<Double> = []
        for _ in 0..<3 {
            let one = ProcessNumbers.child(["costs", ProcessNumbers.program, "render", root])
            ours = min(ours, one["cpu", default: .infinity])
            let other = ProcessNumbers.child(["costs", "kubectl", "kustomize", root])
            if other["failed"] == 0 { theirs = min(theirs, other["cpu", default: .infinity]) }
            for result in [one, other] where result["failed"] == 0 { objects.insert(result["objects", default: 0]) }
        }
        precondition(objects == [1_000], "the tree was not rendered: \(objects)")
        row("render of 1,000 objects with Kustomize", "\(rounded(ours, 3)) s CPU", "")
        guard theirs.isFinite else {
            return row("against kubectl kustomize", "not run: no kubectl", "at least 5 times")
        }
        row("kubectl kustomize, same run", "\(rounded(theirs, 3)) s CPU", "")
        row("render against kubectl kustomize", "\(rounded(theirs / ours, 1)) times", "at least 5")
    }

    private static func row(_ what: String, _ value: String, _ goal: String) {
        let name = what + String(repeating: " ", count: max(1, 52 - what.count))
        let number = value + String(repeating: " ", count: max(1, 28 - value.count))
        print(goal.isEmpty ? name + value : "\(name)\(number)goal: \(goal)")
    }

    private static func megabytes(_ bytes: Double) -> String { bytes.isFinite ? "\(rounded(bytes / 1e6, 1)) MB" : "-" }

    private static func rounded(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "-" }
        let scale = [1.0, 10, 100, 1_000][digits]
        let number = (value * scale).rounded() / scale
        return digits == 0 ? String(Int(number)) : String(number)
    }
}
