package import Manifest
import Transport

extension KubernetesClient: KubernetesAPI {
    package func get(
        _ resource: Resource, _ key: ObjectKey, subresource: String?
    ) async throws(KubernetesError) -> JSON? {
        let path = try Paths.path(resource, namespace: key.namespace, name: key.name, subresource: subresource)
        do {
            return try json(try await send(Call(path: path, lane: lane(resource, subresource))).body)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    package func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        let path = try Paths.path(resource, namespace: namespace, name: subresource?.of, subresource: subresource?.name)
        return try await write("POST", path, object, "application/json", options, resource, subresource?.name)
    }

    package func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        let path = try Paths.path(resource, namespace: key.namespace, name: key.name, subresource: subresource)
        return try await write("PUT", path, object, "application/json", options, resource, subresource)
    }

    package func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        let path = try Paths.path(resource, namespace: key.namespace, name: key.name, subresource: subresource)
        return try await write("PATCH", path, body, type.rawValue, options, resource, subresource)
    }

    private func write(
        _ method: String, _ path: String, _ body: JSON, _ contentType: String, _ options: WriteOptions,
        _ resource: Resource, _ subresource: String?
    ) async throws(KubernetesError) -> JSON {
        var query: [(String, String)] = []
        if let manager = options.fieldManager { query.append(("fieldManager", manager)) }
        if contentType == PatchType.apply.rawValue { query.append(("force", options.force ? "true" : "false")) }
        if options.dryRun { query.append(("dryRun", "All")) }
        if let validation = options.fieldValidation { query.append(("fieldValidation", validation)) }
        var call = Call(
            method: method, path: path, query: query, body: body.serialized(), contentType: contentType,
            impersonate: options.impersonate, lane: lane(resource, subresource))
        // Applying the same intent twice changes nothing; nor does a dry run. A PUT carries its precondition, but its
        // repetition would be answered by a conflict that is our own doing.
        call.isIdempotent = contentType == PatchType.apply.rawValue || options.dryRun
        return try json(try await send(call).body)
    }

    @discardableResult
    package func delete(
        _ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions
    ) async throws(KubernetesError) -> Bool {
        var body: JSON = ["apiVersion": "v1", "kind": "DeleteOptions"]
        if let propagation = options.propagation { body["propagationPolicy"] = .string(propagation.rawValue) }
        if let seconds = options.gracePeriodSeconds { body["gracePeriodSeconds"] = JSON(seconds) }
        if let uid = options.uid { body.set(.string(uid), at: "preconditions", "uid") }
        if let version = options.resourceVersion { body.set(.string(version), at: "preconditions", "resourceVersion") }
        if options.dryRun { body["dryRun"] = ["All"] }
        let path = try Paths.path(resource, namespace: key.namespace, name: key.name)
        let call = Call(
            method: "DELETE", path: path, body: body.serialized(), contentType: "application/json",
            impersonate: options.impersonate)
        do {
            _ = try await send(call)
            return true
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    /// Reads any path of the server as JSON: discovery, `/version`, OpenAPI.
    package func raw(
        _ path: String, accept: String = "application/json"
    ) async throws(KubernetesError) -> JSON {
        var call = Call(path: path)
        call.accept = accept
        return try json(try await send(call).body)
    }

    /// The text of any path of the server: logs, `/readyz`.
    package func text(_ path: String) async throws(KubernetesError) -> String {
        var call = Call(path: path)
        call.accept = "*/*"
        return String(decoding: try await send(call).body, as: UTF8.self)
    }

    private func json(_ body: [UInt8]) throws(KubernetesError) -> JSON {
        do {
            return try JSON(parsing: body)
        } catch {
            throw KubernetesError(code: 0, reason: "Malformed", message: "the API server's answer is no JSON: \(error)")
        }
    }

    private func lane(_ resource: Resource, _ subresource: String?) -> RequestLane {
        if resource.group == Resource.leases.group { return .lease }
        return subresource == "status" ? .status : .reconcile
    }
}
