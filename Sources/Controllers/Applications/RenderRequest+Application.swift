import Manifest
import Rendering
import SyncEngine

extension RenderRequest {
    /// The request for a source of an Application; what the renderer does not know is refused.
    static func of(_ source: ApplicationSource) -> (request: RenderRequest, problems: [String]) {
        var request = RenderRequest(path: source.path)
        var problems: [String] = []
        if let options = source.directory {
            request.tool = .directory
            request.directory = DirectoryOptions(
                recurse: options["recurse"]?.boolValue ?? false, include: options["include"]?.stringValue ?? "",
                exclude: options["exclude"]?.stringValue ?? "")
            refuse(options, known: ["recurse", "include", "exclude"], at: "spec.source.directory", &problems)
        }
        if let options = source.kustomize {
            request.tool = .kustomize
            var replicas: [String: Int64] = [:]
            for entry in options["replicas"]?.arrayValue ?? [] {
                let count = entry["count"]?.intValue ?? entry["count"]?.stringValue.flatMap(Int64.init)
                guard let name = entry["name"]?.stringValue, let count else {
                    problems.append("spec.source.kustomize.replicas: each entry needs name and count")
                    continue
                }
                replicas[name] = count
            }
            request.kustomize = KustomizeOverrides(
                namePrefix: options["namePrefix"]?.stringValue ?? "",
                nameSuffix: options["nameSuffix"]?.stringValue ?? "",
                namespace: options["namespace"]?.stringValue ?? "",
                images: options["images"]?.arrayValue?.compactMap(\.stringValue) ?? [], replicas: replicas,
                commonLabels: options["commonLabels"]?.stringMap ?? [:],
                commonAnnotations: options["commonAnnotations"]?.stringMap ?? [:],
                labelWithoutSelector: options["labelWithoutSelector"]?.boolValue ?? false,
                labelIncludeTemplates: options["labelIncludeTemplates"]?.boolValue ?? false,
                patches: options["patches"]?.arrayValue ?? [],
                components: options["components"]?.arrayValue?.compactMap(\.stringValue) ?? [])
            refuse(
                options,
                known: [
                    "namePrefix", "nameSuffix", "namespace", "images", "replicas", "commonLabels",
                    "commonAnnotations", "labelWithoutSelector", "labelIncludeTemplates", "patches", "components",
                ], at: "spec.source.kustomize", &problems)
        }
        return (request, problems)
    }

    private static func refuse(_ options: JSON, known: Set<String>, at path: String, _ problems: inout [String]) {
        for (name, value) in options.objectValue ?? [:] where !known.contains(name) {
            let says =
                switch value {
                case .null, .bool(false): false
                case .string(let text): !text.isEmpty
                case .array(let list): !list.isEmpty
                case .object(let members): !members.isEmpty
                default: true
                }
            if says { problems.append("\(path).\(name.prefix(64)): is not supported yet") }
        }
        problems.sort()
    }
}
