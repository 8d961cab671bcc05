import Manifest

/// What a ReplicaSet's pod template must fulfil, as far as the API server would refuse the ReplicaSet otherwise.
///
/// After the server's defaults, and in doubt on the template's side: a rule that only some releases have is left out.
/// Values of a wrong type are no matter here, for such a template cannot be decoded. Runs on every decode of a Rollout,
/// so it looks at members that are there rather than for those that might be, and makes paths and messages only for
/// what is wrong.
struct TemplateValidation {
    var problems: [FieldProblem] = []
    private(set) var writableDisks: [String] = []
    /// Where the check is: names of members and indices of lists.
    private var place: [Step] = []
    var volumes: Set<String> = []
    var usesHostNetwork = false
    var gracePeriod: Int64 = 30

    private enum Step {
        case member(StaticString)
        case index(Int)
    }

    /// The problems, and the disks that must be read only with several replicas.
    static func findings(in template: JSON) -> (problems: [FieldProblem], writableDisks: [String]) {
        var check = TemplateValidation()
        check.template(template)
        // Members of an object come in no order.
        if check.problems.count > 1 { check.problems.sort { ($0.path, $0.message) < ($1.path, $1.message) } }
        return (check.problems, check.writableDisks)
    }

    // MARK: Moving and reporting

