package import Manifest

/// Where a live object is not as a manifest says.
///
/// The manifest is applied server-side, so only what it says counts: what others added is theirs. On top of that a field
/// that the syncer owns but no longer says is a difference, and so is a foreign addition inside a list or map that
/// server-side apply treats as one atom, once the syncer no longer owns that atom.
package enum Difference {
    /// The paths that differ, sorted, at most `limit`; empty where the live object is as it should be.
    /// - Parameters:
    ///   - owned: `fieldsV1` of the syncer's own apply on the live object; `nil` where it never applied.
    package static func between(
        desired: JSON, live: JSON, owned: JSON?, ignoring rules: [IgnoreRule] = [], limit: Int = 20
    ) -> [String] {
        var comparison = Comparison(isTyped: isBuiltIn(desired.groupVersionKind?.group ?? ""), limit: limit)
        var target = Normalization.forComparison(desired, ignoring: rules)
        let actual = Normalization.forComparison(live, ignoring: rules)
        // Read in another version of the same group, or relative to the server's default namespace: the same object.
        target["apiVersion"] = nil
        target["kind"] = nil
        target["metadata"]?["namespace"] = nil
        target["metadata"]?["name"] = nil
        comparison.compare(target, actual, owned: owned.map(Ownership.held) ?? .unknown, path: [])
        if let owned { comparison.findRemoved(owned: owned, desired: target, live: actual, path: []) }
        return Array(Set(comparison.paths)).sorted()
    }

    /// Kinds whose lists the server merges by keys; everyone else's lists are atoms.
    private static func isBuiltIn(_ group: String) -> Bool {
        !group.contains(".") || group.hasSuffix(".k8s.io") && group != "gateway.networking.k8s.io"
    }
}

/// What the syncer's own apply says about a place in a live object.
private enum Ownership {
    /// It never applied, or the place lies inside an atom that it owns.
    case unknown
    /// `fieldsV1` below this place.
    case held(JSON)
    /// It owns what is around, but no longer this.
    case lost

    subscript(name: String) -> Ownership {
        guard case .held(let fields) = self else { return self }
        if fields.objectValue?.isEmpty ?? true { return .unknown }
        return fields["f:\(name)"].map(Ownership.held) ?? .lost
    }

    var isLost: Bool {
        if case .lost = self { true } else { false }
    }
}

private struct Comparison {
    let isTyped: Bool
    let limit: Int
    var paths: [String] = []

    mutating func note(_ path: [String]) {
        if paths.count < limit { paths.append(path.isEmpty ? "." : path.joined(separator: ".")) }
    }

    /// - Parameter isExact: Inside an atom that the syncer lost: additions count too.
    mutating func compare(_ desired: JSON, _ live: JSON?, owned: Ownership, path: [String], isExact: Bool = false) {
        guard paths.count < limit else { return }
        guard let live, !live.isNull else {
            if !desired.isVoid { note(path) }
            return
        }
        switch (desired, live) {
        case (.null, _): break
        case (.object(let wanted), .object(let present)):
            for name in wanted.keys.sorted(by: utf8Order) {
                guard let value = wanted[name] else { continue }
                let inner = owned[name]
                let lost = inner.isLost && isAtomicMap(name, in: path)
                compare(value, present[name], owned: inner, path: path + [name], isExact: isExact || lost)
            }
            guard isExact else { break }
            for (name, value) in present where wanted[name] == nil && !value.isVoid { note(path + [name]) }
        case (.array(let wanted), .array(let present)):
            compareLists(wanted, present, owned: owned, path: path, isExact: isExact)
        default:
            if !areEqual(desired, live, path: path) { note(path) }
        }
    }

    private mutating func compareLists(
        _ wanted: [JSON], _ present: [JSON], owned: Ownership, path: [String], isExact: Bool
    ) {
        if path == ["metadata", "finalizers"] {
            if !wanted.allSatisfy(present.contains) { note(path) }
            return
        }
        if let keys = isTyped ? MergeKeys.keys(for: path.last ?? "", elements: wanted) : nil {
            for element in wanted {
                let match = present.first { MergeKeys.areSame(element, $0, keys: keys) }
                compare(element, match, owned: .unknown, path: path + [MergeKeys.label(element, keys: keys)])
            }
            return
        }
        guard wanted.count == present.count else { return note(path) }
        // The syncer wrote the list once and someone else has written it since.
        let lost = isExact || owned.isLost
        for (index, (element, other)) in zip(wanted, present).enumerated() {
            compare(element, other, owned: .unknown, path: path + ["\(index)"], isExact: lost && !isTyped)
        }
    }

    private func isAtomicMap(_ name: String, in path: [String]) -> Bool {
        switch name {
        case "selector", "nodeSelector", "matchLabels", "podSelector", "namespaceSelector": path.first == "spec"
        default: false
        }
    }

    private func areEqual(_ desired: JSON, _ live: JSON, path: [String]) -> Bool {
        if desired == live { return true }
        if desired.isVoid, live.isVoid { return true }
        if QuantityText.isQuantity(path), let left = QuantityText.value(desired), let right = QuantityText.value(live) {
            return left == right
        }
        return false
    }

