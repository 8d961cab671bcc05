import Manifest

extension TemplateValidation {
    /// `resources` of a container.
    mutating func resources(_ resources: JSON) {
        let limits = resources["limits"]?.objectValue ?? [:]
        for (name, value) in limits where !isOrdinary(name, value) { quantity(value, of: name, "limits") }
        guard let requests = resources["requests"]?.objectValue else { return }
        for (name, value) in requests {
            if isOrdinary(name, value), limits[name].map({ $0 == value }) ?? true { continue }
            guard let wanted = quantity(value, of: name, "requests") else { continue }
            guard let limit = limits[name].flatMap({ Quantity($0) }) else {
                if limits[name] == nil, !mayOvercommit(name) {
                    fail(
                        "limits.\(name)", "needs a limit, because it cannot be shared; set it to the request", .required
                    )
                }
                continue
            }
            if wanted != limit, !mayOvercommit(name) {
                fail("requests.\(name)", "\(wanted) must equal the limit \(limit); make them agree")
            } else if wanted > limit {
                fail("requests.\(name)", "\(wanted) exceeds the limit \(limit); lower it")
            }
        }
    }

    /// A common resource with digits and a common suffix, which is sound without reading it as a number.
    private func isOrdinary(_ name: String, _ value: JSON) -> Bool {
        guard name == "cpu" || name == "memory", case .string(let text) = value, (1...12).contains(text.utf8.count)
        else { return false }
        let suffix = text.utf8.drop(while: LabelRules.isDigit)
        guard suffix.count < text.utf8.count else { return false }
        switch suffix.first {
        case nil: return true
        case UInt8(ascii: "m"): return suffix.count == 1
        case UInt8(ascii: "M"), UInt8(ascii: "G"):
            return suffix.count == 1 || suffix.count == 2 && suffix.last == UInt8(ascii: "i")
        default: return false
        }
    }

    /// Checks an amount and the name of what it is an amount of.
    @discardableResult
    private mutating func quantity(_ value: JSON, of name: String, _ field: String) -> Quantity? {
        switch name {
        case "cpu", "memory", "ephemeral-storage": break
        default: resourceName(name, field)
        }
        guard let quantity = Quantity(value) else {
            fail("\(field).\(name)", "is no quantity; write 500m, 2 or 1Gi")
            return nil
        }
        if quantity.nanos < 0 { fail("\(field).\(name)", "\(quantity) cannot be negative; use 0 or more") }
        if isExtended(name), quantity.nanos % 1_000_000_000 != 0 {
            fail("\(field).\(name)", "\(quantity) must be a whole number; round it")
        }
        return quantity
    }

    private mutating func resourceName(_ name: String, _ field: String) {
        if !NameSyntax.isKey(name) {
            fail(field, "\"\(shown(name))\" is no name of a resource; use cpu, memory or a name like example.org/gpu")
        } else if !name.utf8.contains(UInt8(ascii: "/")), !name.hasPrefix("hugepages-") {
            fail(
                field,
                "\"\(shown(name))\" is no standard resource of containers; use cpu, memory, ephemeral-storage or a name like example.org/gpu"
            )
        }
    }

    /// Resources of Kubernetes itself: without a prefix, or with one of its own.
    private func isNative(_ name: String) -> Bool {
        !name.utf8.contains(UInt8(ascii: "/")) || name.contains("kubernetes.io/")
    }

    /// Those that device plugins and the like offer, which come whole.
    private func isExtended(_ name: String) -> Bool { !isNative(name) && !name.hasPrefix("requests.") }

    private func mayOvercommit(_ name: String) -> Bool { isNative(name) && !name.hasPrefix("hugepages-") }
}