    /// The path of a member of where the check is.
    func path(_ field: String = "") -> String {
        var text = "spec.template"
        for step in place {
            switch step {
            case .member(let name): text += ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return field.isEmpty ? text : "\(text).\(field)"
    }

    mutating func fail(_ field: String, _ message: String, _ kind: FieldProblem.Kind = .invalid) {
        problems.append(FieldProblem(path(field), kind, message))
    }

    mutating func fail(_ isWrong: Bool, _ field: String, _ message: @autoclosure () -> String) {
        if isWrong { fail(field, message()) }
    }

    /// Reports a text that is not one of a few.
    mutating func choose(_ value: JSON?, _ field: String, _ choices: @autoclosure () -> [String]) {
        guard let text = value?.stringValue, !text.isEmpty else { return }
        let choices = choices()
        if choices.contains(text) { return }
        fail(field, "\"\(shown(text))\" is unknown; use \(choices.joined(separator: ", "))", .notSupported)
    }

    /// Reports a text that is absent or empty.
    mutating func need(_ object: JSON, _ field: String) {
        if (object[field]?.stringValue ?? "").isEmpty { fail(field, "is needed; add it", .required) }
    }

    /// Checks a member, with its name on the path.
    mutating func within(_ name: StaticString, _ body: (inout TemplateValidation) -> Void) {
        place.append(.member(name))
        body(&self)
        place.removeLast()
    }

    /// Checks each element of a list.
    mutating func each(
        _ name: StaticString, _ list: JSON?, _ body: (inout TemplateValidation, JSON, Int) -> Void
    ) {
        guard let elements = list?.arrayValue, !elements.isEmpty else { return }
        place.append(.member(name))
        for (index, element) in elements.enumerated() {
            place.append(.index(index))
            body(&self, element, index)
            place.removeLast()
        }
        place.removeLast()
    }

    // MARK: The template

    private mutating func template(_ template: JSON) {
        if let metadata = template["metadata"] { within("metadata") { $0.metadata(metadata) } }
        let spec = template["spec"] ?? .emptyObject
        within("spec") { $0.podSpec(spec) }
    }

    private mutating func metadata(_ metadata: JSON) {
        for (key, value) in metadata["labels"]?.objectValue ?? [:] { label(key, value.stringValue ?? "", "labels") }
        guard let annotations = metadata["annotations"]?.objectValue else { return }
        var size = 0
        for (key, value) in annotations {
            size += key.utf8.count + (value.stringValue?.utf8.count ?? 0)
            if !NameSyntax.isAnnotationKey(key) {
                fail("annotations", "\"\(shown(key))\" is no annotation key; use a name like example.org/owner")
            }
        }
        fail(size > 256 << 10, "annotations", "\(size) bytes are more than 262144; keep large data elsewhere")
    }

    mutating func label(_ key: String, _ value: String, _ field: String) {
        if !NameSyntax.isKey(key) {
            fail(field, "\"\(shown(key))\" is no label key; use a name like app or example.org/app")
        }
        if !NameSyntax.isValue(value) {
            fail(
                field,
                "\"\(shown(value))\" of \(key) is no label value; use up to 63 letters, digits, '-', '_' and '.'")
        }
    }

    private mutating func podSpec(_ spec: JSON) {
        guard let members = spec.objectValue else { return containers(spec) }
        // What containers refer to comes first.
        if let list = members["volumes"] { self.volumes(list) }
        usesHostNetwork = members["hostNetwork"]?.boolValue ?? false
        if let seconds = members["terminationGracePeriodSeconds"]?.intValue { gracePeriod = seconds }
        containers(spec)
        for (name, value) in members where !value.isNull {
            switch name {
            case "containers", "initContainers", "volumes", "hostNetwork", "terminationGracePeriodSeconds": break
            case "restartPolicy":
                if let policy = value.stringValue, !policy.isEmpty, policy != "Always" {
                    fail(
                        "restartPolicy", "\"\(shown(policy))\" cannot be used here; use Always", .notSupported)
                }
            case "securityContext": within("securityContext") { $0.podSecurity(value) }
            case "affinity": within("affinity") { $0.affinity(value) }
            case "tolerations": each("tolerations", value) { check, toleration, _ in check.toleration(toleration) }
            case "topologySpreadConstraints": spread(value)
            case "nodeSelector":
                for (key, value) in value.objectValue ?? [:] { label(key, value.stringValue ?? "", "nodeSelector") }
            case "activeDeadlineSeconds":
                fail("activeDeadlineSeconds", "a ReplicaSet's pods have no deadline; remove it")
            case "ephemeralContainers":
                if !(value.arrayValue ?? []).isEmpty {
                    fail("ephemeralContainers", "not allowed in a template; remove them")
                }
            case "dnsPolicy", "dnsConfig": break  // together, below
            case "hostAliases":
                each("hostAliases", value) { check, alias, _ in check.hostAlias(alias) }
            case "serviceAccountName", "serviceAccount", "nodeName", "priorityClassName", "runtimeClassName":
                if let text = value.stringValue, !text.isEmpty, !NameSyntax.isSubdomain(text) {
                    fail(name, notSubdomain(text))
                }
            case "hostname", "subdomain":
                if let text = value.stringValue, !text.isEmpty, !NameSyntax.isDNSLabel(text) {
                    fail(name, notLabel(text))
                }
            case "shareProcessNamespace":
                fail(
                    value.boolValue == true && members["hostPID"]?.boolValue == true, "shareProcessNamespace",
                    "cannot be combined with hostPID; remove one of them")
            case "readinessGates":
                each("readinessGates", value) { check, gate, _ in
                    let type = gate["conditionType"]?.stringValue ?? ""
                    check.fail(
                        !NameSyntax.isKey(type), "conditionType",
                        "\"\(shown(type))\" is no condition type; use a name like example.org/ready")
                }
            case "os":
                within("os") { check in
                    check.need(value, "name")
                    check.choose(value["name"], "name", ["linux", "windows"])
                }
            default: break
            }
        }
        if members["dnsPolicy"] != nil || members["dnsConfig"] != nil { dns(members) }
    }

    private mutating func hostAlias(_ alias: JSON) {
        let address = alias["ip"]?.stringValue ?? ""
        fail(!LabelRules.mayBeAddress(address), "ip", "\"\(shown(address))\" is no IP address; correct it")
        for (index, name) in (alias["hostnames"]?.arrayValue ?? []).enumerated() {
            guard let name = name.stringValue, !NameSyntax.isSubdomain(name) else { continue }
            fail("hostnames[\(index)]", notSubdomain(name))
        }
    }

    private mutating func dns(_ members: [String: JSON]) {
        let policy = members["dnsPolicy"]
        choose(policy, "dnsPolicy", ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"])
        let servers = members["dnsConfig"]?["nameservers"]?.arrayValue ?? []
        if policy?.stringValue == "None", servers.isEmpty {
            fail("dnsConfig.nameservers", "dnsPolicy None needs a name server; name one", .required)
        }
        fail(servers.count > 3, "dnsConfig.nameservers", "there are \(servers.count); keep 3 or fewer")
        for (index, server) in servers.enumerated() {
            guard let address = server.stringValue, !LabelRules.mayBeAddress(address) else { continue }
            fail("dnsConfig.nameservers[\(index)]", "\"\(shown(address))\" is no IP address; correct it")
        }
    }

    mutating func noteWritableDisk() { writableDisks.append(path("gcePersistentDisk.readOnly")) }
}

/// A text that someone else wrote, as far as a message shows it.
func shown(_ text: String) -> Substring { text.prefix(80) }

func notSubdomain(_ text: String) -> String {
    "\"\(shown(text))\" is no DNS name; use lower-case letters, digits, '-' and '.'"
}

func notLabel(_ text: String) -> String {
    "\"\(shown(text))\" is no DNS label; use up to 63 lower-case letters, digits and '-'"
}
