package import Manifest

/// The annotation value that says which application an object belongs to, and which object that is.
package struct TrackingID: Hashable, Sendable, CustomStringConvertible {
    package var instance: String
    package var reference: ObjectReference

    package init(instance: String, reference: ObjectReference) {
        self.instance = instance
        self.reference = reference
    }

    /// Reads `<instance>:<group>/<kind>:<namespace>/<name>`; the name may itself hold colons.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty else { return nil }
        let kind = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[2].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard kind.count == 2, name.count == 2, !kind[1].isEmpty, !name[1].isEmpty else { return nil }
        instance = String(parts[0])
        reference = ObjectReference(
            group: String(kind[0]), kind: String(kind[1]), namespace: String(name[0]), name: String(name[1]))
    }

    package var description: String {
        "\(instance):\(reference.group)/\(reference.kind):\(reference.namespace)/\(reference.name)"
    }

    /// What a live object says about itself, or `nil` where it carries no valid id.
    package static func of(_ object: JSON) -> TrackingID? {
        object.annotations[Names.trackingID].flatMap(TrackingID.init)
    }

    /// Whether `object` carries an id of its own, not one copied from elsewhere.
    ///
    /// Ids of cluster-scoped objects name the destination namespace, so the namespace counts only where the object has one.
    package func isSelfReferenced(by object: JSON) -> Bool {
        let own = object.objectReference
        return own.group == reference.group && own.kind == reference.kind && own.name == reference.name
            && (own.namespace.isEmpty || own.namespace == reference.namespace)
    }
}

extension GroupKind {
    /// CustomResourceDefinitions carry no tracking metadata and are never pruned.
    package var isUntracked: Bool { self == GroupKind(group: "apiextensions.k8s.io", kind: "CustomResourceDefinition") }

    /// Kinds that are never synced, watched or compared.
    package var isExcluded: Bool {
        switch (group, kind) {
        case ("events.k8s.io", _), ("metrics.k8s.io", _), ("", "Event"), ("coordination.k8s.io", "Lease"),
            ("", "Endpoints"), ("discovery.k8s.io", "EndpointSlice"), ("authentication.k8s.io", _),
            ("authorization.k8s.io", _), ("certificates.k8s.io", "CertificateSigningRequest"),
            ("cert-manager.io", "CertificateRequest"), ("wgpolicyk8s.io", _):
            true
        default: false
        }
    }
}
