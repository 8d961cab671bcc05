import Kubernetes
import Manifest

extension APIRouter {
    func read(_ call: APICall, _ target: RequestTarget) async throws -> APIAnswer {
        let form = AnswerForm(call)
        let isWatch = call.flag("watch")
        if target.key != nil, !isWatch { return try await readOne(call, target, form) }
        return isWatch ? try await watch(call, target, form) : try await list(call, target, form)
    }

    private func readOne(_ call: APICall, _ target: RequestTarget, _ form: AnswerForm) async throws -> APIAnswer {
        guard let key = target.key else { throw KubernetesError.noSuchResource }
        try await meet(.get, target)
        let object = try cluster.get(target.kind, key, subresource: target.subresource)
        guard target.subresource == nil else { return .object(object) }
        switch form.kind {
        case .object: return .object(object)
        case .metadata: return .object(form.metadataOnly(object))
        case .table:
            var table = Table(target.kind).table([object], includeObject: form.includeObject, now: cluster.clock.now())
            table["metadata"] = ["resourceVersion": .string(object.resourceVersion)]
            return .object(table)
        }
    }

    private func list(_ call: APICall, _ target: RequestTarget, _ form: AnswerForm) async throws -> APIAnswer {
        try await meet(.list, target)
        let page = try cluster.list(
            target.kind, listOptions(call, target),
            PageOptions(
                limit: call.query["limit"].flatMap { Int($0) }, continuation: call.query["continue"],
                resourceVersion: call.query["resourceVersion"], isExact: call.query["resourceVersionMatch"] == "Exact"))
        var metadata: JSON = ["resourceVersion": .string(String(page.revision))]
        if let token = page.continuation { metadata["continue"] = .string(token) }
        if let remaining = page.remaining { metadata["remainingItemCount"] = JSON(remaining) }
        let kind = target.kind
        switch form.kind {
        case .table:
            let objects = page.objects.map { cluster.shown($0, as: kind) }
            var table = Table(kind).table(objects, includeObject: form.includeObject, now: cluster.clock.now())
            table["metadata"] = metadata
            return .object(table)
        case .metadata:
            let items = page.objects.map { form.metadataOnly(cluster.shown($0, as: kind)) }
            return .object([
                "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": metadata,
                "items": .array(items),
            ])
        case .object:
            var writer = JSONWriter()
            writer.raw("{\"apiVersion\":")
            writer.write(kind.apiVersion)
            writer.raw(",\"items\":[")
            for (index, object) in page.objects.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.raw(cluster.shownBytes(object, as: kind))
            }
            writer.raw("],\"kind\":")
            writer.write(kind.definition.listKind)
            writer.raw(",\"metadata\":")
            writer.write(metadata)
            writer.raw("}")
            return .bytes(code: 200, writer.bytes, contentType: "application/json", headers: [])
        }
    }

    private func watch(_ call: APICall, _ target: RequestTarget, _ form: AnswerForm) async throws -> APIAnswer {
        try await meet(.watch, target)
        let options = listOptions(call, target)
        // Selectors are checked before the stream begins.
        _ = try ObjectFilter(options, of: target.kind.definition)
        try checkVersionMatch(call)
        let isInitial = call.flag("sendInitialEvents")
        let watching = WatchOptions(
            resourceVersion: call.query["resourceVersion"] ?? "", sendsBookmarks: call.flag("allowWatchBookmarks"),
            sendsInitialEvents: isInitial,
            timeout: .seconds(call.query["timeoutSeconds"].flatMap { Int($0) }.map { max(1, $0) } ?? 1800))
        return .stream(
            contentType: "application/json",
            WatchStream(cluster: cluster, kind: target.kind, list: options, options: watching, form: form))
    }

    /// A watch takes `resourceVersionMatch` together with `sendInitialEvents` alone, and then one value of it.
    private func checkVersionMatch(_ call: APICall) throws(KubernetesError) {
        let match = call.query["resourceVersionMatch"] ?? ""
        let text: String
        switch (call.query["sendInitialEvents"] != nil, match) {
        case (false, ""), (true, "NotOlderThan"): return
        case (false, _): text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        case (true, _): text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        }
        throw KubernetesError(
            code: 422, reason: "Invalid",
            message: "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: \(text)",
            causes: [.init(reason: "FieldValueForbidden", message: "Forbidden: \(text)", field: "resourceVersionMatch")]
        )
    }

    private func meet(_ verb: FaultPlan.Verb, _ target: RequestTarget) async throws {
        switch cluster.faults.next(
            verb, target.kind.definition, name: target.name ?? "", subresource: target.subresource)
        {
        case .fail(let error): throw error
        case .delay(let length): try await Task.sleep(for: length)
        case .loseAnswer: throw KubernetesError.lostAnswer
        default: break
        }
    }
}

/// In what form a client wants to read.
struct AnswerForm: Sendable {
    enum Kind: Sendable { case object, table, metadata }

    var kind: Kind
    /// `None`, `Metadata` or `Object`: what table rows carry.
    var includeObject: String

    init(_ call: APICall) {
        includeObject = call.query["includeObject"] ?? "Metadata"
        kind = .object
        // The first form that we know wins.
        for choice in call.accept.split(separator: ",") {
            if choice.contains("as=Table"), choice.contains("g=meta.k8s.io") {
                kind = .table
                return
            }
            if choice.contains("as=PartialObjectMetadata"), !choice.contains("protobuf") {
                kind = .metadata
                return
            }
            if choice.contains("json") || choice.contains("*/*") { return }
        }
    }

    func metadataOnly(_ object: JSON) -> JSON {
        [
            "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
            "metadata": object["metadata"] ?? .emptyObject,
        ]
    }
}
