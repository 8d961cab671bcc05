import ArgumentParser
import Glibc
import Manifest
import Rendering

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Print the objects that a folder stands for.",
        discussion: "Kustomize where there is a kustomization, plain manifests otherwise; nothing is fetched or run.")

    enum Tool: String, ExpressibleByArgument, CaseIterable {
        case detect, directory, kustomize
    }

    @Argument(help: "The folder.")
    var path = "."

    @Option(help: "How to read the folder: detect, directory or kustomize.")
    var tool = Tool.detect

    @Option(
        help: "The source's root, which nothing is read outside of; the Git work tree around the folder by default.")
    var root: String?

    @Option(help: "Another image: name=newName:tag or name:tag; may be repeated.")
    var image: [String] = []

    @Option(help: "A prefix for all names.")
    var namePrefix = ""

    @Option(name: [.short, .long], help: "The namespace of all objects.")
    var namespace = ""

    @Flag(help: "Read plain manifests of folders inside the folder too.")
    var recurse = false

    @Option(help: "Read only plain manifests that match this pattern.")
    var include = ""

    @Option(help: "Leave out plain manifests that match this pattern.")
    var exclude = ""

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting {
            let folder = try Self.absolute(path)
            let base = try root.map(Self.absolute) ?? Self.workTree(around: folder)
            guard folder == base || base == "/" || folder.hasPrefix(base + "/") else {
                throw CommandError("\(path) is not inside the root \(base); choose another with --root")
            }
            let relative = folder == base ? "" : String(folder.dropFirst(base == "/" ? 1 : base.count + 1))
            let request = RenderRequest(
                path: relative, tool: RenderRequest.Tool(rawValue: tool.rawValue) ?? .detect,
                directory: DirectoryOptions(recurse: recurse, include: include, exclude: exclude),
                kustomize: KustomizeOverrides(namePrefix: namePrefix, namespace: namespace, images: image),
                limits: RenderLimits(inputBytes: 100 << 20))
            let result = try render(request, in: DiskFileTree(root: base))
            for warning in result.warnings { Terminal.complain("warning: \(warning)") }
            if output.output != .yaml, output.print(result.objects.map(\.object), list: true) { return }
            Terminal.write(result.yaml)
        }
    }

    private static func absolute(_ path: String) throws -> String {
        guard let resolved = realpath(path, nil) else {
            throw CommandError("cannot find \(path): \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The folder above that holds `.git`; the root of the disk where there is none.
    private static func workTree(around folder: String) -> String {
        var candidate = folder
        while !candidate.isEmpty {
            if access(candidate + "/.git", F_OK) == 0 { return candidate }
            candidate = candidate.lastIndex(of: "/").map { String(candidate[..<$0]) } ?? ""
        }
        return "/"
    }
}
