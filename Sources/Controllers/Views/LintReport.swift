import Manifest
import RolloutEngine

/// What `lint` finds in a file of manifests.
package struct LintReport: Hashable, Sendable {
    /// One line each: `Rollout shop/web: <path>: <kind>: <message>`.
    package var problems: [String] = []
    /// How many Rollouts were looked at.
    package var rollouts = 0

    /// Checks every Rollout of a file.
    ///
    /// Other objects of the file are what it may refer to; a Service that is not in the file is not an error, for it may be
    /// in the cluster.
    package init(_ text: [UInt8], file: String) {
        let documents: [YAML.Document]
        do {
            documents = try YAML.parseWithPositions(text, strict: true)
        } catch {
            problems.append("\(file): \(error)")
            return
        }
        var objects: [JSON] = []
        for document in documents { collect(document.value, line: document.line, file: file, depth: 0, into: &objects) }
        let services = objects.filter { $0["kind"] == "Service" && $0["apiVersion"] == "v1" }
        for object in objects where object["kind"] == "Rollout" && object.groupVersionKind?.group == "argoproj.io" {
            rollouts += 1
            check(object, services: services)
        }
    }

    private mutating func collect(_ value: JSON, line: Int, file: String, depth: Int, into objects: inout [JSON]) {
        guard value.isObject, value["kind"]?.stringValue?.isEmpty == false else {
            problems.append(
                "\(file) line \(line): every document must be an object with apiVersion and kind, found \(value.typeName)"
            )
            return
        }
        if value["kind"]?.stringValue?.hasSuffix("List") == true, let items = value["items"]?.arrayValue, depth < 8 {
            for item in items { collect(item, line: line, file: file, depth: depth + 1, into: &objects) }
        } else {
            objects.append(value)
        }
    }

    private mutating func check(_ object: JSON, services: [JSON]) {
        let name = "Rollout \(object.objectKey)"
        let rollout: Rollout
        do {
            rollout = try Rollout(object)
        } catch {
            problems.append("\(name): \(error)")
            return
        }
        problems += rollout.problems.map { "\(name): \($0)" }
        for (path, wanted) in rollout.serviceFields {
            guard
                let service = services.first(where: {
                    $0.objectKey.name == wanted && $0.objectKey.namespace == object.objectKey.namespace
                })
            else { continue }
            let owner = service.annotations[Keys.managedBy]
            if let owner, owner != rollout.key.name {
                problems.append(
                    "\(name): \(path): Invalid value: Service \"\(wanted)\" is managed by Rollout \"\(owner)\"; use another one"
                )
            }
            let selector = service.at("spec", "selector")?.stringMap ?? [:]
            let labels = rollout.spec.template?.labels ?? [:]
            for key in selector.keys.sorted() where key != Keys.podTemplateHash && labels[key] != selector[key] {
                problems.append(
                    "\(name): \(path): Invalid value: Service \"\(wanted)\" selects \(key)=\(selector[key] ?? ""), "
                        + "which the template's labels lack; make them agree")
            }
        }
    }
}
