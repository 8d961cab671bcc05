import ArgumentParser
import Controllers
import Manifest

/// What a command prints.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case json, yaml, wide, name
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "The form of the output: json, yaml, wide or name.")
    var output: OutputFormat?

    /// Prints objects as JSON, YAML or names; `false` where the command's own form is wanted.
    func print(_ objects: [JSON], list isList: Bool) -> Bool {
        switch output {
        case nil, .wide: return false
        case .json: Terminal.write(ObjectPrinter.json(objects, isList: isList))
        case .yaml: Terminal.write(ObjectPrinter.yaml(objects, isList: isList))
        case .name: Terminal.write(ObjectPrinter.names(objects))
        }
        return true
    }
}

/// Whether a change is only tried out.
struct DryRunOptions: ParsableArguments {
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case none, client, server
    }

    @Option(help: "client prints what would be sent; server has the API check it without keeping it.")
    var dryRun = Mode.none

    var mode: ObjectChanges.Mode {
        switch dryRun {
        case .none: .real
        case .server: .server
        case .client: .client { Terminal.write($0.description + "\n") }
        }
    }

    var suffix: String {
        switch dryRun {
        case .none: ""
        case .client: " (dry run)"
        case .server: " (server dry run)"
        }
    }
}
