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
        let linted = LintedObjects(objects.map(\.asCurrentIngress))
        for object in objects { check(object, catalog, linted, schema) }
    }

    private mutating func collect(_ value: JSON, line: Int, file: String, depth: Int, into objects: inout [JSON]) {
        guard value.isObject, value["kind"]?.stringValue?.isEmpty == false,
            value["apiVersion"]?.stringValue?.isEmpty == false
        else {
            let kind = value["kind"]?.stringValue ?? ""
            let found =
                value.isObject ? kind.isEmpty ? "one without kind" : "a \(kind) without apiVersion" : value.typeName
            problems.append(
                "\(file) line \(line): every document must be an object with apiVersion and kind, found \(found)")
            return
        }
        if value["kind"]?.stringValue?.hasSuffix("List") == true, let items = value["items"]?.arrayValue, depth < 8 {
            for item in items { collect(item, line: line, file: file, depth: depth + 1, into: &objects) }
        } else {
            objects.append(value)
        }
    }

    private mutating func check(
        _ object: JSON, _ catalog: LintCatalog, _ linted: LintedObjects, _ schema: SchemaCheck
    ) {
        let kind = object["kind"]?.stringValue ?? ""
        let group = object.groupVersionKind?.group ?? ""
        let isOurs = group == "argoproj.io" && Self.argoKinds.contains(kind)
        let isReferred =
            group.isEmpty && kind == "Service" || kind == "Ingress" || kind == "VirtualService"
            || kind == "DestinationRule"
        guard isOurs || isReferred else { return }
        checked += 1
        let title = "\(kind) \(object.objectKey)"
        if isOurs, object.groupVersionKind?.version != "v1alpha1" {
            problems.append(
                "\(title): apiVersion: Invalid value: there is no \(object["apiVersion"]?.stringValue ?? ""); use argoproj.io/v1alpha1"
            )
        }
        var misfits: Set<String> = []
        for misfit in schema(object) ?? [] where misfits.insert(misfit.path).inserted {
            // The schema names some kinds itself.
            let isKindNamed = misfit.message.prefix { $0 != ":" }.hasSuffix(" value")
            problems.append("\(title): \(misfit.path): \(isKindNamed ? "" : "Invalid value: ")\(misfit.message)")
        }
        switch kind {
        case "Rollout" where isOurs:
            rollouts += 1
            check(rollout: object, title, linted, known: misfits)
        case "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun":
            if isOurs, misfits.isEmpty { check(analysis: object, title, catalog) }
        default: break
        }
    }

    private static let argoKinds: Set<String> = [
        "Rollout", "Experiment", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun",
    ]

    /// - Parameter known: Paths whose types are named as wrong already.
    private mutating func check(rollout object: JSON, _ title: String, _ objects: LintedObjects, known: Set<String>) {
        var rollout: Rollout
        do {
            rollout = try Rollout(object)
        } catch {
            // The schema names all such fields, the decoder the first.
            if !known.contains(where: { "\(error)".contains($0) }) { problems.append("\(title): \(error)") }
            return
        }
        if let workload = objects.workload(of: rollout) { rollout = rollout.resolved(with: workload) }
        // What is not supported yet is said after what is wrong with it.
        var found = rollout.problems.filter { !$0.isUnsupportedFeature }
        found += ReferenceValidation.problems(
            of: rollout, services: objects.services(of: rollout), isComplete: false)
        found += RolloutAnalysisRuns.problems(of: rollout, catalog: objects.catalog, isComplete: false)
        // The static rules have said what is wrong with the configuration itself.
        found += RolloutRoutes.problems(of: rollout, isComplete: false, object: objects.object)
            .filter { problem in !rollout.problems.contains { $0.path == problem.path } }
        found += rollout.problems.filter(\.isUnsupportedFeature)
        // The controller goes on without them, and whoever has written them can still mend them.
        found += rollout.leftOut
        problems += found.map { "\(title): \($0)" }
        warnings += rollout.warnings.map { "\(title): \($0)" }
        if let rule = rollout.annotations[Keys.onNewRevision], !["supersede", "queue", "hotfix"].contains(rule) {
            warnings.append(
                "\(title): metadata.annotations[\(Keys.onNewRevision)]: \"\(rule)\" is unknown and acts as supersede; use supersede, queue or hotfix"
            )
        }
        if let canary = rollout.spec.canary, canary.trafficRouting != nil, canary.steps.isEmpty {
            warnings.append(
                "\(title): spec.strategy.canary.steps: without steps the canary gets no traffic until all of it comes at once; add a setWeight step"
            )
        }
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
