import Manifest

/// The suffix that Kustomize puts behind the names of generated objects.
enum ContentHash {
    /// Ten characters for the content of a ConfigMap or Secret.
    ///
    /// `name` is part of what is hashed but always empty: the reference looks the name up at a wrong place, and every
    /// published hash depends on that.
    static func suffix(of object: JSON) -> String {
        let isSecret = object["kind"]?.stringValue == "Secret"
        var content: JSON = ["kind": .string(isSecret ? "Secret" : "ConfigMap"), "name": ""]
        content["data"] = object["data"] ?? ""
        if isSecret {
            content["type"] = object["type"] ?? ""
            if let plain = object["stringData"] { content["stringData"] = plain }
        } else if let binary = object["binaryData"] {
            content["binaryData"] = binary
        }
        return encode(ContentDigest.hex(of: content.serialized(escapingHTML: true)))
    }

    /// Replaces digits and vowels so that no words appear.
    private static func encode(_ hex: String) -> String {
        String(
            hex.prefix(10).map { character in
                switch character {
                case "0": "g"
                case "1": "h"
                case "3": "k"
                case "a": "m"
                case "e": "t"
                default: character
                }
            })
    }
}
