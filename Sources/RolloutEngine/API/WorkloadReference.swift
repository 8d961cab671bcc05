package import Manifest

/// `spec.workloadRef`: the object whose pod template the Rollout runs.
package struct WorkloadReference: Hashable, Sendable {
    package var apiVersion = ""
    package var kind = ""
    package var name = ""
    /// `never`, `onsuccess` or `progressively`; anything else acts as `never`.
    package var scaleDown = ""

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = WorkloadReference()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "apiVersion": found.apiVersion = try reader.readText()
            case "kind": found.kind = try reader.readText()
            case "name": found.name = try reader.readText()
            case "scaleDown": found.scaleDown = try reader.readText()
            default: break
            }
        }
        self = found
    }

    /// The API group, empty for core kinds.
    package var group: String {
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : ""
    }

    /// A Deployment that gives its pods up to the Rollout.
    var isScaledDown: Bool {
        kind == "Deployment" && isSupported && (scaleDown == "onsuccess" || scaleDown == "progressively")
    }

    /// A kind that has a pod template we can take.
    package var isSupported: Bool {
        switch (group, kind) {
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("", "PodTemplate"): true
        default: false
        }
    }
}

/// What a referenced workload says, as its cache keeps it.
package struct WorkloadFact: Hashable, Sendable {
    package var template: PodTemplate
    /// `nil` for PodTemplates, which have none.
    package var selector: LabelSelector?
    package var generation: Int64
    /// `spec.replicas` of a Deployment.
    package var replicas: Int?
    /// `status.availableReplicas` of a Deployment.
    package var availableReplicas = 0

    package init(
        template: PodTemplate, selector: LabelSelector?, generation: Int64, replicas: Int? = nil,
        availableReplicas: Int = 0
    ) {
        self.template = template
        self.selector = selector
        self.generation = generation
        self.replicas = replicas
        self.availableReplicas = availableReplicas
    }
}
