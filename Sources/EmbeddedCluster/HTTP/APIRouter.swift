import Kubernetes
import Manifest

/// The API server's paths over a `ClusterAPI`.
struct APIRouter: Sendable {
    let cluster: ClusterAPI

    func answer(_ call: APICall) async -> APIAnswer {
        var target: RequestTarget?
        do {
            switch call.path.first {
            case "healthz", "livez", "readyz": return .text("ok")
            case "version": return .object(Discovery.version)
            case "openapi": return try openAPI(call)
            case "api", "apis":
                if let document = try discovery(call) { return document }
                if let review = accessReview(call) { return review }
                let found = try RequestTarget(call.path, cluster.kinds)
                target = found
                return try await serve(call, found)
            case nil:
                return .object([
                    "paths": [
                        "/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz",
                        "/version",
                    ]
                ])
            default: return .text("404 page not found\n", code: 404)
            }
        } catch {
            let known =
                error as? KubernetesError ?? KubernetesError(code: 500, reason: "InternalError", message: "\(error)")
            return refusal(known, target)
        }
    }

    private func refusal(_ error: KubernetesError, _ target: RequestTarget?) -> APIAnswer {
        let code = error.code == 0 ? 500 : error.code
        let status = error.status(kind: target?.kind.definition, name: target?.name)
        var headers: [(String, String)] = []
        if let wait = error.retryAfter { headers.append(("Retry-After", "\(max(wait.components.seconds, 1))")) }
        return .bytes(code: code, status.serialized(), contentType: "application/json", headers: headers)
    }

    /// Everyone is admin: `kubectl auth can-i` hears yes.
    private func accessReview(_ call: APICall) -> APIAnswer? {
        guard call.method == "POST", call.path.starts(with: ["apis", "authorization.k8s.io", "v1"]),
            ["selfsubjectaccessreviews", "subjectaccessreviews"].contains(call.path.last)
        else { return nil }
        let kind: JSON = call.path.last == "subjectaccessreviews" ? "SubjectAccessReview" : "SelfSubjectAccessReview"
        return .object(
            [
                "apiVersion": "authorization.k8s.io/v1", "kind": kind, "metadata": [:], "spec": [:],
                "status": ["allowed": true, "reason": "everyone is admin here"],
            ], code: 201)
    }

    private func discovery(_ call: APICall) throws(KubernetesError) -> APIAnswer? {
        guard call.method == "GET" || call.method == "HEAD" else { return nil }
        let discovery = Discovery(cluster.kinds)
        let isAggregated = call.accept.contains("as=APIGroupDiscoveryList")
        let version = call.accept.contains("v=v2;") || !call.accept.contains("v=v2beta1") ? "v2" : "v2beta1"
        func aggregated(core: Bool) -> APIAnswer {
            .bytes(
                code: 200, discovery.aggregated(core: core, version: version).serialized(),
                contentType: "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList", headers: []
            )
        }
        switch (call.path.first, call.path.count) {
        case ("api", 1): return isAggregated ? aggregated(core: true) : .object(discovery.coreVersions)
        case ("apis", 1): return isAggregated ? aggregated(core: false) : .object(discovery.groups)
        case ("api", 2): return .object(try discovery.resources(group: "", version: call.path[1]))
        case ("apis", 2): return .object(try discovery.group(call.path[1]))
        case ("apis", 3): return .object(try discovery.resources(group: call.path[1], version: call.path[2]))
        default: return nil
        }
    }

    private func openAPI(_ call: APICall) throws(KubernetesError) -> APIAnswer {
        let documents = OpenAPIDocuments(cluster.kinds)
        switch call.path.dropFirst().first {
        case "v2": return .object(documents.versionTwo)
        case "v3" where call.path.count == 2: return .object(documents.index)
        case "v3":
            let isCore = call.path[2] == "api"
            let rest = call.path.dropFirst(3)
            guard rest.count == (isCore ? 1 : 2), let version = rest.last else { throw .noSuchResource }
            return .object(try documents.versionThree(group: isCore ? "" : rest.first ?? "", version: version))
        default: throw .noSuchResource
        }
    }

    private func serve(_ call: APICall, _ target: RequestTarget) async throws -> APIAnswer {
        switch call.method {
        case "GET", "HEAD": return try await read(call, target)
        case "POST": return try await write(call, target, .create) { try post(call, target) }
        case "PUT":
            return try await write(call, target, .update) {
                guard let key = target.key else { throw KubernetesError.methodNotAllowed }
                let written = try cluster.update(
                    target.kind, key, body(call), subresource: target.subresource, writeOptions(call))
                return .object(written.object, code: written.wasCreated ? 201 : 200, warnings: written.warnings)
            }
        case "PATCH":
            return try await write(call, target, .patch) {
                guard let key = target.key else { throw KubernetesError.methodNotAllowed }
                guard let type = PatchType(rawValue: call.contentType) else {
                    throw KubernetesError.unsupportedMediaType
                }
                let written = try cluster.patch(
                    target.kind, key, type, body(call), subresource: target.subresource, writeOptions(call))
                return .object(written.object, code: written.wasCreated ? 201 : 200, warnings: written.warnings)
            }
        case "DELETE": return try await write(call, target, .delete) { try delete(call, target) }
        default: throw KubernetesError.methodNotAllowed
        }
    }

    /// Runs a write, with the faults that are ordered for it.
    private func write(
        _ call: APICall, _ target: RequestTarget, _ verb: FaultPlan.Verb, _ body: () throws -> APIAnswer
    ) async throws -> APIAnswer {
        let effect = cluster.faults.next(
            verb, target.kind.definition, name: target.name ?? "", subresource: target.subresource)
        switch effect {
        case .fail(let error): throw error
        case .delay(let length): try await Task.sleep(for: length)
        default: break
        }
        let answer = try body()
        if case .loseAnswer? = effect { throw KubernetesError.lostAnswer }
        return answer
    }

    private func post(_ call: APICall, _ target: RequestTarget) throws(KubernetesError) -> APIAnswer {
        let object = try body(call)
        if let key = target.key {
            guard let subresource = target.subresource else { throw .methodNotAllowed }
            return .object(
                try cluster.createSubresource(target.kind, key, subresource, object, writeOptions(call)), code: 201)
        }
        let namespace = target.namespace ?? object.objectKey.namespace
        let written = try cluster.create(target.kind, namespace: namespace, object, writeOptions(call))
        return .object(written.object, code: 201, warnings: written.warnings)
    }

    private func delete(_ call: APICall, _ target: RequestTarget) throws(KubernetesError) -> APIAnswer {
        let options = try deleteOptions(call)
        guard let key = target.key else {
            let gone = try cluster.deleteCollection(target.kind, listOptions(call, target), options)
            return .object([
                "apiVersion": .string(target.kind.apiVersion), "kind": .string(target.kind.definition.listKind),
                "metadata": ["resourceVersion": .string(String(cluster.store.revision))], "items": .array(gone),
            ])
        }
        switch try cluster.delete(target.kind, key, options) {
        case .pending(let object): return .object(object)
        case .done(let object):
            if target.kind.definition.name == "pods" { return .object(object) }
            var details: JSON = [
                "name": .string(key.name), "kind": .string(target.kind.definition.plural), "uid": .string(object.uid),
            ]
            if !target.kind.definition.group.isEmpty { details["group"] = .string(target.kind.definition.group) }
            return .object([
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
            ])
        }
    }
}
