import ArgumentParser
import Manifest

/// The flags of a command, as it declares them: options that take no value.
struct DeclaredFlags {
    /// Names as they are typed, such as `--watch` and `-w`, of one flag each.
    private var flags: [[String]] = []

    init(of command: any ParsableCommand.Type) {
        let help = try? JSON(parsing: command._dumpHelp())
        for argument in help?.at("command", "arguments")?.arrayValue ?? [] where argument["kind"] == "flag" {
            flags.append(
                (argument["names"]?.arrayValue ?? []).map { name in
                    (name["kind"] == "long" ? "--" : "-") + (name["name"]?.stringValue ?? "")
                })
        }
    }

    var names: [String] { flags.flatMap(\.self) }

    /// The words that stand for a flag with a value; none where it is off without them, `nil` where it is no flag.
    func words(for name: String, isOn: Bool) -> [String]? {
        guard let flag = flags.first(where: { $0.contains(name) }) else { return nil }
        guard !isOn else { return [name] }
        let inverses = flag.filter { $0.hasPrefix("--") }.map { "--no-\($0.dropFirst(2))" }
        return inverses.first(where: names.contains).map { [$0] } ?? []
    }
}
