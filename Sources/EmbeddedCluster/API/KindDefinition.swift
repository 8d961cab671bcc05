import Kubernetes
import Manifest

/// A column of `kubectl get`.
struct PrinterColumn: Sendable {
    var name: String
    /// `string`, `integer`, `number`, `boolean` or `date`.
    var type: String
    var format = ""
    /// Above 0: only with `-o wide`.
    var priority = 0
    var description = ""
    /// Gives the cell.
    var cell: @Sendable (JSON, Timestamp) -> JSON
}

/// Where a custom resource keeps what `/scale` shows.
struct ScalePaths: Hashable, Sendable {
    var replicas: [String]
    var statusReplicas: [String]
    var selector: [String]?
}

/// One served version of a kind.
struct KindVersion: Sendable {
    var name: String
    var schema: SchemaNode
    var columns: [PrinterColumn] = []
    var hasStatus = false
    var scale: ScalePaths?
    var isServed = true
    var isDeprecated = false
    /// Custom resource columns and schema as the user wrote them, for OpenAPI documents.
    var source: JSON?
}

/// What the API server does beyond the schema for a built-in kind.
struct KindRules: Sendable {
    /// Fills fields on every write; gets the object and what was stored before.
    var defaults: @Sendable (inout JSON, JSON?) -> Void = { _, _ in }
    /// Fills what the server chooses last, and what therefore nobody owns: addresses, accounts, generated selectors.
    var allocate: @Sendable (inout JSON, JSON?) -> Void = { _, _ in }
    /// Checks the whole object; gets what was stored before.
    var validate: @Sendable (JSON, JSON?) -> [KubernetesError.Cause] = { _, _ in [] }
    /// Whether a PUT to a missing object creates it.
    var createsOnUpdate = false
    /// Whether `metadata.generation` counts changes of the spec.
    var hasGeneration = false
    /// Field selectors beyond name and namespace: `spec.nodeName`.
    var fields: Set<String> = []
}

/// A kind that the cluster serves.
struct KindDefinition: Sendable {
    var group: String
    var plural: String
    var singular: String
    var kind: String
    var isNamespaced = true
    var shortNames: [String] = []
    var categories: [String] = []
    /// Preferred version first.
    var versions: [KindVersion]
    var storageVersion: String
    var rules = KindRules()
    /// Defined by a CustomResourceDefinition.
    var isCustom = false
    /// Another kind's collection that holds these objects too: events have two groups over one storage.
    var storageAlias: String?
    /// Between the form of a request and the stored one, where they differ in more than `apiVersion`.
    var toStorage: (@Sendable (JSON) -> JSON)?
    var fromStorage: (@Sendable (JSON) -> JSON)?

    var listKind: String { "\(kind)List" }
    /// `deployments.apps`, and the collection's name in the store.
    var name: String { group.isEmpty ? plural : "\(plural).\(group)" }
    var collection: String { storageAlias ?? name }
    /// `Deployment.apps`, as in messages.
    var qualifiedKind: String { group.isEmpty ? kind : "\(kind).\(group)" }

    func version(_ name: String) -> KindVersion? { versions.first { $0.name == name && $0.isServed } }
    func apiVersion(_ version: String) -> String { group.isEmpty ? version : "\(group)/\(version)" }
}

/// A kind in the version that a request names.
struct ServedKind: Sendable {
    var definition: KindDefinition
    var version: KindVersion

    var apiVersion: String { definition.apiVersion(version.name) }

    var resource: Resource {
        var subresources: Set<String> = []
        if version.hasStatus { subresources.insert("status") }
        if version.scale != nil { subresources.insert("scale") }
        return Resource(
            group: definition.group, version: version.name, plural: definition.plural, kind: definition.kind,
            isNamespaced: definition.isNamespaced, subresources: subresources, shortNames: definition.shortNames)
    }
}
