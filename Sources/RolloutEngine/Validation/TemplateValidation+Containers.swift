import Manifest

extension TemplateValidation {
    mutating func containers(_ spec: JSON) {
        var names: Set<String> = []
        each("initContainers", spec["initContainers"]) { check, container, _ in
            var ports: Set<HostPort> = []
            check.container(container, &names, &ports, isInit: true)
        }
        guard let containers = spec["containers"]?.arrayValue, !containers.isEmpty else {
            return fail("containers", "at least one container is needed; add one", .required)
        }
        var ports: Set<HostPort> = []
        each("containers", spec["containers"]) { check, container, _ in
            check.container(container, &names, &ports, isInit: false)
        }
    }

    /// A port of the node, which one container of a pod can have.
    struct HostPort: Hashable {
        var address: String
        var transport: String
        var number: Int64
    }

    private mutating func container(
        _ container: JSON, _ names: inout Set<String>, _ hostPorts: inout Set<HostPort>, isInit: Bool
    ) {
        let name = container["name"]?.stringValue ?? ""
        if name.isEmpty {
            fail("name", "every container needs a name; add one", .required)
        } else if !NameSyntax.isDNSLabel(name) {
            fail("name", notLabel(name))
        } else if !names.insert(name).inserted {
            fail("name", "\"\(name)\" is used twice; give each container its own name")
        }
        if (container["image"]?.stringValue ?? "").isEmpty {
            fail("image", "every container needs an image; add one", .required)
        }
        let isSidecar = container["restartPolicy"]?.stringValue == "Always"
        for (name, value) in container.objectValue ?? [:] where !value.isNull {
            switch name {
            case "name", "image": break
            case "ports": ports(value, &hostPorts)
            case "env": environment(value)
            case "resources": within("resources") { $0.resources(value) }
            case "volumeMounts", "volumeDevices": break  // together, below
            case "livenessProbe":
                within("livenessProbe") { $0.probe(value, .liveness, isAllowed: !isInit || isSidecar) }
            case "readinessProbe":
                within("readinessProbe") { $0.probe(value, .readiness, isAllowed: !isInit || isSidecar) }
            case "startupProbe":
                within("startupProbe") { $0.probe(value, .startup, isAllowed: !isInit || isSidecar) }
            case "lifecycle": within("lifecycle") { $0.lifecycle(value, isAllowed: !isInit || isSidecar) }
            case "envFrom": environmentSources(value)
            case "imagePullPolicy": choose(value, "imagePullPolicy", ["Always", "IfNotPresent", "Never"])
            case "terminationMessagePolicy":
                choose(value, "terminationMessagePolicy", ["File", "FallbackToLogsOnError"])
            case "securityContext": within("securityContext") { $0.security(value) }
            default: break
            }
        }
        mounts(container)
    }

    // MARK: Ports

    private mutating func ports(_ list: JSON, _ hostPorts: inout Set<HostPort>) {
        var names: Set<String> = []
        each("ports", list) { check, port, _ in
            if let name = port["name"]?.stringValue, !name.isEmpty {
                if !LabelRules.isPortName(name) {
                    check.fail(
                        "name",
                        "\"\(shown(name))\" is no port name; use up to 15 lower-case letters, digits and '-', with a letter"
                    )
                } else if !names.insert(name).inserted {
                    check.fail("name", "\"\(name)\" is used twice; give each port its own name")
                }
            }
            let number = port["containerPort"]?.intValue ?? 0
            if number == 0 {
                check.fail("containerPort", "is needed; use a number from 1 to 65535", .required)
            } else {
                check.range(number, "containerPort")
            }
            check.choose(port["protocol"], "protocol", ["TCP", "UDP", "SCTP"])
            guard let host = port["hostPort"]?.intValue, host != 0 else { return }
            check.range(host, "hostPort")
            let isHost = check.usesHostNetwork
            check.fail(
                isHost && host != number, "hostPort",
                "\(host) must be containerPort \(number) with hostNetwork; make them agree")
            let transport = port["protocol"]?.stringValue ?? ""
            let taken = HostPort(
                address: port["hostIP"]?.stringValue ?? "", transport: transport.isEmpty ? "TCP" : transport,
                number: host)
            check.fail(
                !hostPorts.insert(taken).inserted, "hostPort",
                "\(host)/\(taken.transport) is used twice; give each port its own hostPort")
        }
    }

    private mutating func range(_ port: Int64, _ field: String) {
        fail(!(1...65_535).contains(port), field, "\(port) is no port; use a number from 1 to 65535")
    }

    /// A port by its number or name, as probes have it.
    private mutating func portReference(_ value: JSON?) {
        switch value {
        case .int(let number)?: range(number, "port")
        case .string(let name)? where !LabelRules.isPortName(name):
            fail("port", "\"\(shown(name))\" is no port name; use the name of a port or its number")
        case .string?: break
        default: fail("port", "is needed; use the name of a port or its number", .required)
        }
    }

    // MARK: Environment

    private mutating func environment(_ list: JSON) {
        each("env", list) { check, variable, _ in
            let name = variable["name"]?.stringValue ?? ""
            if name.isEmpty {
                check.fail("name", "every variable needs a name; add one", .required)
            } else if !LabelRules.isEnvironmentName(name) {
                check.fail("name", "\"\(shown(name))\" is no name of a variable; use letters, digits and '_'")
            }
            guard let source = variable["valueFrom"], source.isObject else { return }
            let hasValue = !(variable["value"]?.stringValue ?? "").isEmpty
            check.fail(hasValue, "valueFrom", "cannot be combined with value; remove one of them")
            check.within("valueFrom") { $0.variableSource(source) }
        }
    }

