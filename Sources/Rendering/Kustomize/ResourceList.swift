import Manifest

/// The objects of a build in their order; no two have the same identity when they come in.
struct ResourceList {
    var resources: [KustomizeResource] = [] {
        didSet { identities = nil }
    }
    /// Identities now, kept only while objects are appended.
    private var identities: Set<ResourceID>?

    init() {}

    mutating func append(_ resource: KustomizeResource) throws(RenderError) {
        var known = identities ?? Set(resources.map(\.id.effective))
        identities = nil
        guard known.insert(resource.id.effective).inserted else {
            let other = resources.first { $0.id.matches(resource.id) }
            throw RenderError(
                .conflict, path: resource.provenance.file, line: resource.provenance.line,
                reason: "\(resource.id) is already there"
                    + (other.map { " from \($0.provenance)" } ?? "") + "; remove one of the two, or patch the first")
        }
        resources.append(resource)
        identities = known
    }

    /// Objects that have, or have had, an identity.
    func indices(withAnyID id: ResourceID) -> [Int] {
        resources.indices.filter { resources[$0].hasID(id) }
    }
}
