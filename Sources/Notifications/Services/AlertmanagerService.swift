import Manifest
import Transport

/// Prometheus' Alertmanager, version 2 of its API.
struct AlertmanagerService: ServiceSender {
    private let urls: [String]
    private let headers: [(name: String, value: String)]
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        let scheme = settings.text("scheme") ?? "http"
        let path = settings.text("apiPath") ?? "/api/v2/alerts"
        let targets = settings.list("targets")
        guard !targets.isEmpty else { throw ConfigProblem("targets is missing: a list such as [alertmanager:9093]") }
        urls = targets.prefix(16).map { "\(scheme)://\($0)\(path.hasPrefix("/") ? "" : "/")\(path)" }
        for url in urls { try ServiceSettings.check(url, "each of targets, behind scheme,") }
        if let user = settings.text("basicAuth", "username") {
            let password = settings.text("basicAuth", "password") ?? ""
            headers = [("Authorization", "Basic " + Base64.encode("\(user):\(password)"))]
        } else if settings.text("bearerToken") != nil {
            headers = [("Authorization", "Bearer " + (try settings.required("bearerToken", "")))]
        } else {
            headers = []
        }
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let content = delivery.content
        func texts(_ field: String) -> [String: JSON] {
            (content.fields[field]?.objectValue ?? [:]).mapValues { .string($0.stringValue ?? $0.description) }
        }
        var labels = texts("labels")
        if labels["alertname"] == nil { labels["alertname"] = .string(delivery.template) }
        if labels.count == 1 {
            labels["namespace"] = .string(delivery.object.namespace)
            labels["rollout"] = .string(delivery.object.name)
        }
        var annotations = texts("annotations")
        if annotations.isEmpty { annotations["message"] = .string(content.text) }
        var alert: JSON = [
            "labels": .object(labels), "annotations": .object(annotations), "startsAt": .string(content.time.rfc3339),
        ]
        alert["generatorURL"] = content.field("generatorURL").map { .string($0) }
        let body: JSON = [alert]
        // The members of a cluster tell each other, so one that takes it is enough; each gets it, as a server would do.
        let failures = await withTaskGroup(of: DeliveryError?.self) { group in
            for url in urls {
                group.addTask {
                    do throws(DeliveryError) {
                        _ = try await line.post(url, body, headers: headers, tls)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var failures: [DeliveryError] = []
            for await failure in group { if let failure { failures.append(failure) } }
            return failures
        }
        guard failures.count == urls.count else { return }
        if let failure = failures.first(where: \.isRetriable) ?? failures.first { throw failure }
    }
}
