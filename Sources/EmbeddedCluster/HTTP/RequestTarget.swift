import Kubernetes
import Manifest

/// What a resource path names.
struct RequestTarget: Sendable {
    var kind: ServedKind
    var namespace: String?
    var name: String?
    var subresource: String?

    /// Namespace and name, where the path names one object.
    var key: ObjectKey? { name.map { ObjectKey(namespace: namespace ?? "", name: $0) } }

    init(_ path: [String], _ kinds: KindRegistry) throws(KubernetesError) {
        var rest = path[...]
        let root = rest.popFirst()
        let group = root == "apis" ? rest.popFirst() ?? "" : ""
        guard let version = rest.popFirst(), let first = rest.first else { throw .noSuchResource }
        if first == "namespaces", rest.count >= 3,
            !["status", "finalize"].contains(rest[rest.startIndex + 2]) || !group.isEmpty
        {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        guard let plural = rest.popFirst(), let kind = kinds.served(group: group, version: version, plural: plural),
            rest.count <= 2, namespace == nil || kind.definition.isNamespaced
        else { throw .noSuchResource }
        self.kind = kind
        name = rest.popFirst()
        subresource = rest.popFirst()
        if name != nil, kind.definition.isNamespaced, namespace == nil { throw .noSuchResource }
    }
}
