import Manifest

/// How a pod lives, as its annotations, image, probes and command say.
///
/// Annotations: `kube-sim/ready-after` (seconds), `kube-sim/ready: "false"`, `kube-sim/run-for`, `kube-sim/exit-code`,
/// and for its answers `kube-sim/error-percent`, `kube-sim/delay-ms`, `kube-sim/version`.
struct PodBehaviour: Hashable, Sendable {
    var readyAfter: Duration
    var becomesReady: Bool
    var pulls: Bool
    var starts: Bool
    /// Until the pod ends by itself; `nil` for ever.
    var runFor: Duration?
    var exitCode: Int64
    var gates: [String]
    /// From the deletion to the end.
    var stopsAfter: Duration

    private static let badImages = ["bad-image", "does-not-exist", "argo-error", "rollouts-demo:error"]

    init(_ pod: JSON, readyAfter: Duration) {
        let notes = pod.annotations
        let containers = pod.at("spec", "containers")?.arrayValue ?? []
        let isJob = pod.controllerReference?["kind"]?.stringValue == "Job"
        let text = containers.flatMap(Self.words).joined(separator: " ")
        pulls = !containers.contains { container in
            Self.badImages.contains { (container["image"]?.stringValue ?? "").contains($0) }
        }
        starts = !containers.contains { Self.words($0).first?.hasPrefix("/bad-command") == true }
        becomesReady = notes["kube-sim/ready"] != "false" && pulls && starts
        let slowest =
            containers.map { readyAfter + Self.hook($0, "postStart") + Self.probeDelay($0) }.max() ?? readyAfter
        self.readyAfter = notes["kube-sim/ready-after"].flatMap(Self.seconds) ?? slowest
        let natural: Duration? = isJob ? Self.number(after: "sleep ", in: text) ?? .milliseconds(500) : nil
        runFor = pulls ? notes["kube-sim/run-for"].flatMap(Self.seconds) ?? natural : nil
        let exits = Self.number(after: "exit ", in: text)?.components.seconds
        exitCode = notes["kube-sim/exit-code"].flatMap { Int64($0) } ?? exits ?? (isJob && text == "false" ? 1 : 0)
        gates = (pod.at("spec", "readinessGates")?.arrayValue ?? []).compactMap { $0["conditionType"]?.stringValue }
        let grace = Duration.seconds(pod.at("metadata", "deletionGracePeriodSeconds")?.intValue ?? 30)
        let isDeaf = containers.contains { Self.words($0).first == "sleep" }
        let hooks = containers.map { Self.hook($0, "preStop") }.max() ?? .zero
        stopsAfter = min(grace, isDeaf ? grace : hooks + .milliseconds(50))
    }

    private static func words(_ container: JSON) -> [String] {
        ["command", "args"].flatMap { container[$0]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    }

    private static func hook(_ container: JSON, _ name: String) -> Duration {
        let command = container.at("lifecycle", name, "exec", "command")?.arrayValue?.compactMap(\.stringValue) ?? []
        if let seconds = container.at("lifecycle", name, "sleep", "seconds")?.intValue { return .seconds(seconds) }
        return number(after: "sleep ", in: command.joined(separator: " ")) ?? .zero
    }

    private static func probeDelay(_ container: JSON) -> Duration {
        .seconds(min(max(container.at("readinessProbe", "initialDelaySeconds")?.intValue ?? 0, 0), 3600))
    }

    private static func seconds(_ text: String) -> Duration? {
        Double(text).flatMap { $0 >= 0 && $0 < 1e6 ? .seconds($0) : nil }
    }

    private static func number(after word: String, in text: String) -> Duration? {
        guard let range = text.firstRange(of: word) else { return nil }
        return Int64(text[range.upperBound...].prefix { $0.isNumber }).map { .seconds(min($0, 1_000_000)) }
    }
}
