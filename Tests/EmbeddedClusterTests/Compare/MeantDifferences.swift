import Manifest

/// Where the embedded cluster is meant to differ from the API server of v1.20 that it is compared with.
enum MeantDifferences {
    /// Fields that are left out on both sides, as dotted paths; `*` is every element or member.
    static let fields: [String] = [
        // Chosen anew by every server.
        "metadata.uid", "metadata.resourceVersion", "metadata.creationTimestamp", "metadata.deletionTimestamp",
        "metadata.selfLink", "metadata.managedFields.*.time", "spec.clusterIP", "spec.clusterIPs",
        "metadata.ownerReferences.*.uid",
        // Written by v1.21 and later.
        "metadata.labels.kubernetes.io/metadata.name", "spec.internalTrafficPolicy", "spec.ipFamilies",
        "spec.ipFamilyPolicy", "spec.completionMode", "spec.suspend", "spec.podReplacementPolicy",
        "metadata.managedFields.*.fieldsV1.f:spec.f:internalTrafficPolicy",
        "metadata.managedFields.*.fieldsV1.f:spec.f:completionMode",
        "metadata.managedFields.*.fieldsV1.f:spec.f:podReplacementPolicy",
        "metadata.managedFields.*.fieldsV1.f:spec.f:suspend",
        // Written by the admission of service accounts, which the other server runs without.
        "spec.serviceAccount", "spec.serviceAccountName",
        // Written by controllers at their own time.
        "metadata.annotations.deployment.kubernetes.io/revision",
        // Written by typed servers, and meaningless.
        "spec.template.metadata.creationTimestamp",
        // Written by controllers and admission at their own time.
        "status", "spec.volumes", "spec.containers.*.volumeMounts", "spec.tolerations", "spec.nodeName",
        // A Job's uid stands in its labels and selector; v1.27 named them anew.
        "spec.selector.matchLabels.controller-uid", "spec.selector.matchLabels.batch.kubernetes.io/controller-uid",
        "spec.template.metadata.labels.controller-uid",
        "spec.template.metadata.labels.batch.kubernetes.io/controller-uid",
        "spec.template.metadata.labels.batch.kubernetes.io/job-name",
    ]

    /// Steps whose answers differ on purpose, each with the reason.
    static let steps: [String: String] = [
        "job": "v1.20 gives Jobs no generation, and copies the generated labels to the Job",
        "widget": "v1.20 learns a new kind's list types late: items are owned as a whole",
        "widget merge": "v1.20 learns a new kind's list types late",
        "widget status": "v1.20 does not name subresources in managedFields",
        "widget scale": "v1.20 does not name subresources in managedFields",
        "widget wrong type": "the cause is FieldValueTypeInvalid since v1.21",
        "widget apply item": "v1.20 learns a new kind's list types late: the whole list is replaced",
    ]
}

extension JSON {
    /// Without the fields of `MeantDifferences`.
    var comparable: JSON {
        var result = self
        for field in MeantDifferences.fields { result.drop(field[...]) }
        if let entries = at("metadata", "managedFields")?.arrayValue, !entries.isEmpty {
            let kept = (result.at("metadata", "managedFields")?.arrayValue ?? []).filter {
                $0["manager"] != "kube-controller-manager"
            }
            result.set(.array(kept), at: "metadata", "managedFields")
        }
        if result.at("metadata", "annotations") == .emptyObject { result.set(nil, at: "metadata", "annotations") }
        return result
    }

    /// Removes what a dotted path names; names may hold dots, so each prefix is tried.
    private mutating func drop(_ path: Substring) {
        guard case .object(let members) = self else { return }
        for name in members.keys where path == name || path.hasPrefix("\(name).") {
            guard path != name else {
                self[name] = nil
                continue
            }
            var rest = path.dropFirst(name.count + 1)
            guard var child = members[name] else { continue }
            if rest.hasPrefix("*."), case .array(var elements) = child {
                rest = rest.dropFirst(2)
                for index in elements.indices { elements[index].drop(rest) }
                child = .array(elements)
            } else {
                child.drop(rest)
            }
            self[name] = child
        }
    }
}
