package import Manifest

/// What a pod says to a request.
package struct PodAnswer: Sendable {
    package var code: Int
    package var version: String
    package var pod: String
    package var delay: Duration
    package var body: String

    package init(code: Int, version: String, pod: String, delay: Duration, body: String) {
        self.code = code
        self.version = version
        self.pod = pod
        self.delay = delay
        self.body = body
    }
}

extension PodRuntime {
    /// Answers a request in a pod's name, at once; the caller waits for `delay` before it passes the answer on.
    ///
    /// The version is what the variable `VERSION`, `COLOR` or `COLOUR`, the annotation `kube-sim/version` or else the
    /// image's tag says. `ERROR_PERCENT` (or the annotation) of the answers are 500, evenly spread; `DELAY_MS` slows all.
    package func answer(_ pod: JSON, path: String = "/") -> PodAnswer {
        let environment = state(ofUID: pod.uid)?.environment ?? [:]
        let notes = pod.annotations
        func setting(_ variable: String, _ annotation: String) -> Double? {
            (environment[variable] ?? notes["kube-sim/\(annotation)"] ?? notes["mesh.sluice.dev/\(annotation)"])
                .flatMap(Double.init)
        }
        let version = Self.version(pod, environment)
        let percent = min(max(setting("ERROR_PERCENT", "error-percent") ?? 0, 0), 100)
        let delay = min(max(setting("DELAY_MS", "delay-ms") ?? 0, 0), 600_000)
        let number = Double(countRequest(uid: pod.uid))
        let fails = ((number + 1) * percent / 100).rounded(.down) > (number * percent / 100).rounded(.down)
        let text: JSON = [
            "version": .string(version), "pod": .string(pod.objectKey.name), "path": .string(path), "ok": .bool(!fails),
        ]
        return PodAnswer(
            code: fails ? 500 : 200, version: version, pod: pod.objectKey.name, delay: .milliseconds(delay),
            body: text.description + "\n")
    }

    static func version(_ pod: JSON, _ environment: [String: String]) -> String {
        for name in ["VERSION", "COLOR", "COLOUR"] {
            if let value = environment[name] { return value }
        }
        if let value = pod.annotations["kube-sim/version"] { return value }
        let image = pod.at("spec", "containers")?[0]?["image"]?.stringValue ?? ""
        let name = image.split(separator: "/").last ?? ""
        return name.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init) ?? "latest"
    }
}
