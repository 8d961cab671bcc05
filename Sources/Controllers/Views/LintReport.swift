package import Manifest
import RolloutEngine

/// What `lint` finds in a file of manifests.
///
/// Objects refer to one another within the file only: what is not in it may be in the cluster.
package struct LintReport: Hashable, Sendable {
    /// Finds unknown fields and wrong types: path and explanation; `nil` for kinds that it does not know.
    package typealias SchemaCheck = (JSON) -> [(path: String, message: String)]?

    /// One line each: `Rollout shop/web: <path>: <kind>: <message>`.
    package var problems: [String] = []
    /// What is accepted, but is hardly meant so.
    package var warnings: [String] = []
    /// How many Rollouts were looked at.
    package var rollouts = 0
    /// How many objects of kinds that are checked were looked at.
    package var checked = 0

    /// Checks every Rollout, analysis, Service, Ingress and VirtualService of a file.
    package init(_ text: [UInt8], file: String, schema: SchemaCheck = { _ in nil }) {
        let documents: [YAML.Document]
        do {
            documents = try YAML.parseWithPositions(text, strict: true)
        } catch {
            problems.append("\(file): \(error)")
            return
        }
        var objects: [JSON] = []
        for document in documents { collect(document.value, line: document.line, file: file, depth: 0, into: &objects) }
        let catalog = LintCatalog(objects)
        for object in objects { check(object, catalog, schema) }
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

    private mutating func check(_ object: JSON, _ catalog: LintCatalog, _ schema: SchemaCheck) {
        let kind = object["kind"]?.stringValue ?? ""
        let group = object.groupVersionKind?.group ?? ""
        let isOurs = group == "argoproj.io" && Self.argoKinds.contains(kind)
        let isReferred =
            group.isEmpty && kind == "Service" || kind == "Ingress" || kind == "VirtualService"
            || kind == "DestinationRule"
        guard isOurs || isReferred else { return }
        checked += 1
        let title = "\(kind) \(object.objectKey)"
        var misfits: Set<String> = []
        for misfit in schema(object) ?? [] where misfits.insert(misfit.path).inserted {
            problems.append("\(title): \(misfit.path): Invalid value: \(misfit.message)")
        }
        switch kind {
        case "Rollout" where isOurs:
            rollouts += 1
            check(rollout: object, title, catalog, known: misfits)
        case "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun":
            if isOurs, misfits.isEmpty { check(analysis: object, title, catalog) }
        default: break
        }
    }

    private static let argoKinds: Set<String> = [
        "Rollout", "Experiment", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun",
    ]

    /// - Parameter known: Paths whose types are named as wrong already.
    private mutating func check(rollout object: JSON, _ title: String, _ catalog: LintCatalog, known: Set<String>) {
        do {
            problems += try Rollout(object).problems.map { "\(title): \($0)" }
        } catch {
            // The schema names all such fields, the decoder the first.
            if !known.contains(where: { "\(error)".contains($0) }) { problems.append("\(title): \(error)") }
        }
        let references = RolloutReferences(object, catalog)
        problems += references.problems.map { "\(title): \($0)" }
        warnings += RolloutReferences.doubts(object).map { "\(title): \($0)" }
        check(analysesOf: object, title, catalog)
    }
}

/// The objects of a file by what refers to them.
struct LintCatalog {
    private var objects: [ObjectReference: JSON] = [:]

    init(_ objects: [JSON]) {
        for object in objects { self.objects[object.objectReference] = object }
    }

    /// An object of the file; cluster-wide ones have an empty namespace.
    func find(_ kind: String, groups: [String], namespace: String, _ name: String) -> JSON? {
        for group in groups {
            let wanted = ObjectReference(group: group, kind: kind, namespace: namespace, name: name)
            if let found = objects[wanted] { return found }
        }
        return nil
    }
}
