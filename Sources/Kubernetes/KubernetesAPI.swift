package import Manifest

/// One kind of object as the API server serves it.
package struct Resource: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var version: String
    /// The name in paths: `rollouts`.
    package var plural: String
    package var kind: String
    package var isNamespaced: Bool
    /// Subresources that the server offers: `status`, `scale`.
    package var subresources: Set<String>
    package var shortNames: [String]

    package init(
        group: String, version: String, plural: String, kind: String, isNamespaced: Bool = true,
        subresources: Set<String> = [], shortNames: [String] = []
    ) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
        self.subresources = subresources
        self.shortNames = shortNames
    }

    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    package var groupVersionKind: GroupVersionKind { GroupVersionKind(group: group, version: version, kind: kind) }
    package var groupKind: GroupKind { GroupKind(group: group, kind: kind) }
    package var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

/// How a patch's body is read.
package enum PatchType: String, Sendable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategicMerge = "application/strategic-merge-patch+json"
    case apply = "application/apply-patch+yaml"
}

/// Options of a write.
package struct WriteOptions: Sendable {
    package var fieldManager: String?
    /// Takes over fields of other managers; for `.apply` only.
    package var force = false
    package var dryRun = false
    /// `Ignore`, `Warn` or `Strict`; servers before 1.25 ignore it.
    package var fieldValidation: String?
    /// Act as this user, by `Impersonate-User`.
    package var impersonate: String?

    package init(
        fieldManager: String? = nil, force: Bool = false, dryRun: Bool = false, fieldValidation: String? = nil,
        impersonate: String? = nil
    ) {
        self.fieldManager = fieldManager
        self.force = force
        self.dryRun = dryRun
        self.fieldValidation = fieldValidation
        self.impersonate = impersonate
    }
}

/// Options of a delete.
package struct DeleteOptions: Sendable {
    package enum Propagation: String, Sendable {
        case foreground = "Foreground", background = "Background", orphan = "Orphan"
    }

    package var propagation: Propagation?
    /// Fails with a conflict when the object has another uid: it was replaced meanwhile.
    package var uid: String?
    package var resourceVersion: String?
    package var gracePeriodSeconds: Int?
    package var dryRun = false
    package var impersonate: String?

    package init(
        propagation: Propagation? = nil, uid: String? = nil, resourceVersion: String? = nil,
        gracePeriodSeconds: Int? = nil, dryRun: Bool = false, impersonate: String? = nil
    ) {
        self.propagation = propagation
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.gracePeriodSeconds = gracePeriodSeconds
        self.dryRun = dryRun
        self.impersonate = impersonate
    }
}

/// What part of a collection a list or watch covers.
package struct ListOptions: Hashable, Sendable {
    /// `nil` is all namespaces.
    package var namespace: String?
    package var labelSelector: String?
    package var fieldSelector: String?
    /// Of a list: `nil` asks for the most recent state, in pages; `"0"` for any that the server has at hand; another
    /// value for one that is not older.
    ///
    /// A watch gives its own and does not look here.
    package var resourceVersion: String?
    /// Of a watch: what exists comes first, as `added`, then a bookmark that says so; a list and a watch in one request.
    ///
    /// A server that does not offer this answers 400 or 422.
    package var sendsInitialEvents = false

    package init(
        namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
        resourceVersion: String? = nil, sendsInitialEvents: Bool = false
    ) {
        self.namespace = namespace
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.resourceVersion = resourceVersion
        self.sendsInitialEvents = sendsInitialEvents
    }
}

/// The Kubernetes API as controllers use it.
///
/// Real over `Transport`, in memory as `EmbeddedCluster`'s store. Every call has a deadline and may be cancelled.
/// Idempotent calls retry by themselves on connection errors, 429 and 5xx with `Retry-After`; a `create` or `patch`
/// without an answer does not, for it may have taken effect: read again.
package protocol KubernetesAPI: Sendable {
    /// Reads one object, or `nil` where it does not exist.
    func get(_ resource: Resource, _ key: ObjectKey, subresource: String?) async throws(KubernetesError) -> JSON?

    /// Reads a collection item by item, while it streams; no response is held whole.
    /// - Parameter item: Gets the bytes of each object, without `apiVersion` and `kind` where the server omits them.
    /// - Returns: The collection's resourceVersion, from which a watch can go on.
    func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String

    /// As ``list(_:_:item:)``, reading each item where it stands in what has come of the response.
    /// - Parameter item: Reads one value. Where it throws a `JSONError` and the reader is partial, it is called again for
    ///   the same item once all of it has come, so until then it must leave nothing behind.
    func readList(
        _ resource: Resource, _ options: ListOptions, item: @Sendable (inout JSONReader) throws -> Void
    ) async throws(KubernetesError) -> String

    /// Streams changes from `resourceVersion` on, until the server or the caller ends it.
    ///
    /// A watch that has been accepted begins with a bookmark of `resourceVersion`, so that its caller knows that it works.
    /// With `sendsInitialEvents` it begins with what exists, no older than `resourceVersion`: empty is the most recent
    /// state, `0` any that the server has at hand.
    /// - Parameter event: Called in order, at once, from one task at a time; it must not block.
    /// - Throws: `KubernetesError` with `isExpired` when the caller must list again.
    func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError)

    /// Creates an object; not idempotent.
    func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON

    /// Replaces an object; its `metadata.resourceVersion` is the precondition.
    func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON

    /// Patches an object; a `metadata.resourceVersion` or `uid` in the patch is a precondition.
    func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON

    /// Deletes an object; `false` where it did not exist.
    @discardableResult
    func delete(_ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions) async throws(KubernetesError) -> Bool
}

extension KubernetesAPI {
    package func readList(
        _ resource: Resource, _ options: ListOptions, item: @Sendable (inout JSONReader) throws -> Void
    ) async throws(KubernetesError) -> String {
        try await list(resource, options) { bytes in
            var reader = JSONReader(bytes)
            try item(&reader)
        }
    }
}

/// One change that a watch delivers.
package struct WatchEvent: Sendable {
    package enum Kind: String, Sendable {
        case added = "ADDED", modified = "MODIFIED", deleted = "DELETED", bookmark = "BOOKMARK"
    }

    package var kind: Kind
    /// The object's JSON text; of a bookmark only kind and resourceVersion.
    package var object: [UInt8]
    /// Of a bookmark: all that existed has come.
    package var endsInitialEvents: Bool

    package init(kind: Kind, object: [UInt8], endsInitialEvents: Bool = false) {
        self.kind = kind
        self.object = object
        self.endsInitialEvents = endsInitialEvents
    }
}
