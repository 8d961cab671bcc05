import Manifest

extension ReplicaSet {
    /// Takes the digest again without what was injected into the template: it has to equal the Rollout's.
    mutating func forgetInjected(_ start: JSONReader) throws(JSONError) {
        var reader = start
        let live = try reader.readJSON()
        guard live.objectValue != nil else { return }
        var (template, hashes) = AntiAffinityRule.strip(live)
        injectedHashes = hashes
        if let record = EphemeralMetadata(annotation: annotations[Keys.ephemeralMetadata]) {
            let original =
                EphemeralMetadata(annotation: annotations[Keys.templateMetadata]) ?? EphemeralMetadata()
            for key in record.labels.keys {
                template.set(original.labels[key].map { .string($0) }, at: "metadata", "labels", key)
            }
            for key in record.annotations.keys {
                template.set(original.annotations[key].map { .string($0) }, at: "metadata", "annotations", key)
            }
        }
        if template != live { templateDigest = try TemplateDigest.of(template) }
    }
}
