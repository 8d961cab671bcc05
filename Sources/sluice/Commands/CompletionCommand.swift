import ArgumentParser
import Controllers
import Manifest

struct CompletionCommand: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "completion", abstract: "Print what makes a shell complete commands and options.",
            discussion: """
                bash:       source <(\(Invocation.current.rawValue) completion bash)
                zsh:        \(Invocation.current.rawValue) completion zsh > "${fpath[1]}/_\(Invocation.current.rawValue)"
                fish:       \(Invocation.current.rawValue) completion fish | source
                powershell: \(Invocation.current.rawValue) completion powershell | Out-String | Invoke-Expression
                """)
    }

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish, powershell
    }

    @Argument(help: "bash, zsh, fish or powershell.")
    var shell: Shell

    func run() async throws {
        switch shell {
        case .bash: Terminal.write(Sluice.completionScript(for: .bash) + "\n")
        case .zsh: Terminal.write(Sluice.completionScript(for: .zsh) + "\n")
        case .fish: Terminal.write(Sluice.completionScript(for: .fish) + "\n")
        case .powershell: Terminal.write(PowerShellCompletion.script(Invocation.current.rawValue))
        }
    }
}

/// The parser knows three shells; this is the fourth.
enum PowerShellCompletion {
    static func script(_ program: String) -> String {
        var words: [(path: String, words: [String])] = []
        if let help = try? JSON(parsing: Sluice._dumpHelp()) { collect(help["command"] ?? .null, [], &words) }
        let table = words.map { path, words in
            "    '\(path)' = @(\(words.map { "'\($0)'" }.joined(separator: ", ")))"
        }
        return """
            Register-ArgumentCompleter -Native -CommandName '\(program)' -ScriptBlock {
              param($word, $line, $cursor)
              $known = @{
            \(table.joined(separator: "\n"))
              }
              $path = ''
              foreach ($element in @($line.CommandElements | Select-Object -Skip 1)) {
                $next = ($path + ' ' + $element.ToString()).Trim()
                if ($element.Extent.EndOffset -lt $cursor -and $known.ContainsKey($next)) { $path = $next }
              }
              $known[$path] | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
              }
            }

            """
    }

    private static func collect(_ command: JSON, _ path: [String], _ words: inout [(path: String, words: [String])]) {
        let inner = command["subcommands"]?.arrayValue ?? []
        let options = (command["arguments"]?.arrayValue ?? []).flatMap { argument in
            (argument["names"]?.arrayValue ?? []).compactMap { name in
                name["name"]?.stringValue.map { (name["kind"] == "short" ? "-" : "--") + $0 }
            }
        }
        let names = inner.compactMap { $0["commandName"]?.stringValue }
        words.append((path.joined(separator: " "), names + options))
        for subcommand in inner {
            guard let name = subcommand["commandName"]?.stringValue else { continue }
            collect(subcommand, path + [name], &words)
        }
    }
}
