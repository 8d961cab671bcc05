import Manifest

extension TemplateValidation {
    mutating func toleration(_ toleration: JSON) {
        let key = toleration["key"]?.stringValue ?? ""
        let op = toleration["operator"]?.stringValue ?? ""
        let value = toleration["value"]?.stringValue ?? ""
        let effect = toleration["effect"]?.stringValue ?? ""
        if key.isEmpty {
            fail(op != "Exists", "operator", "must be Exists without a key; set it or add a key")
        } else if !NameSyntax.isKey(key) {
            fail("key", "\"\(shown(key))\" is no taint key; use a name like example.org/spot")
        }
        switch op {
        case "", "Equal":
            fail(!NameSyntax.isValue(value), "value", "\"\(shown(value))\" is no taint value; correct it")
        case "Exists": fail(!value.isEmpty, "value", "must be empty with operator Exists; remove it")
        // Newer servers compare numbers.
        case "Lt", "Gt": break
        default: fail("operator", "\"\(shown(op))\" is unknown; use Equal or Exists", .notSupported)
        }
        choose(toleration["effect"], "effect", ["NoSchedule", "PreferNoSchedule", "NoExecute"])
        fail(
            toleration["tolerationSeconds"]?.intValue != nil && effect != "NoExecute", "effect",
            "must be NoExecute with tolerationSeconds; set it or remove tolerationSeconds")
    }

    mutating func spread(_ list: JSON) {
        var pairs: Set<[String]> = []
        each("topologySpreadConstraints", list) { check, constraint, _ in
            let skew = constraint["maxSkew"]?.intValue ?? 0
            check.fail(skew < 1, "maxSkew", "\(skew) must be above 0; use 1 or more")
            check.topologyKey(constraint)
            let action = constraint["whenUnsatisfiable"]?.stringValue ?? ""
            check.need(constraint, "whenUnsatisfiable")
            check.choose(constraint["whenUnsatisfiable"], "whenUnsatisfiable", ["DoNotSchedule", "ScheduleAnyway"])
            check.fail(
                !pairs.insert([constraint["topologyKey"]?.stringValue ?? "", action]).inserted, "",
                "topologyKey and whenUnsatisfiable are used twice; merge the constraints")
            if let domains = constraint["minDomains"]?.intValue {
                check.fail(domains < 1, "minDomains", "\(domains) must be above 0; use 1 or more")
                check.fail(
                    action != "DoNotSchedule", "minDomains", "needs whenUnsatisfiable DoNotSchedule; remove it")
            }
            check.selector(constraint["labelSelector"], "labelSelector")
        }
    }

    private mutating func topologyKey(_ term: JSON) {
        let key = term["topologyKey"]?.stringValue ?? ""
        if key.isEmpty {
            fail("topologyKey", "is needed; name a node label such as kubernetes.io/hostname", .required)
        } else if !NameSyntax.isKey(key) {
            fail("topologyKey", "\"\(shown(key))\" is no label key; use one such as kubernetes.io/hostname")
        }
    }

    private mutating func selector(_ value: JSON?, _ field: String) {
        guard let value, value.isObject else { return }
        do throws(JSONError) {
            let selector = try LabelSelector(value)
            if let problem = LabelRules.problem(of: selector) { fail(field, problem) }
        } catch {
            fail(field, "selector is malformed: \(error)")
        }
    }

    // MARK: Affinity

    mutating func affinity(_ affinity: JSON) {
        if let node = affinity["nodeAffinity"], node.isObject { within("nodeAffinity") { $0.nodeAffinity(node) } }
        if let pod = affinity["podAffinity"], pod.isObject { within("podAffinity") { $0.podAffinity(pod) } }
        if let pod = affinity["podAntiAffinity"], pod.isObject { within("podAntiAffinity") { $0.podAffinity(pod) } }
    }

    private mutating func podAffinity(_ affinity: JSON) {
        let required = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
        each("requiredDuringSchedulingIgnoredDuringExecution", required) { check, term, _ in check.podTerm(term) }
        let preferred = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
        each("preferredDuringSchedulingIgnoredDuringExecution", preferred) { check, weighted, _ in
            check.weight(weighted)
            check.within("podAffinityTerm") { $0.podTerm(weighted["podAffinityTerm"] ?? .emptyObject) }
        }
    }

    private mutating func podTerm(_ term: JSON) {
        topologyKey(term)
        selector(term["labelSelector"], "labelSelector")
        selector(term["namespaceSelector"], "namespaceSelector")
    }

    private mutating func weight(_ term: JSON) {
        let weight = term["weight"]?.intValue ?? 0
        fail(!(1...100).contains(weight), "weight", "\(weight) is outside 1..100; use a value from 1 to 100")
    }

    private mutating func nodeAffinity(_ affinity: JSON) {
        if let required = affinity["requiredDuringSchedulingIgnoredDuringExecution"], required.isObject {
            within("requiredDuringSchedulingIgnoredDuringExecution") { check in
                let terms = required["nodeSelectorTerms"]
                if (terms?.arrayValue ?? []).isEmpty {
                    check.fail("nodeSelectorTerms", "at least one term is needed; add one", .required)
                }
                check.each("nodeSelectorTerms", terms) { check, term, _ in check.nodeTerm(term) }
            }
        }
        let preferred = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
        each("preferredDuringSchedulingIgnoredDuringExecution", preferred) { check, weighted, _ in
            check.weight(weighted)
            check.within("preference") { $0.nodeTerm(weighted["preference"] ?? .emptyObject) }
        }
    }

    private mutating func nodeTerm(_ term: JSON) {
        each("matchExpressions", term["matchExpressions"]) { check, requirement, _ in
            let key = requirement["key"]?.stringValue ?? ""
            let op = requirement["operator"]?.stringValue ?? ""
            let count = (requirement["values"]?.arrayValue ?? []).count
            check.fail(!NameSyntax.isKey(key), "key", "\"\(shown(key))\" is no label key; correct it")
            switch op {
            case "In", "NotIn": check.fail(count == 0, "values", "\(op) needs values; add one")
            case "Exists", "DoesNotExist": check.fail(count > 0, "values", "\(op) takes no values; remove them")
            case "Gt", "Lt": check.fail(count != 1, "values", "\(op) takes exactly one value; keep one")
            default:
                check.fail(
                    "operator",
                    "\"\(shown(op))\" is unknown; use In, NotIn, Exists, DoesNotExist, Gt or Lt", .notSupported)
            }
        }
    }
}
