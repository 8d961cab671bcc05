package import Manifest

/// A reference to a template that another template or a Rollout makes.
package struct TemplateReference: Hashable, Sendable {
    package var name: String
    package var isClusterScoped: Bool

    package init(name: String, isClusterScoped: Bool = false) {
        self.name = name
        self.isClusterScoped = isClusterScoped
    }

    package init(_ json: JSON) throws(AnalysisError) {
        let reader = FieldReader(json, "a template reference")
        name = try reader.required("templateName")
        isClusterScoped = try reader.bool("clusterScope") ?? false
    }

    package var json: JSON {
        var result: JSON = ["templateName": .string(name)]
        if isClusterScoped { result["clusterScope"] = true }
        return result
    }
}

/// What the two kinds of template share.
///
/// It stays as it was written, and is checked where it is used.
package struct AnalysisTemplateSpec: Hashable, Sendable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package var metrics: [JSON] {
        get throws(AnalysisError) { try FieldReader(json, "spec").list("metrics") }
    }
    package var dryRun: [JSON] {
        get throws(AnalysisError) { try FieldReader(json, "spec").list("dryRun") }
    }
    package var measurementRetention: [JSON] {
        get throws(AnalysisError) { try FieldReader(json, "spec").list("measurementRetention") }
    }
    package var args: [AnalysisArgument] {
        get throws(AnalysisError) {
            var result: [AnalysisArgument] = []
            for argument in try FieldReader(json, "spec").list("args") { result.append(try AnalysisArgument(argument)) }
            return result
        }
    }
    package var templates: [TemplateReference] {
        get throws(AnalysisError) {
            var result: [TemplateReference] = []
            for reference in try FieldReader(json, "spec").list("templates") {
                result.append(try TemplateReference(reference))
            }
            return result
        }
    }
}

/// An AnalysisTemplate, as the cache keeps it.
package struct AnalysisTemplate: Hashable, Sendable {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String?
    package var spec: AnalysisTemplateSpec

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> AnalysisTemplate {
        let object = try ObjectParts(&reader)
        return AnalysisTemplate(
            key: object.key, resourceVersion: object.resourceVersion, uid: object.uid, ownerUID: object.ownerUID,
            spec: AnalysisTemplateSpec(object.spec))
    }
}

/// A ClusterAnalysisTemplate, as the cache keeps it.
package struct ClusterAnalysisTemplate: Hashable, Sendable {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String?
    package var spec: AnalysisTemplateSpec

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> ClusterAnalysisTemplate {
        let object = try ObjectParts(&reader)
        return ClusterAnalysisTemplate(
            key: object.key, resourceVersion: object.resourceVersion, uid: object.uid, ownerUID: object.ownerUID,
            spec: AnalysisTemplateSpec(object.spec))
    }
}
