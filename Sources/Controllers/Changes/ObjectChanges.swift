package import Kubernetes
package import Manifest

/// Carries out what people ask for, on the command line and on dashboards: the same patches from everywhere.
package struct ObjectChanges: Sendable {
    /// Whether a change is only tried out.
    package enum Mode: Sendable {
        case real
        /// The API checks it without keeping it.
        case server
        /// Nothing is sent; what would be is handed over.
        case client(@Sendable (JSON) -> Void)
    }

    package let api: any KubernetesAPI
    private let fieldManager: String
    private let mode: Mode

    /// Tries of a change that others get ahead of.
    private static let maximalTries = 10

    package init(_ api: any KubernetesAPI, fieldManager: String, mode: Mode = .real) {
        self.api = api
        self.fieldManager = fieldManager
        self.mode = mode
    }

    private var options: WriteOptions {
        if case .server = mode { return WriteOptions(fieldManager: fieldManager, dryRun: true) }
        return WriteOptions(fieldManager: fieldManager)
    }

    /// An object as it is now.
    /// - Throws: A sentence for the user, where there is none.
    package func get(_ resource: Resource, _ key: ObjectKey) async throws -> JSON {
        guard let object = try await api.get(resource, key, subresource: nil) else {
            let place = resource.isNamespaced ? " in namespace \(key.namespace); choose another namespace with -n" : ""
            throw PromotionError("there is no \(resource.kind) \(key.name)\(place)")
        }
        return object
    }

    /// Sends one merge patch to whatever is there.
    package func send(_ patch: RolloutPatch, to resource: Resource, _ key: ObjectKey) async throws {
        guard try await sent(patch.body, patch.isStatus, to: resource, key) else {
            throw PromotionError("\(resource.kind) \(key.name) is being changed by others; try again")
        }
    }

    /// Sends patches that were decided on what an object says, and decides again when it has changed meanwhile.
    ///
    /// The first patch goes only to the object as it was read. The rest follows from the first and needs no such guard.
    /// - Parameters:
    ///   - decide: The patches for an object; called again with each newer one.
    ///   - difference: Says how a newer object differs in what was decided on; `nil` repeats the patch.
    package func change(
        _ resource: Resource, _ key: ObjectKey, decide: (JSON) async throws -> [RolloutPatch],
        difference: (_ first: JSON, _ newer: JSON) -> String?
    ) async throws {
        let first = try await get(resource, key)
        var seen = first
        for attempt in 1... {
            let patches = try await decide(seen)
            guard let patch = patches.first else { return }
            var body = patch.body
            if !seen.resourceVersion.isEmpty {
                body.set(.string(seen.resourceVersion), at: "metadata", "resourceVersion")
            }
            if try await sent(body, patch.isStatus, to: resource, key) {
                for patch in patches.dropFirst() { try await send(patch, to: resource, key) }
                return
            }
            seen = try await get(resource, key)
            if let difference = difference(first, seen) {
                throw PromotionError(
                    "\(resource.kind) \(key.name) has changed meanwhile: \(difference); nothing was sent, "
                        + "so look at it and try again")
            }
            guard attempt < Self.maximalTries else {
                throw PromotionError(
                    "\(resource.kind) \(key.name) is being changed without a pause; nothing was sent, so try again")
            }
            try await Task.sleep(for: .milliseconds(20 * attempt))
        }
    }

    /// Moves a Rollout on; while the controller writes its status, as long as step and pause stay as they were.
    package func promote(_ key: ObjectKey, _ promotion: Promotion) async throws {
        try await change(.rollouts, key) { rollout in
            let patches = try promotion.patches(for: rollout)
            guard promotion == .acceptInconclusive else { return patches }
            // The mark is there before the pause goes, else the controller would measure again.
            for run in promotion.inconclusiveRuns(of: rollout) {
                try await send(
                    Promotion.acceptance, to: .analysisRuns, ObjectKey(namespace: key.namespace, name: run))
            }
            return patches
        } difference: { first, newer in
            PromotionBasis(first).difference(to: PromotionBasis(newer))
        }
    }

    /// Puts the template of an earlier revision in place.
    /// - Parameter revision: 0 is the one before the newest.
    /// - Returns: The revision, and whether its template was there already.
    package func undo(_ key: ObjectKey, to revision: Int64) async throws -> (revision: Int64, wasThere: Bool) {
        let rollout = try await get(.rollouts, key)
        let place = try TemplatePlace(rollout)
        let holder = place.resource == .rollouts ? rollout : try await get(place.resource, place.key)
        let sets = Lock<[JSON]>([])
        _ = try await api.list(.replicaSets, ListOptions(namespace: key.namespace)) { bytes in
            let set = try JSON(parsing: bytes)
            sets.withLock { $0.append(set) }
        }
        let target = try RevisionHistory.target(
            of: rollout, selector: rollout.at("spec", "selector") ?? holder.at("spec", "selector"),
            replicaSets: sets.withLock { $0 }, revision: revision)
        if RevisionHistory.areEqual(target.template, place.template(in: holder)) { return (target.revision, true) }
        // Another object of the same name is not the one whose revisions were read.
        let patch = place.replacement(with: target.template, uid: holder.uid)
        if case .client(let show) = mode {
            show(patch)
        } else {
            _ = try await api.patch(place.resource, place.key, .json, patch, subresource: nil, options)
        }
        return (target.revision, false)
    }

    /// Gives containers of a Rollout, or of the workload that it refers to, an image.
    /// - Parameter container: A name; `*` is all.
    /// - Returns: What was changed: `rollout "web"`.
    package func setImage(_ key: ObjectKey, container: String, image: String) async throws -> String {
        let place = try TemplatePlace(try await get(.rollouts, key))
        let done = "\(place.resource.kind.lowercased()) \"\(place.key.name)\""
        for attempt in 1... {
            let patch = try place.imagePatch(
                try await get(place.resource, place.key), container: container, image: image)
            if try await sent(patch, false, to: place.resource, place.key) { return done }
            guard attempt <= 5 else {
                throw PromotionError(
                    "\(place.resource.kind) \(place.key.name) is being changed without a pause; try again")
            }
            try await Task.sleep(for: .milliseconds(20 * attempt))
        }
        return done
    }

    /// - Returns: `false` where the object is not as it was read any more.
    private func sent(
        _ body: JSON, _ isStatus: Bool, to resource: Resource, _ key: ObjectKey
    ) async throws(KubernetesError) -> Bool {
        if case .client(let show) = mode {
            show(body)
            return true
        }
        // One plain catch for each request: with `catch where` here, Swift 6.3.1 crashes.
        do throws(KubernetesError) {
            let subresource = isStatus ? "status" : nil
            _ = try await api.patch(resource, key, .merge, body, subresource: subresource, options)
            return true
        } catch {
            if error.isConflict { return false }
            // Old CRDs have no status subresource.
            guard isStatus, error.isNotFound else { throw error }
        }
        do throws(KubernetesError) {
            _ = try await api.patch(resource, key, .merge, body, subresource: nil, options)
            return true
        } catch {
            if error.isConflict { return false }
            throw error
        }
    }
}
