import Kubernetes
import Manifest

/// Which objects of a collection a list or watch shows.
struct ObjectFilter: Sendable {
    private struct Field: Sendable {
        var path: [String]
        var value: String
        var isEqual: Bool
    }

    private var namespace: String?
    private var labels: LabelSelector?
    private var fields: [Field] = []

    init(_ options: ListOptions, of kind: KindDefinition) throws(KubernetesError) {
        namespace = options.namespace.flatMap { $0.isEmpty || !kind.isNamespaced ? nil : $0 }
        if let text = options.labelSelector, !text.isEmpty {
            do { labels = try LabelSelector(parsing: text) } catch {
                throw .badRequest("unable to parse requirement: \(error.reason)")
            }
        }
        for part in (options.fieldSelector ?? "").split(separator: ",") {
            guard let equals = part.firstIndex(of: "=") else {
                throw .badRequest("invalid field selector \"\(part.prefix(100))\"; expected <field>=<value>")
            }
            var name = part[..<equals]
            var value = part[part.index(after: equals)...]
            if value.first == "=" { value = value.dropFirst() }
            let isEqual = name.last != "!"
            if !isEqual { name = name.dropLast() }
            let known =
                name == "metadata.name" || name == "metadata.namespace" || kind.rules.fields.contains(String(name))
            guard known else { throw .badRequest("field label not supported: \(name.prefix(100))") }
            fields.append(
                Field(path: name.split(separator: ".").map(String.init), value: String(value), isEqual: isEqual))
        }
    }

    var hasSelectors: Bool { labels != nil || !fields.isEmpty }
    var namespaceName: String? { namespace }

    func matches(_ object: StoredObject) -> Bool {
        if let namespace, object.key.namespace != namespace { return false }
        if let labels, !labels.matches(object.json.labels) { return false }
        return fields.allSatisfy { field in
            let found =
                switch object.json.at(path: field.path) {
                case .string(let text): text
                case .some(let value) where !value.isContainer && !value.isNull: value.description
                default: ""
                }
            return (found == field.value) == field.isEqual
        }
    }
}
