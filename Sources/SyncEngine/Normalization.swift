package import Manifest

/// Brings manifests into the one form in which they are applied and compared.
package enum Normalization {
    /// A manifest as it is applied: without what belongs to the server, Secrets with their texts folded into `data`.
    package static func forApply(_ manifest: JSON) -> JSON {
        var object = manifest
        object["status"] = nil
        if var metadata = object["metadata"] {
            for name in [
                "creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink",
                "deletionTimestamp", "deletionGracePeriodSeconds",
            ] {
                metadata[name] = nil
            }
            object["metadata"] = metadata
        }
        if object["apiVersion"] == "v1", object["kind"] == "Secret" { foldSecret(&object) }
        return object
    }

    private static func foldSecret(_ secret: inout JSON) {
        var data = secret["data"]?.objectValue ?? [:]
        for (key, value) in data where value.isNull { data[key] = "" }
        if let texts = secret["stringData"]?.objectValue {
            for (key, value) in texts {
                switch value {
                case .string(let text): data[key] = .string(Base64.encode(Array(text.utf8)))
                case .null: data[key] = ""
                default: data[key] = value  // kept, so that the apply fails where everyone sees it
                }
            }
            secret["stringData"] = nil
        }
        if !data.isEmpty || secret["data"] != nil { secret["data"] = .object(data) }
    }

    /// A side of the comparison: without status and the fields that rules ignore.
    static func forComparison(_ object: JSON, ignoring rules: [IgnoreRule]) -> JSON {
        var object = forApply(object)
        let reference = object.objectReference
        for rule in rules where rule.matches(reference) {
            for pointer in rule.jsonPointers { object.replace(at: IgnoreRule.parts(of: pointer)[...], with: nil) }
        }
        let kind = object.groupVersionKind?.groupKind
        if kind == GroupKind(group: "rbac.authorization.k8s.io", kind: "ClusterRole"),
            object["aggregationRule"]?.objectValue != nil
        {
            object["rules"] = nil
        }
        return object
    }
}

/// Standard Base64, as Secrets keep their values.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let word =
                UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
            for (place, shift) in [18, 12, 6, 0].enumerated() {
                result.append(place <= rest ? alphabet[Int(word >> UInt32(shift) & 63)] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The bytes of padded or unpadded text; `nil` where it is none.
    package static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var (word, bits): (UInt32, UInt32) = (0, 0)
        for byte in text.utf8 where byte != UInt8(ascii: "=") && byte != 0x0A && byte != 0x0D {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            word = word << 6 | UInt32(digit)
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: word >> bits))
                word &= (1 << bits) - 1
            }
        }
        return result
    }
}
