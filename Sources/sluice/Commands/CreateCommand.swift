import ArgumentParser
import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create objects from files, or an AnalysisRun from a template.",
        subcommands: [CreateFiles.self, CreateAnalysisRun.self], defaultSubcommand: CreateFiles.self)
}

struct CreateFiles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "Create the Rollouts, Experiments and analyses of files.",
        discussion: "It is what create does when no other word follows.")

    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A file of YAML or JSON; - reads standard input. May be repeated.")
    var files: [String] = []

    @OptionGroup var viewing: ViewingOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("name a file with -f, or - for standard input") }
    }

    private static let kinds: [String: Resource] = [
        "Rollout": .rollouts, "Experiment": .experiments, "AnalysisTemplate": .analysisTemplates,
        "ClusterAnalysisTemplate": .clusterAnalysisTemplates, "AnalysisRun": .analysisRuns,
    ]

    func run() async throws {
        try await reporting {
            let session = try connection.connect("create")
            // Everything is read before anything is created: half a file is worse than none.
            var objects: [(resource: Resource, object: JSON)] = []
            for file in files {
                for document in try YAML.parseWithPositions(try InputFile.read(file), strict: true) {
                    objects.append(try Self.checked(document.value, "\(file) line \(document.line)"))
                }
            }
            guard !objects.isEmpty else { throw CommandError("\(files.joined(separator: ", ")): no objects in it") }
            if viewing.watch {
                guard objects.count == 1, objects.allSatisfy({ [.rollouts, .experiments].contains($0.resource) }) else {
                    throw CommandError("--watch needs a single Rollout or Experiment")
                }
            }
            for (resource, object) in objects { try await create(object, resource, session) }
        }
    }

    private static func checked(_ object: JSON, _ place: String) throws -> (Resource, JSON) {
        let kind = object.groupVersionKind
        guard let kind, kind.group == "argoproj.io", let resource = kinds[kind.kind] else {
            throw CommandError(
                "\(place): \(kind?.description ?? "this") cannot be created here; use one of "
                    + "\(kinds.keys.sorted().joined(separator: ", ")) of argoproj.io/v1alpha1, or kubectl apply")
        }
        let problems = StrictDecoding.problems(of: object) ?? []
        guard problems.isEmpty else {
            throw CommandError(
                problems.map { "\(place): \(kind.kind) \(object.objectKey.name): \($0.path): \($0.message)" }
                    .joined(separator: "\nerror: "))
        }
        return (resource, object)
    }

    private func create(_ object: JSON, _ resource: Resource, _ session: ClusterSession) async throws {
        let created = try await session.create(object, resource, dryRun)
        if viewing.watch, dryRun.dryRun == .none {
            let inner = ClusterSession(
                client: session.client, discovery: session.discovery, namespace: created.objectKey.namespace)
            try await viewing.follow(resource, created.objectKey.name, inner)
        }
    }
}

extension ClusterSession {
    /// Creates an object in its own namespace, or in the current one, and says so.
    func create(_ object: JSON, _ resource: Resource, _ dryRun: DryRunOptions) async throws -> JSON {
        var object = object
        let namespace = resource.isNamespaced ? object.objectKey.namespace : ""
        let place = resource.isNamespaced && namespace.isEmpty ? self.namespace : namespace
        if !place.isEmpty { object.set(.string(place), at: "metadata", "namespace") }
        var created = object
        if dryRun.dryRun == .client {
            Terminal.write(object.description + "\n")
        } else {
            var options = WriteOptions(fieldManager: "kubectl-sluice", dryRun: dryRun.dryRun == .server)
            options.fieldValidation = "Strict"
            created = try await client.create(resource, namespace: place, object, subresource: nil, options)
        }
        Terminal.write("\(resource.kind.lowercased()).argoproj.io/\(created.objectKey.name) created\(dryRun.suffix)\n")
        return created
    }
}

struct CreateAnalysisRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analysisrun", abstract: "Start an AnalysisRun from a template.",
        aliases: ["ar", "analysisruns"])

    @Option(help: "The AnalysisTemplate of the cluster to start from.")
    var from: String?

    @Option(help: "A file with the template to start from; - reads standard input.")
    var fromFile: String?

    @Flag(help: "--from names a ClusterAnalysisTemplate.")
    var global = false

    @Option(help: "The run's name.")
    var name: String?

    @Option(help: "The beginning of the run's name; <template>- by default.")
    var generateName: String?

    @Option(help: "The instance id of the controller that shall run it.")
    var instanceId: String?

    @Option(name: [.customShort("a"), .long], help: "NAME=VALUE, an argument of the template. May be repeated.")
    var argument: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var dryRun: DryRunOptions

    func validate() throws {
        guard (from == nil) != (fromFile == nil) else { throw ValidationError("give one of --from and --from-file") }
        guard name == nil || generateName == nil else {
            throw ValidationError("give only one of --name and --generate-name")
        }
        _ = try values
    }

    private var values: [(name: String, value: String)] {
        get throws {
            try argument.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw ValidationError("--argument \(text) is not NAME=VALUE")
                }
                return (String(parts[0]), String(parts[1]))
            }
        }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("create")
            let template: JSON
            if let fromFile {
                let objects = try YAML.parse(try InputFile.read(fromFile))
                let kinds = ["AnalysisTemplate", "ClusterAnalysisTemplate"]
                guard objects.count == 1, let object = objects.first,
                    kinds.contains(object["kind"]?.stringValue ?? "")
                else { throw CommandError("\(fromFile) must hold one AnalysisTemplate or ClusterAnalysisTemplate") }
                template = object
            } else if global {
                template = try await session.get(.clusterAnalysisTemplates, ObjectKey(name: from ?? ""))
            } else {
                template = try await session.get(.analysisTemplates, from ?? "")
            }
            var run = ManualAnalysisRun(
                template: template, namespace: session.namespace, name: name, generateName: generateName,
                instanceID: instanceId, values: try values)
            while case let missing = run.missing, !missing.isEmpty {
                for reference in missing {
                    let isCluster = reference.kind == "ClusterAnalysisTemplate"
                    run.others[reference] = try await session.get(
                        isCluster ? .clusterAnalysisTemplates : .analysisTemplates, reference.key)
                }
            }
            _ = try await session.create(try run.manifest(), .analysisRuns, dryRun)
        }
    }
}
