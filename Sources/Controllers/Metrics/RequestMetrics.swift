package import Kubernetes
import Manifest

extension MetricsRegistry {
    /// Counts one request to the API server.
    package func report(_ request: RequestReport) {
        let code = String(request.code)
        increment("rest_client_requests_total", [("code", code), ("method", request.method), ("host", request.host)])
        guard let target = RequestTarget(request) else { return }
        increment(
            "controller_clientset_k8s_request_total",
            [
                ("kind", target.kind), ("namespace", target.namespace), ("verb", target.verb), ("status_code", code),
            ])
    }
}

/// What a request is about, read from its path.
///
/// The object's name is left out: a series for each of ten thousand objects would cost more than it tells.
struct RequestTarget: Hashable {
    /// The plural of the resource: `replicasets`.
    var kind: String
    var namespace = ""
    var verb: String

    init?(_ request: RequestReport) {
        self.init(method: request.method, path: request.path, isWatch: request.isWatch)
    }

    init?(method: String, path: String, isWatch: Bool) {
        var parts = path.split(separator: "/").map(String.init)[...]
        switch parts.first {
        case "api": parts = parts.dropFirst(2)
        case "apis": parts = parts.dropFirst(3)
        default: return nil
        }
        if parts.first == "namespaces", parts.count > 2 {
            namespace = parts[parts.startIndex + 1]
            parts = parts.dropFirst(2)
        }
        guard let plural = parts.first else { return nil }
        kind = plural
        let hasName = parts.count > 1
        switch method {
        case "GET": verb = isWatch ? "Watch" : hasName ? "Get" : "List"
        case "POST": verb = "Create"
        case "PUT": verb = "Update"
        case "PATCH": verb = "Patch"
        case "DELETE": verb = hasName ? "Delete" : "DeleteCollection"
        default: verb = method
        }
    }
}