    /// Fields that the syncer owns on the live object although the manifest no longer has them.
    mutating func findRemoved(owned: JSON, desired: JSON?, live: JSON?, path: [String]) {
        guard paths.count < limit, let members = owned.objectValue else { return }
        for key in members.keys.sorted(by: utf8Order) where key != "." {
            guard let inner = members[key] else { continue }
            if key.hasPrefix("f:") {
                let name = String(key.dropFirst(2))
                guard let present = live?[name] else { continue }
                if desired?[name] == nil {
                    if !present.isVoid { note(path + [name]) }
                } else if inner.objectValue?.isEmpty == false {
                    findRemoved(owned: inner, desired: desired?[name], live: present, path: path + [name])
                }
            } else if key.hasPrefix("k:"), let keys = try? JSON(parsing: String(key.dropFirst(2))) {
                let names = keys.objectValue?.keys.sorted(by: utf8Order) ?? []
                let match = desired?.arrayValue?.first { MergeKeys.areSame(keys, $0, keys: names) }
                let present = live?.arrayValue?.first { MergeKeys.areSame(keys, $0, keys: names) }
                guard let present else { continue }
                let label = MergeKeys.label(keys, keys: names)
                if match == nil {
                    note(path + [label])
                } else {
                    // The keys themselves may be left to their defaults.
                    var inner = inner
                    for name in names { inner["f:\(name)"] = nil }
                    findRemoved(owned: inner, desired: match, live: present, path: path + [label])
                }
            } else if key.hasPrefix("v:"), let value = try? JSON(parsing: String(key.dropFirst(2))) {
                let isThere = live?.arrayValue?.contains(value) ?? false
                if isThere, desired?.arrayValue?.contains(value) != true { note(path + [value.bounded]) }
            }
        }
    }
}

/// How elements of built-in lists are told apart.
enum MergeKeys {
    static func keys(for field: String, elements: [JSON]) -> [String]? {
        switch field {
        case "containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets", "secrets",
            "webhooks", "resourceClaims":
            return elements.allSatisfy { $0["name"]?.stringValue != nil } ? ["name"] : nil
        case "ports":
            if elements.allSatisfy({ $0["containerPort"] != nil }) { return ["containerPort", "protocol"] }
            if elements.allSatisfy({ $0["port"] != nil }) { return ["port", "protocol"] }
            return nil
        case "volumeMounts": return ["mountPath"]
        case "volumeDevices": return ["devicePath"]
        case "hostAliases": return ["ip"]
        case "topologySpreadConstraints": return ["topologyKey", "whenUnsatisfiable"]
        case "ownerReferences": return ["uid"]
        default: return nil
        }
    }

    static func areSame(_ left: JSON, _ right: JSON, keys: [String]) -> Bool {
        keys.allSatisfy { value(left, $0) == value(right, $0) }
    }

    static func label(_ element: JSON, keys: [String]) -> String {
        "[\(keys.map { value(element, $0).bounded }.joined(separator: "/"))]"
    }

    private static func value(_ element: JSON, _ key: String) -> JSON {
        element[key] ?? (key == "protocol" ? "TCP" : .null)
    }
}

extension JSON {
    /// Nothing, or nothing in it: what the server drops when it stores an object.
    var isVoid: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .string(let value): value.isEmpty
        case .array(let value): value.isEmpty
        case .object(let value): value.values.allSatisfy(\.isVoid)
        case .double: false
        }
    }
}

/// Amounts that can be written in several ways: `1000m` and `1`.
enum QuantityText {
    /// Whether a built-in field at this path holds a quantity.
    static func isQuantity(_ path: [String]) -> Bool {
        let names = path.suffix(2)
        switch names.last {
        case "sizeLimit", "divisor", "averageValue", "storage": return true
        default: break
        }
        switch names.first {
        case "limits", "requests", "capacity", "hard", "overhead", "default", "defaultRequest", "max", "min",
            "maxLimitRequestRatio":
            return true
        default: return false
        }
    }

    static func value(_ json: JSON) -> Double? {
        if let number = json.doubleValue { return number }
        guard let text = json.stringValue, text.utf8.count <= 64 else { return nil }
        let number = text.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
        let suffix = String(text.dropFirst(number.count))
        guard let value = Double(number) else { return nil }
        // Division keeps `100m` equal to `0.1`, where multiplying by 0.001 would not.
        switch suffix {
        case "": return value
        case "n": return value / 1e9
        case "u": return value / 1e6
        case "m": return value / 1e3
        case "k": return value * 1e3
        case "M": return value * 1e6
        case "G": return value * 1e9
        case "T": return value * 1e12
        case "P": return value * 1e15
        case "E": return value * 1e18
        case "Ki": return value * 1_024
        case "Mi": return value * 1_048_576
        case "Gi": return value * 1_073_741_824
        case "Ti": return value * 1_099_511_627_776
        case "Pi": return value * 1_125_899_906_842_624
        case "Ei": return value * 1_152_921_504_606_846_976
        default: return suffix.first == "e" || suffix.first == "E" ? Double(text) : nil
        }
    }
}
