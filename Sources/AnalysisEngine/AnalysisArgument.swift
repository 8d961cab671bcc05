package import Manifest

/// A key of a Secret.
package struct SecretReference: Hashable, Sendable, Comparable {
    package var name: String
    package var key: String

    package init(name: String, key: String) {
        self.name = name
        self.key = key
    }

    package static func < (left: Self, right: Self) -> Bool { (left.name, left.key) < (right.name, right.key) }
}

/// A named value that is put into metrics.
package struct AnalysisArgument: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        case secret(SecretReference)
        case field(path: String)
        /// `Stable` or `Latest`; in a Rollout only.
        case podTemplateHash(String)
    }

    package var name: String
    package var value: String?
    package var source: Source?

    package init(name: String, value: String? = nil, source: Source? = nil) {
        self.name = name
        self.value = value
        self.source = source
    }

    package init(_ json: JSON) throws(AnalysisError) {
        let name = try FieldReader(json, "an argument").required("name")
        let reader = FieldReader(json, "argument \"\(name)\"")
        self.name = name
        value = try reader.string("value")
        guard let from = try reader.object("valueFrom") else { return }
        let inner = FieldReader(from, "argument \"\(name)\"")
        if let secret = try inner.object("secretKeyRef") {
            let fields = FieldReader(secret, "argument \"\(name)\": secretKeyRef")
            source = .secret(SecretReference(name: try fields.required("name"), key: try fields.required("key")))
        } else if let field = try inner.object("fieldRef") {
            source = .field(path: try FieldReader(field, "argument \"\(name)\": fieldRef").required("fieldPath"))
        } else if let hash = try inner.string("podTemplateHashValue") {
            guard hash == "Stable" || hash == "Latest" else {
                throw AnalysisError(
                    .invalidSpec, "argument \"\(name)\": podTemplateHashValue must be Stable or Latest, not \"\(hash)\""
                )
            }
            source = .podTemplateHash(hash)
        }
    }

    package var json: JSON {
        var result: JSON = ["name": .string(name)]
        if let value { result["value"] = .string(value) }
        switch source {
        case .secret(let secret):
            result["valueFrom"] = ["secretKeyRef": ["name": .string(secret.name), "key": .string(secret.key)]]
        case .field(let path): result["valueFrom"] = ["fieldRef": ["fieldPath": .string(path)]]
        case .podTemplateHash(let which): result["valueFrom"] = ["podTemplateHashValue": .string(which)]
        case nil: break
        }
        return result
    }
}
