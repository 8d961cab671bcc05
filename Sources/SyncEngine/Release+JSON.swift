package import Manifest

extension Release {
    /// Reads one object from its bytes.
    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> Release {
        var metadata = JSON.emptyObject
        var spec = JSON.emptyObject
        var status = JSON.emptyObject
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata":
                try reader.readObject { reader, name throws(JSONError) in
                    if name != "managedFields" { metadata[name] = try reader.readJSON() }
                }
            case "spec": spec = try reader.readJSON()
            case "status": status = try reader.readJSON()
            default: break
            }
        }
        guard let name = metadata["name"]?.stringValue, !name.isEmpty else {
            throw JSONError("metadata.name is required")
        }
        guard let revision = spec["revision"]?.stringValue, !revision.isEmpty else {
            throw JSONError("is required", path: ["spec", "revision"])
        }
        func time(_ name: String) -> Timestamp? {
            status[name]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        }
        let created = metadata["creationTimestamp"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        let owners = metadata["ownerReferences"]?.arrayValue ?? []
        let rollouts = spec["rollouts"]?.arrayValue ?? []
        return Release(
            key: ObjectKey(namespace: metadata["namespace"]?.stringValue ?? "", name: name),
            uid: metadata["uid"]?.stringValue ?? "",
            resourceVersion: metadata["resourceVersion"]?.stringValue ?? "",
            ownerUID: owners.first { $0["controller"]?.boolValue == true }?["uid"]?.stringValue ?? "",
            spec: Spec(
                application: spec.at("sourceRef", "name")?.stringValue ?? "", revision: revision,
                digest: spec["digest"]?.stringValue ?? "", source: spec["source"] ?? .emptyObject,
                onRejection: spec["onRejection"]?.stringValue.flatMap(OnRejection.init) ?? .hold,
                prune: spec["prune"]?.boolValue ?? false, initiatedBy: spec["initiatedBy"]?.stringValue ?? "",
                rollouts: rollouts.compactMap(ObjectReference.init(release:)),
                sequence: spec["sequence"]?.intValue ?? 0),
            status: Status(
                // A crash between creating the object and writing its status leaves it without one.
                phase: status["phase"]?.stringValue.flatMap(Phase.init) ?? .syncing,
                reason: status["reason"]?.stringValue ?? "", message: status["message"]?.stringValue ?? "",
                evidence: (status["evidence"]?.arrayValue ?? []).compactMap(Evidence.init),
                changed: (status["changed"]?.arrayValue ?? []).compactMap(Change.init),
                startedAt: time("startedAt") ?? created ?? Timestamp(seconds: 0),
                progressingAt: time("progressingAt"), endedAt: time("endedAt"), restoredAt: time("restoredAt"),
                settledAt: time("settledAt"), revertedBy: status["revertedBy"]?.stringValue ?? ""))
    }

    /// The object to create, without its status.
    package var json: JSON {
        var labels = JSON.emptyObject
        // Longer names do not fit a label; the owner reference names the application in any case.
        if spec.application.utf8.count <= 63 { labels[Self.applicationLabel] = .string(spec.application) }
        var metadata: JSON = [
            "name": .string(key.name), "namespace": .string(key.namespace), "labels": labels,
        ]
        if let ownerUID, !ownerUID.isEmpty {
            metadata["ownerReferences"] = [
                [
                    "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "name": .string(spec.application),
                    "uid": .string(ownerUID), "controller": true, "blockOwnerDeletion": false,
                ]
            ]
        }
        return [
            "apiVersion": "sluice.dev/v1alpha1", "kind": "Release", "metadata": metadata,
            "spec": [
                "sourceRef": [
                    "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "name": .string(spec.application),
                ],
                "revision": .string(spec.revision), "digest": .string(spec.digest), "source": spec.source,
                "onRejection": .string(spec.onRejection.rawValue), "prune": .bool(spec.prune),
                "initiatedBy": .string(spec.initiatedBy), "sequence": .int(spec.sequence),
                "rollouts": .array(spec.rollouts.map(\.releaseJSON)),
            ],
        ]
    }
}

extension Release.Status {
    /// The status as a merge patch needs it: what is not set is null.
    package var json: JSON {
        func time(_ value: Timestamp?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }
        return [
            "phase": .string(phase.rawValue), "reason": .string(reason),
            "message": .string(String(message.prefix(1_000))), "evidence": .array(evidence.prefix(20).map(\.json)),
            "changed": .array(changed.prefix(200).map(\.json)), "startedAt": time(startedAt),
            "progressingAt": time(progressingAt), "endedAt": time(endedAt), "restoredAt": time(restoredAt),
            "settledAt": time(settledAt), "revertedBy": .string(revertedBy),
        ]
    }
}

extension Release.Evidence {
    init?(_ json: JSON) {
        guard let object = ObjectReference(release: json) else { return nil }
        self.init(
            object: object, metric: json["metric"]?.stringValue ?? "", value: json["value"]?.stringValue ?? "",
            condition: json["condition"]?.stringValue ?? "", phase: json["phase"]?.stringValue ?? "",
            message: json["message"]?.stringValue ?? "")
    }

    var json: JSON {
        var json = object.releaseJSON
        for (name, value) in [
            ("metric", metric), ("value", value), ("condition", condition), ("phase", phase), ("message", message),
        ] where !value.isEmpty {
            json[name] = .string(String(value.prefix(500)))
        }
        return json
    }
}

extension Release.Change {
    init?(_ json: JSON) {
        guard let object = ObjectReference(release: json),
            let kind = json["change"]?.stringValue.flatMap(Kind.init)
        else { return nil }
        self.init(object, kind)
    }

    var json: JSON {
        var json = object.releaseJSON
        json["change"] = .string(kind.rawValue)
        return json
    }
}

extension ObjectReference {
    fileprivate init?(release json: JSON) {
        guard let kind = json["kind"]?.stringValue, let name = json["name"]?.stringValue else { return nil }
        self.init(
            group: json["group"]?.stringValue ?? "", kind: kind, namespace: json["namespace"]?.stringValue ?? "",
            name: name)
    }

    fileprivate var releaseJSON: JSON {
        [
            "group": .string(group), "kind": .string(kind), "namespace": .string(namespace), "name": .string(name),
        ]
    }
}
