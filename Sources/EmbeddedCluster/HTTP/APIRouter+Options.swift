import Kubernetes
import Manifest

extension APIRouter {
    /// The request's body: JSON, or YAML where it is not.
    func body(_ call: APICall) throws(KubernetesError) -> JSON {
        if call.contentType.contains("protobuf") { throw .protobuf }
        if call.contentType.contains("cbor") { throw .unsupportedMediaType }
        let isJSON = call.body.first { $0 > 0x20 }.map { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? false
        do {
            if isJSON { return try JSON(parsing: call.body) }
            guard let value = try YAML.parse(call.body).first else {
                throw KubernetesError.badRequest("the request has no body")
            }
            return value
        } catch {
            throw (error as? KubernetesError) ?? .badRequest("the request's body cannot be read: \(error)")
        }
    }

    func writeOptions(_ call: APICall) -> WriteOptions {
        WriteOptions(
            fieldManager: call.query["fieldManager"].flatMap { $0.isEmpty ? nil : $0 } ?? defaultManager(call),
            force: call.flag("force"), dryRun: call.query["dryRun"] == "All",
            fieldValidation: call.query["fieldValidation"])
    }

    /// Applies must name their manager; other writes are named after the client.
    private func defaultManager(_ call: APICall) -> String? {
        if call.contentType == PatchType.apply.rawValue { return nil }
        return String((call.headers["user-agent"] ?? "unknown").prefix { $0 != "/" }.prefix(128))
    }

    func listOptions(_ call: APICall, _ target: RequestTarget) -> ListOptions {
        var fields = call.query["fieldSelector"] ?? ""
        if let name = target.name { fields = "metadata.name=\(name)" + (fields.isEmpty ? "" : ",\(fields)") }
        return ListOptions(
            namespace: target.namespace, labelSelector: call.query["labelSelector"],
            fieldSelector: fields.isEmpty ? nil : fields)
    }

    func deleteOptions(_ call: APICall) throws(KubernetesError) -> DeleteOptions {
        let given = call.body.isEmpty ? JSON.emptyObject : try body(call)
        let propagation = given["propagationPolicy"]?.stringValue ?? call.query["propagationPolicy"]
        var options = DeleteOptions(
            propagation: propagation.flatMap { DeleteOptions.Propagation(rawValue: $0) },
            uid: given.at("preconditions", "uid")?.stringValue,
            resourceVersion: given.at("preconditions", "resourceVersion")?.stringValue,
            gracePeriodSeconds: given["gracePeriodSeconds"]?.intValue.map { Int(clamping: $0) }
                ?? call.query["gracePeriodSeconds"].flatMap { Int($0) },
            dryRun: call.query["dryRun"] == "All" || given["dryRun"]?.arrayValue?.contains("All") == true)
        if given["orphanDependents"] == true { options.propagation = .orphan }
        return options
    }
}

extension KubernetesError {
    static let methodNotAllowed = KubernetesError(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource")

    /// Clients that send this to built-in kinds, as `kubectl create NOUN` does, know no other way and ask for none.
    static let protobuf: KubernetesError = {
        var error = unsupportedMediaType
        error.message +=
            "; this cluster reads no protobuf: use `kubectl create … --dry-run=client -o yaml | kubectl apply -f -`"
        return error
    }()

    static let unsupportedMediaType = KubernetesError(
        code: 415, reason: "UnsupportedMediaType",
        message: "the body of the request was in an unknown format - accepted media types include: application/json, "
            + "application/yaml")
}