    private mutating func variableSource(_ source: JSON) {
        let kinds = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"]
        let given = kinds.filter { source[$0].map { !$0.isNull } ?? false }
        if given.count != 1, source.objectValue?.keys.allSatisfy(kinds.contains) ?? true {
            fail("", "exactly one source is needed; give one of fieldRef, configMapKeyRef, secretKeyRef and the like")
        }
        if let field = source["fieldRef"], field.isObject { within("fieldRef") { $0.need(field, "fieldPath") } }
        if let field = source["resourceFieldRef"], field.isObject {
            within("resourceFieldRef") { $0.need(field, "resource") }
        }
        for name in ["configMapKeyRef", "secretKeyRef"] {
            guard let reference = source[name], reference.isObject else { continue }
            let key = reference["key"]?.stringValue ?? ""
            if key.isEmpty {
                fail("\(name).key", "is needed; add it", .required)
            } else if !LabelRules.isConfigKey(key) {
                fail("\(name).key", "\"\(shown(key))\" is no key; use letters, digits, '-', '_' and '.'")
            }
            if (reference["name"]?.stringValue ?? "").isEmpty { fail("\(name).name", "is needed; add it", .required) }
        }
    }

    private mutating func environmentSources(_ list: JSON) {
        each("envFrom", list) { check, source, _ in
            let given = ["configMapRef", "secretRef"].filter { source[$0].map { !$0.isNull } ?? false }
            check.fail(given.count != 1, "", "exactly one source is needed; give configMapRef or secretRef")
            for name in given where (source.at(name, "name")?.stringValue ?? "").isEmpty {
                check.fail("\(name).name", "is needed; add it", .required)
            }
            if let prefix = source["prefix"]?.stringValue, !prefix.isEmpty, !LabelRules.isEnvironmentName(prefix) {
                check.fail(
                    "prefix", "\"\(shown(prefix))\" cannot begin the name of a variable; use letters and '_'")
            }
        }
    }

    // MARK: Probes and hooks

    enum Probe { case liveness, readiness, startup }

    private mutating func probe(_ probe: JSON, _ kind: Probe, isAllowed: Bool) {
        guard isAllowed else {
            return fail("", "an init container has no probes; remove it or set restartPolicy Always")
        }
        var handlers = 0
        for (name, value) in probe.objectValue ?? [:] {
            guard let number = value.intValue else {
                if handler(name, value, isProbe: true) { handlers += 1 }
                continue
            }
            switch name {
            case "successThreshold" where number > 1 && kind != .readiness:
                fail(name, "\(number) must be 1 for liveness and startup probes; remove it")
            case "terminationGracePeriodSeconds":
                fail(kind == .readiness, name, "a readiness probe ends nothing; remove it")
                fail(number < 1 && kind != .readiness, name, "\(number) must be above 0; use 1 or more")
            case "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold", "successThreshold":
                fail(number < 0, name, "\(number) cannot be negative; use 0 or more")
            default: break
            }
        }
        if handlers != 1 {
            fail("", "exactly one handler is needed; give one of exec, httpGet, tcpSocket, grpc")
        }
    }

    private mutating func lifecycle(_ lifecycle: JSON, isAllowed: Bool) {
        guard isAllowed else {
            return fail("", "an init container has no hooks; remove it or set restartPolicy Always")
        }
        if let hook = lifecycle["postStart"], hook.isObject { within("postStart") { $0.hook(hook) } }
        if let hook = lifecycle["preStop"], hook.isObject { within("preStop") { $0.hook(hook) } }
    }

    private mutating func hook(_ hook: JSON) {
        var handlers = 0
        for (name, action) in hook.objectValue ?? [:] where handler(name, action, isProbe: false) { handlers += 1 }
        if handlers != 1 {
            fail("", "exactly one handler is needed; give one of exec, httpGet, tcpSocket, sleep")
        }
    }

    /// Checks what a probe or hook does; `false` where the member is nothing of the kind.
    private mutating func handler(_ name: String, _ action: JSON, isProbe: Bool) -> Bool {
        if action.isNull { return false }
        switch name {
        case "httpGet":
            within("httpGet") { check in
                check.portReference(action["port"])
                check.choose(action["scheme"], "scheme", ["HTTP", "HTTPS"])
            }
        case "exec":
            within("exec") { check in
                if (action["command"]?.arrayValue ?? []).isEmpty {
                    check.fail("command", "is needed; add it", .required)
                }
            }
        case "tcpSocket": within("tcpSocket") { $0.portReference(action["port"]) }
        case "grpc" where isProbe: within("grpc") { $0.range(action["port"]?.intValue ?? 0, "port") }
        case "sleep" where !isProbe:
            within("sleep") { check in
                let (seconds, limit) = (action["seconds"]?.intValue ?? 0, max(0, check.gracePeriod))
                check.fail(
                    seconds < 0 || seconds > limit, "seconds",
                    "\(seconds) is not within terminationGracePeriodSeconds (\(limit)); lower it")
            }
        default: return false
        }
        return true
    }
}
