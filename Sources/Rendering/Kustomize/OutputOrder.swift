import Manifest

/// The order of a build's output.
struct OutputOrder: Sendable {
    private let isFirstInFirstOut: Bool
    private var ranks: [String: Int] = [:]

    /// As Kustomize sorts where nothing else is said.
    static let legacy = OutputOrder(first: standardFirst, last: standardLast)

    private static let standardFirst = [
        "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy",
        "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service",
        "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim", "Deployment", "StatefulSet",
        "CronJob", "PodDisruptionBudget",
    ]
    private static let standardLast = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]

    private init() { isFirstInFirstOut = true }

    private init(first: [String], last: [String]) {
        isFirstInFirstOut = false
        for (index, kind) in first.enumerated() { ranks[kind] = index - first.count }
        for (index, kind) in last.enumerated() { ranks[kind] = index + 1 }
    }

    /// Reads `sortOptions`.
    init(_ fields: inout StrictFields) throws(RenderError) {
        let order = try fields.string("order") ?? ""
        var lists = try fields.fields("legacySortOptions")
        try fields.finish()
        switch order {
        case "fifo":
            guard lists == nil else {
                throw fields.error("legacySortOptions", "has no meaning with order fifo; remove it")
            }
            self.init()
        case "legacy", "":
            let first = try lists?.strings("orderFirst") ?? Self.standardFirst
            let last = try lists?.strings("orderLast") ?? Self.standardLast
            try lists?.finish()
            self.init(first: first, last: last)
        default: throw fields.error("order", "must be legacy or fifo, found \"\(order.prefix(60))\"")
        }
    }

    func sort(_ resources: inout [KustomizeResource]) {
        if isFirstInFirstOut { return }
        var keyed = resources.enumerated().map { index, resource in
            (rank: ranks[resource.id.kind.kind] ?? 0, key: Self.key(resource.id), index: index)
        }
        keyed.sort { left, right in
            if left.rank != right.rank { return left.rank < right.rank }
            // The index keeps the sort stable.
            return left.key == right.key ? left.index < right.index : utf8Order(left.key, right.key)
        }
        let before = resources
        resources = keyed.map { before[$0.index] }
    }

    private static func key(_ id: ResourceID) -> String {
        func or(_ text: String, _ placeholder: String) -> String { text.isEmpty ? placeholder : text }
        let kind = "\(or(id.kind.group, "~G"))_\(or(id.kind.version, "~V"))_\(or(id.kind.kind, "~K"))"
        // The zero keeps a kind before those that begin with its name.
        return "\(kind)\u{0}\(or(id.namespace, "~X"))|\(or(id.name, "~N"))"
    }
}
