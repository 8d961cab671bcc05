import Manifest
import Notifications
import SluiceTestKit
import Testing
import Transport

/// A receiver on this machine, and what is sent to it.
final class ServiceStage: Sendable {
    typealias Answer = @Sendable (LoopbackServer.Request) -> (status: String, body: String)

    private let seen = Lock<[LoopbackServer.Request]>([])
    let server: LoopbackServer
    let courier: ServiceCourier
    private let service = Lock<NotificationService?>(nil)

    init(timeout: Duration = .seconds(10), _ answer: @escaping Answer = { _ in ("200 OK", "{}") }) {
        let seen = seen
        server = LoopbackServer { request, connection in
            seen.withLock { $0.append(request) }
            let (status, body) = answer(request)
            connection.respond(status, headers: ["Retry-After: 7", "Location: http://127.0.0.1:1/"], body: body)
            return true
        }
        let service = service
        courier = ServiceCourier(client: HTTPClient(), timeout: timeout) { _ in service.withLock { $0 } }
    }

    var url: String { server.url }
    var requests: [LoopbackServer.Request] { seen.withLock { $0 } }

    static let secret = ["token": "t0ken-s3cret", "key": "hm4c-s3cret", "path": "p4th-s3cret"]

    /// Fills a template in and hands it over.
    /// - Parameters:
    ///   - settings: The service's, with `<url>` for the receiver's address.
    ///   - template: The template's YAML.
    /// - Returns: What the receiver got for it.
    @discardableResult
    func send(
        _ type: String, _ settings: String, template: String, to recipient: String = "", second: Int64 = 0
    ) async throws -> [LoopbackServer.Request] {
        let key = type.split(separator: ".").count > 1 ? type : type
        let config = NotificationConfig(
            data: ["service.\(key)": settings.replacing("<url>", with: url), "template.done": template],
            secret: ServiceStage.secret)
        #expect(config.problems.isEmpty, "\(config.problems)")
        let name = String(key.split(separator: ".").last ?? "")
        service.withLock { $0 = config.services[name] }
        let rollout: JSON = [
            "metadata": [
                "namespace": "shop", "name": "web", "uid": "u1", "annotations": ["rollout.argoproj.io/revision": "7"],
            ], "status": ["phase": "Degraded", "message": "it \"broke\""],
        ]
        let now = Timestamp(seconds: templateNow.seconds + second)
        let delivery = try NotificationTrial.template(
            "done", service: name, recipient: recipient, NotificationContext(rollout: rollout, now: now), config)
        let before = requests.count
        try await courier.deliver(delivery)
        return Array(requests.dropFirst(before))
    }

    /// Expects a refusal whose words hold a part and no secret.
    func refuses(
        _ type: String, _ settings: String, template: String = "message: done\n", to recipient: String = "",
        _ part: String, isRetriable: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        do {
            try await send(type, settings, template: template, to: recipient)
            Issue.record("it was taken", sourceLocation: sourceLocation)
        } catch let error as DeliveryError {
            #expect("\(error)".contains(part), sourceLocation: sourceLocation)
            #expect(error.isRetriable == isRetriable, sourceLocation: sourceLocation)
            #expect(!"\(error)".contains("s3cret") && !"\(error)".contains("127.0.0.1"), sourceLocation: sourceLocation)
        } catch {
            Issue.record("unexpected \(error)", sourceLocation: sourceLocation)
        }
    }
}

extension LoopbackServer.Request {
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
}
