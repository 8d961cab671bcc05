package import Manifest

/// One decision with all that it was made from.
package struct RecordedDecision: Sendable {
    package var now: Timestamp
    package var seen: RolloutSnapshot
    package var decision: RolloutDecision

    package init(now: Timestamp, seen: RolloutSnapshot, decision: RolloutDecision) {
        self.now = now
        self.seen = seen
        self.decision = decision
    }
}

/// Decisions about one Rollout as a file: a line that says what it is, then one line for each decision.
package enum Recording {
    private static let format = "sluice-recording/1"
    /// A line longer than this is no recording of ours.
    private static let maximalLine = 8 << 20

    package static func encode(_ decisions: [RecordedDecision], version: String) -> String {
        let header: JSON = ["format": .string(format), "sluice": .string(version), "decisions": JSON(decisions.count)]
        let lines = decisions.map { entry -> JSON in
            [
                // Nanoseconds matter: pauses end at their instant.
                "now": ["seconds": .int(entry.now.seconds), "nanoseconds": .int(Int64(entry.now.nanoseconds))],
                "seen": entry.seen.json, "decision": entry.decision.json,
            ]
        }
        return ([header] + lines).map { String(decoding: $0.serialized(), as: UTF8.self) + "\n" }.joined()
    }

    /// What came of deciding again about one recorded snapshot.
    package struct Replayed: Sendable {
        package var now: Timestamp
        package var rollout: ObjectKey
        /// What was decided then and what is decided now, where they differ.
        package var difference: (recorded: JSON, now: JSON)?
        /// Effects and reason, in short.
        package var summary: String
    }

    /// Decides again about every snapshot of a recording.
    /// - Throws: `RecordingError` where a line is no line of a recording.
    package static func replay(_ text: String) throws(RecordingError) -> [Replayed] {
        let lines = text.split(separator: "\n")
        guard let first = lines.first, let header = try? JSON(parsing: Array(first.utf8)),
            header["format"]?.stringValue == format
        else {
            throw RecordingError(
                line: 1, why: "it does not begin with \(format); make one with `sluice record get NAME`")
        }
        var results: [Replayed] = []
        for (index, line) in lines.enumerated().dropFirst() {
            results.append(try replay(line, number: index + 1))
        }
        return results
    }

    private static func replay(_ line: Substring, number: Int) throws(RecordingError) -> Replayed {
        guard line.utf8.count <= maximalLine else { throw RecordingError(line: number, why: "it is too long") }
        var failure = "it is no recorded decision"
        do throws(JSONError) {
            let json = try JSON(parsing: Array(line.utf8))
            if let seen = json["seen"], let recorded = json["decision"],
                let seconds = json.at("now", "seconds")?.intValue
            {
                let nanoseconds = json.at("now", "nanoseconds")?.intValue ?? 0
                let now = Timestamp(seconds: seconds, nanoseconds: Int32(clamping: nanoseconds))
                let snapshot = try RolloutSnapshot(recorded: seen)
                let decision = decide(snapshot, now: now)
                let again = decision.json
                let effects = decision.effects.map {
                    $0.json.objectValue?.keys.sorted().first { $0.contains(where: \.isUppercase) } ?? ""
                }
                let why = decision.waiting.map { "\($0.reason.rawValue): \($0.message)" } ?? ""
                return Replayed(
                    now: now, rollout: snapshot.rollout.key, difference: again == recorded ? nil : (recorded, again),
                    summary: [effects.joined(separator: ","), why].filter { !$0.isEmpty }.joined(separator: "; "))
            }
        } catch {
            failure = "\(error)"
        }
        throw RecordingError(line: number, why: failure)
    }
}

/// A line of a recording that cannot be replayed.
package struct RecordingError: Error, Equatable, CustomStringConvertible {
    package var line: Int
    package var why: String

    package var description: String { "cannot replay line \(line): \(why)" }
}
