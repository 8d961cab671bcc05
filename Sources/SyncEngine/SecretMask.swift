package import Manifest

/// Hides secret values in manifests that people get to see, so that equal values stay visibly equal.
package struct SecretMask: Sendable {
    private var masks: [JSON: String] = [:]

    package init() {}

    /// The manifest with every value of a Secret replaced by plus signs; other kinds come back unchanged.
    ///
    /// Different values of one masked comparison get masks of different lengths.
    package mutating func masked(_ manifest: JSON) -> JSON {
        guard manifest["kind"] == "Secret", manifest["apiVersion"] == "v1" else { return manifest }
        var result = manifest
        for field in ["data", "stringData"] {
            guard let values = manifest[field]?.objectValue else { continue }
            for key in values.keys.sorted(by: utf8Order) {
                guard let value = values[key] else { continue }
                result.set(.string(mask(value)), at: field, key)
            }
        }
        let applied = "kubectl.kubernetes.io/last-applied-configuration"
        if let value = manifest.annotations[applied] {
            result.set(.string(mask(.string(value))), at: "metadata", "annotations", applied)
        }
        return result
    }

    private mutating func mask(_ value: JSON) -> String {
        if let mask = masks[value] { return mask }
        let mask = String(repeating: "+", count: 8 + 4 * min(masks.count, 256))
        masks[value] = mask
        return mask
    }
}
