import ArgumentParser
import Controllers
import Glibc
import Kubernetes
import Manifest

/// How to reach the cluster, as with kubectl.
struct ConnectionOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "The namespace to act in; the context's by default.")
    var namespace: String?

    @Option(help: "The context of the kubeconfig to use.")
    var context: String?

    @Option(help: "The kubeconfig file to use.")
    var kubeconfig: String?

    func connect(_ command: String) throws -> ClusterSession {
        let configuration = try ClusterConnection.configuration(kubeconfig: kubeconfig, context: context)
        var options = KubernetesClient.Options()
        options.userAgent = Version.userAgent(command)
        let client = KubernetesClient(configuration, options: options)
        return ClusterSession(
            client: client, discovery: Discovery(client), namespace: namespace ?? configuration.namespace)
    }
}

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
        case .json: Terminal.write(Self.whole(objects, isList).prettyPrinted() + "\n")
        case .yaml: Terminal.write(YAML.emit(Self.whole(objects, isList)))
        case .name:
            for object in objects {
                let kind = object.groupVersionKind ?? GroupVersionKind(group: "", version: "", kind: "object")
                let name = kind.kind.lowercased() + (kind.group.isEmpty ? "" : ".\(kind.group)")
                Terminal.write("\(name)/\(object.objectKey.name)\n")
            }
        }
        return true
    }

    private static func whole(_ objects: [JSON], _ isList: Bool) -> JSON {
        if !isList, objects.count == 1 { return objects[0] }
        return ["apiVersion": "v1", "kind": "List", "items": .array(objects)]
    }
}

/// Whether a change is only tried out.
struct DryRunOptions: ParsableArguments {
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case none, client, server
    }

    @Option(help: "client prints what would be sent; server has the API check it without keeping it.")
    var dryRun = Mode.none

    var suffix: String {
        switch dryRun {
        case .none: ""
        case .client: " (dry run)"
        case .server: " (server dry run)"
        }
    }
}

/// A connection to the cluster, and the namespace to act in.
struct ClusterSession {
    let client: KubernetesClient
    let discovery: Discovery
    let namespace: String

    func key(_ name: String) -> ObjectKey { ObjectKey(namespace: namespace, name: name) }

    func get(_ resource: Resource, _ name: String) async throws -> JSON {
        guard var object = try await client.get(resource, key(name), subresource: nil) else {
            throw CommandError(
                "there is no \(resource.kind) \(name) in namespace \(namespace); choose another namespace with -n"
            )
        }
        object.adopt(resource)
        return object
    }

    /// Objects ordered by key, none where their kind is not installed.
    /// - Parameter namespace: `nil` is all of them.
    func list(_ resource: Resource, namespace: String?, labelSelector: String? = nil) async throws -> [JSON] {
        let found = Lock<[JSON]>([])
        let collect: @Sendable ([UInt8]) throws -> Void = { bytes in
            var object = try JSON(parsing: bytes)
            object.adopt(resource)
            found.withLock { $0.append(object) }
        }
        let options = ListOptions(namespace: namespace, labelSelector: labelSelector)
        do {
            _ = try await client.list(resource, options, item: collect)
        } catch {
            if !error.isNotFound { throw error }
        }
        return found.withLock { $0 }.sorted { $0.objectKey < $1.objectKey }
    }

    /// Sends merge patches one after the other, the first only if the object still is as it was read.
    /// - Parameter resourceVersion: What the patches were made for; `nil` to patch whatever is there.
    func send(
        _ patches: [RolloutPatch], to resource: Resource, _ name: String, resourceVersion: String?,
        dryRun: DryRunOptions
    ) async throws {
        var version = resourceVersion
        for patch in patches {
            var body = patch.body
            if let version, !version.isEmpty { body.set(.string(version), at: "metadata", "resourceVersion") }
            if dryRun.dryRun == .client {
                Terminal.write(body.description + "\n")
                continue
            }
            let options = WriteOptions(fieldManager: "kubectl-sluice", dryRun: dryRun.dryRun == .server)
            let result = try await apply(body, patch.isStatus, to: resource, name, options)
            // A server dry run keeps nothing, and so the version stays.
            if version != nil, dryRun.dryRun == .none { version = result.resourceVersion }
        }
    }

    private func apply(
        _ body: JSON, _ isStatus: Bool, to resource: Resource, _ name: String, _ options: WriteOptions
    ) async throws -> JSON {
        // One plain catch for each request: with `catch where` here, Swift 6.3.1 crashes.
        do {
            let subresource = isStatus ? "status" : nil
            return try await client.patch(resource, key(name), .merge, body, subresource: subresource, options)
        } catch {
            if error.isConflict {
                throw CommandError(
                    "\(resource.kind) \(name) has changed meanwhile, so nothing more was sent; look at it and try again"
                )
            }
            // Old CRDs have no status subresource.
            guard isStatus, error.isNotFound else { throw error }
        }
        return try await client.patch(resource, key(name), .merge, body, subresource: nil, options)
    }
}

extension JSON {
    /// Items of a list have neither `apiVersion` nor `kind`.
    mutating func adopt(_ resource: Resource) {
        if self["apiVersion"] == nil { self["apiVersion"] = .string(resource.apiVersion) }
        if self["kind"] == nil { self["kind"] = .string(resource.kind) }
        set(nil, at: "metadata", "managedFields")
    }
}

/// Why a command cannot do what it was asked for, in one line.
struct CommandError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

extension AsyncParsableCommand {
    /// Runs a command's work; what goes wrong is said on standard error and ends with exit code 2: it could not be found out.
    func reporting(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let code as ExitCode {
            throw code
        } catch let error as ValidationError {
            throw error
        } catch {
            Terminal.complain("error: \(error)")
            throw ExitCode(2)
        }
    }
}

/// Standard output and standard error.
enum Terminal {
    static let isTerminal = isatty(STDOUT_FILENO) == 1
    static let style = TextStyle(isTerminal: isTerminal, environment: { environmentVariable($0) })

    /// Writes to standard output, unbuffered: results and their order are what scripts read.
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func complain(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to file: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }

    /// Replaces what the screen shows.
    static func redraw(_ text: String) { write(isTerminal ? "\u{1B}[H\u{1B}[2J" + text : text) }
}

/// Kinds that only commands read.
enum Kinds {
    static let experiments = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "experiments", kind: "Experiment")
}
