import Manifest

/// What a ReplicaSet's pod template must fulfil, as far as the API server would refuse the ReplicaSet otherwise.
enum TemplateValidation {
    static func problems(of template: JSON) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        let path = "spec.template.spec"
        let spec = template["spec"]
        let containers = spec?["containers"]?.arrayValue ?? []
        if containers.isEmpty {
            problems.append(.init("\(path).containers", .required, "at least one container is needed"))
        }
        var names = Set<String>()
        let lists = [("initContainers", spec?["initContainers"]?.arrayValue ?? []), ("containers", containers)]
        for (list, members) in lists {
            for (index, container) in members.enumerated() {
                let place = "\(path).\(list)[\(index)]"
                let name = container["name"]?.stringValue ?? ""
                if name.isEmpty {
                    problems.append(.init("\(place).name", .required, "every container needs a name"))
                } else if !names.insert(name).inserted {
                    problems.append(
                        .init("\(place).name", .invalid, "\"\(name)\" is used twice; give each container its own name"))
                }
                if (container["image"]?.stringValue ?? "").isEmpty {
                    problems.append(.init("\(place).image", .required, "every container needs an image"))
                }
            }
        }
        if let policy = spec?["restartPolicy"]?.stringValue, !policy.isEmpty, policy != "Always" {
            problems.append(
                .init("\(path).restartPolicy", .notSupported, "\"\(policy)\" cannot be used here; use Always"))
        }
        if let deadline = spec?["activeDeadlineSeconds"], !deadline.isNull {
            problems.append(
                .init("\(path).activeDeadlineSeconds", .invalid, "a ReplicaSet's pods have no deadline; remove it"))
        }
        if let ephemeral = spec?["ephemeralContainers"]?.arrayValue, !ephemeral.isEmpty {
            problems.append(.init("\(path).ephemeralContainers", .invalid, "not allowed in a template; remove them"))
        }
        var volumes = Set<String>()
        for (index, volume) in (spec?["volumes"]?.arrayValue ?? []).enumerated() {
            let name = volume["name"]?.stringValue ?? ""
            if name.isEmpty || !volumes.insert(name).inserted {
                problems.append(
                    .init("\(path).volumes[\(index)].name", .invalid, "every volume needs a name of its own"))
            }
        }
        for (list, members) in lists {
            for (index, container) in members.enumerated() {
                for (place, mount) in (container["volumeMounts"]?.arrayValue ?? []).enumerated() {
                    let name = mount["name"]?.stringValue ?? ""
                    if !volumes.contains(name) {
                        problems.append(
                            .init(
                                "\(path).\(list)[\(index)].volumeMounts[\(place)].name", .notFound,
                                "no volume is called \"\(name)\"; add it to volumes"))
                    }
                }
            }
        }
        return problems
    }
}
