package import Manifest

extension RolloutPlan {
    /// Rows for people: time, step, weights and pods.
    package var rows: [[String]] {
        [["AFTER", "STEP", "WEIGHT", "CANARY", "STABLE", "SURGE", "WHAT"]]
            + moments.map { moment in
                var what = moment.text
                if moment.others > 0 { what += "; \(moment.others) pods of other revisions" }
                if !moment.routes.isEmpty { what += "; routes \(moment.routes.joined(separator: ", "))" }
                if !moment.analyses.isEmpty { what += "; measures \(moment.analyses.joined(separator: ", "))" }
                if let waitsFor = moment.waitsFor { what += "; waits for \(waitsFor)" }
                return [
                    Self.text(moment.after), moment.step.map(String.init) ?? "-", String(moment.weight),
                    String(moment.canary), String(moment.stable), "+\(moment.surge)", what,
                ]
            }
    }

    /// What became of it, as the last line.
    package var summary: String {
        switch outcome {
        case .completes:
            let people = moments.count { $0.waitsFor != nil }
            return "completes after \(Self.text(earliestEnd)) at the earliest"
                + (people == 0 ? "" : ", plus the time that people take at \(people) pause\(people == 1 ? "" : "s")")
        case .blocked(let why): return "would not complete: \(why)"
        }
    }

    package var json: JSON {
        var json: JSON = [
            "replicas": JSON(replicas), "maxWeight": JSON(maxWeight),
            "earliestEndSeconds": .number(earliestEnd.inSeconds),
            "moments": .array(
                moments.map { moment in
                    var entry: JSON = [
                        "afterSeconds": .number(moment.after.inSeconds), "step": moment.step.map { JSON($0) } ?? .null,
                        "text": .string(moment.text), "weight": JSON(moment.weight), "canary": JSON(moment.canary),
                        "stable": JSON(moment.stable), "others": JSON(moment.others), "surge": JSON(moment.surge),
                        "analyses": .array(moment.analyses.map { .string($0) }),
                    ]
                    if !moment.routes.isEmpty { entry["routes"] = .array(moment.routes.map { .string($0) }) }
                    if let waitsFor = moment.waitsFor { entry["waitsFor"] = .string(waitsFor) }
                    return entry
                }),
            "analyses": .array(
                analyses.map { ["path": .string($0.path), "templates": .array($0.templates.map { .string($0) })] }),
        ]
        switch outcome {
        case .completes: json["outcome"] = "Completes"
        case .blocked(let why):
            json["outcome"] = "Blocked"
            json["reason"] = .string(why)
        }
        return json
    }

    /// `1h2m3s`, without what is zero.
    static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let parts = [(seconds / 3_600, "h"), (seconds % 3_600 / 60, "m"), (seconds % 60, "s")].filter { $0.0 > 0 }
        return parts.isEmpty ? "0s" : parts.map { "\($0.0)\($0.1)" }.joined()
    }
}
