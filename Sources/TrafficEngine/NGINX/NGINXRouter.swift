import Manifest

/// NGINX: a second Ingress beside each stable one, which takes a share of its requests by annotations.
struct NGINXRouter: TrafficRouter {
    let name = "nginx"
    let configuration: NGINXConfiguration
    let subject: TrafficSubject
    let maxTrafficWeight: Int?

    init(_ configuration: NGINXConfiguration, subject: TrafficSubject, maxTrafficWeight: Int?) {
        self.configuration = configuration
        self.subject = subject
        self.maxTrafficWeight = maxTrafficWeight
    }

    /// `<rollout>-<ingress>-canary`; a hash takes the place of a tail that would make it too long for a name.
    func canaryName(of ingress: String) -> String {
        let name = "\(subject.rollout.name)-\(ingress)"
        guard name.utf8.count > 246 else { return "\(name)-canary" }
        var hash = FNV1a()
        hash.combine(name.utf8)
        let head = String(decoding: name.utf8.prefix(245 - hash.safeEncoded.utf8.count), as: UTF8.self)
        return "\(head)-\(hash.safeEncoded)-canary"
    }

    private func reference(_ name: String) -> ObjectReference {
        ObjectReference(
            group: "networking.k8s.io", kind: "Ingress", namespace: subject.rollout.namespace, name: name)
    }

    var references: [TrafficReference] {
        configuration.ingresses.flatMap { ingress in
            [
                TrafficReference(reference: reference(ingress.name), isRequired: true, path: ingress.path),
                TrafficReference(
                    reference: reference(canaryName(of: ingress.name)), isRequired: false, path: ingress.path),
            ]
        }
    }

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        var problems: [TrafficProblem] = []
        if configuration.isAmbiguous {
            problems.append(TrafficProblem(NGINXConfiguration.path, "give either stableIngress or stableIngresses"))
        }
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            problems.append(TrafficProblem(NGINXConfiguration.path, "canaryService and stableService are required"))
        }
        for ingress in configuration.ingresses {
            let reference = reference(ingress.name)
            guard let stable = objects[reference] else {
                problems.append(TrafficProblem(ingress.path, "\(reference) does not exist; create it"))
                continue
            }
            if rules(of: stable).isEmpty {
                problems.append(TrafficProblem(ingress.path, "\(reference): \(noRule)"))
            }
            let canary = self.reference(canaryName(of: ingress.name))
            if let object = objects[canary], !subject.controls(object) {
                problems.append(TrafficProblem(ingress.path, "\(canary) exists and is not controlled by this Rollout"))
            }
        }
        return problems
    }

    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        var writes: [TrafficWrite] = []
        for ingress in configuration.ingresses {
            let stableReference = reference(ingress.name)
            guard let stable = objects[stableReference] else {
                throw TrafficError(.notFound, stableReference, "it does not exist")
            }
            let spec = try canarySpec(of: stable, stableReference)
            let annotations = annotations(of: stable, intent)
            let canaryReference = reference(canaryName(of: ingress.name))
            if let live = objects[canaryReference] {
                guard subject.controls(live) else {
                    throw TrafficError(.owned, canaryReference, "it exists and is not controlled by this Rollout")
                }
                var desired = live
                desired["spec"] = spec
                desired.set(JSON(merged(annotations, into: live.annotations)), at: "metadata", "annotations")
                if let write = TrafficWrite.patch(
                    canaryReference, from: live, to: desired, event: "PatchingCanaryIngress",
                    "canary Ingress \(canaryReference.key) set to weight \(intent.canaryWeight)")
                {
                    writes.append(write)
                }
            } else {
                writes.append(create(canaryReference, spec, annotations, weight: intent.canaryWeight))
            }
        }
        return writes
    }

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        for ingress in configuration.ingresses {
            guard let object = objects[reference(canaryName(of: ingress.name))] else { continue }
            return object.annotations["\(configuration.annotationPrefix)/canary-weight"].flatMap { Int($0) }
        }
        return nil
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> { [] }

    /// Nothing: the canary Ingress goes with its owner.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] { [] }

    // MARK: The canary Ingress

    private var noRule: String {
        "no rule has a path to the stable Service \(subject.stableService); add one"
    }

    private func canarySpec(of stable: JSON, _ reference: ObjectReference) throws(TrafficError) -> JSON {
        let rules = rules(of: stable)
        guard !rules.isEmpty else { throw TrafficError(.invalid, reference, noRule) }
        var spec: JSON = ["rules": .array(rules)]
        for field in ["ingressClassName", "tls"] {
            if let value = stable.at("spec", field), value != .null { spec[field] = value }
        }
        return spec
    }

    /// The rules with the paths that lead to the stable Service, leading to the canary.
    ///
    /// Other paths are left out, for they would shadow those of the stable Ingress.
    private func rules(of stable: JSON) -> [JSON] {
        (stable.at("spec", "rules")?.arrayValue ?? []).compactMap { rule in
            let paths = (rule.at("http", "paths")?.arrayValue ?? []).compactMap { path -> JSON? in
                guard path.at("backend", "service", "name")?.stringValue == subject.stableService else { return nil }
                var path = path
                path.set(.string(subject.canaryService), at: "backend", "service", "name")
                return path
            }
            guard !paths.isEmpty else { return nil }
            var rule = rule
            rule.set(.array(paths), at: "http", "paths")
            return rule
        }
    }

    private func annotations(of stable: JSON, _ intent: TrafficIntent) -> [String: String] {
        let prefix = configuration.annotationPrefix
        var result: [String: String] = [:]
        if let ingressClass = stable.annotations["kubernetes.io/ingress.class"] {
            result["kubernetes.io/ingress.class"] = ingressClass
        }
        for (key, value) in configuration.additionalAnnotations {
            result[key.hasPrefix("\(prefix)/") ? key : "\(prefix)/\(key)"] = value
        }
        result.merge(configuration.canaryAnnotations) { $1 }
        result["\(prefix)/canary"] = "true"
        result["\(prefix)/canary-weight"] = String(intent.canaryWeight)
        result["\(prefix)/canary-weight-total"] = maxTrafficWeight.map { String($0) }
        result[TrafficKeys.managedAnnotations] = result.keys.sorted(by: utf8Order).joined(separator: ",")
        return result
    }

    /// Foreign annotations stay, and what was written before and is not wanted any more goes.
    private func merged(_ wanted: [String: String], into live: [String: String]) -> [String: String] {
        let before = (live[TrafficKeys.managedAnnotations] ?? "").split(separator: ",").map(String.init)
        var result = live
        for key in before { result[key] = nil }
        return result.merging(wanted) { $1 }
    }

    private func create(
        _ reference: ObjectReference, _ spec: JSON, _ annotations: [String: String], weight: Int
    ) -> TrafficWrite {
        let object: JSON = [
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": [
                "name": .string(reference.name), "namespace": .string(reference.namespace),
                "annotations": JSON(annotations), "ownerReferences": [subject.owner],
            ],
            "spec": spec,
        ]
        return TrafficWrite(
            reference: reference, apiVersion: "networking.k8s.io/v1", change: .create(object),
            eventReason: "CreatingCanaryIngress",
            eventMessage: "canary Ingress \(reference.key) created with weight \(weight)")
    }
}
