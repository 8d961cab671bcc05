import ArgumentParser

/// Turns arguments as kubectl's plugins take them into arguments as the parser takes them.
///
/// Pure. Options of the connection may stand before the command's words, a flag may carry `=true` or `=false`, and the
/// value of a short option may follow it without a space.
package enum ArgumentOrder {
    /// Long options that every command has and that take a value.
    static let connectionOptions: Set<String> = [
        "--namespace", "--context", "--kubeconfig", "--cluster", "--user", "--token", "--server", "--as", "--as-group",
        "--as-uid", "--request-timeout", "--certificate-authority", "--client-certificate", "--client-key",
        "--tls-server-name", "--cache-dir", "--kloglevel", "--loglevel", "-n", "-s", "-v",
    ]
    static let connectionFlags: Set<String> = ["--insecure-skip-tls-verify", "--disable-compression"]
    private static let shortWithValue: Set<Character> = ["n", "o", "t", "f", "p", "s", "v", "i"]

    static func parsable(_ arguments: [String], root: any ParsableCommand.Type) -> [String] {
        var words: [String] = []
        var early: [String] = []
        var rest = arguments[...]
        var command: any ParsableCommand.Type = root
        // The command's words, with options of the connection between them.
        while let next = rest.first, next != "--" {
            let name = String(next.prefix { $0 != "=" })
            if connectionFlags.contains(name) || connectionOptions.contains(name) && name != next {
                early.append(next)
            } else if connectionOptions.contains(next), rest.count > 1 {
                early += rest.prefix(2)
                rest = rest.dropFirst()
            } else if !next.hasPrefix("-"), let inner = subcommand(of: command, next) {
                words.append(next)
                command = inner
            } else if next.count > 2, next.hasPrefix("-n") || next.hasPrefix("-v"), !next.hasPrefix("--") {
                early.append(next)
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        return words + plain(early + rest, command.configuration.defaultSubcommand ?? command)
    }

    static func subcommand(
        of command: any ParsableCommand.Type, _ word: String
    ) -> (any ParsableCommand.Type)? {
        command.configuration.subcommands.first { $0._commandName == word || $0.configuration.aliases.contains(word) }
    }

    /// Takes values off flags, and short options off their values.
    private static func plain(_ arguments: [String], _ command: any ParsableCommand.Type) -> [String] {
        var result: [String] = []
        var declared: DeclaredFlags?
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[index...] }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            var words: [String]?
            if parts.count == 2, parts[0].hasPrefix("-"), let isOn = boolean(parts[1]) {
                let flags = declared ?? DeclaredFlags(of: command)
                declared = flags
                words = flags.words(for: parts[0], isOn: isOn)
            }
            if let words {
                result += words
            } else if parts.count == 2, parts[1].isEmpty, argument.hasPrefix("--") {
                // The parser would take the next word for the value.
                result += [parts[0], ""]
            } else if argument.count > 2, argument.hasPrefix("-"), !argument.hasPrefix("--"),
                let letter = argument.dropFirst().first, shortWithValue.contains(letter)
            {
                let value = argument.dropFirst(2)
                result += ["-\(letter)", String(value.hasPrefix("=") ? value.dropFirst() : value)]
            } else {
                result.append(argument)
            }
        }
        return result
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "1", "t", "T", "TRUE", "True": true
        case "false", "0", "f", "F", "FALSE", "False": false
        default: nil
        }
    }
}
