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
    /// Flags that scripts write with a value, and short ones.
    private static let flags: Set<String> = [
        "--watch", "-w", "--no-color", "--full", "--all-namespaces", "-A", "--timestamps", "--short", "--client",
        "--global", "--skip-current-step", "-c", "--skip-all-steps", "--accept-inconclusive",
        "--insecure-skip-tls-verify", "--disable-compression", "--prune", "--refresh", "--leader-elect", "--namespaced",
        "--strict-compat", "--enable-actions", "--allow-file-repositories", "--self-service-notification-enabled",
        "--aws-verify-target-group", "--restore-workload-on-delete",
    ]
    /// What turns a flag off that is on by itself.
    private static let inverse = ["--watch": "--no-watch", "-w": "--no-watch", "--leader-elect": "--no-leader-elect"]
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
        return words + plain(early + rest)
    }

    static func subcommand(
        of command: any ParsableCommand.Type, _ word: String
    ) -> (any ParsableCommand.Type)? {
        command.configuration.subcommands.first { $0._commandName == word || $0.configuration.aliases.contains(word) }
    }

    /// Takes values off flags, and short options off their values.
    private static func plain(_ arguments: [String]) -> [String] {
        var result: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[index...] }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2, flags.contains(parts[0]), let isOn = boolean(parts[1]) {
                if isOn { result.append(parts[0]) } else if let inverse = inverse[parts[0]] { result.append(inverse) }
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
