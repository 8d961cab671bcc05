import AnalysisEngine
import Manifest
import MetricProviders
import SluiceTestKit
import Transport

/// Measures one metric, and gives its result after judging.
func measure(
    _ provider: JSON, success: String = "",
    at now: Timestamp = Timestamp(seconds: 1_800_000_000, nanoseconds: 250_000_000)
) async throws -> MeasurementResult {
    let json: JSON = ["name": "m", "successCondition": .string(success), "provider": provider]
    let task = MeasurementTask(metric: try Metric(json), run: ObjectKey(namespace: "shop", name: "run"))
    do throws(MetricFailure) {
        let reading = try await sharedProviders.measure(task, now: now)
        return task.judge(reading, startedAt: now, finishedAt: now)
    } catch {
        return task.failed(error, startedAt: now, finishedAt: now)
    }
}

let sharedProviders = MetricProviders(http: HTTPClient())

/// A server that answers every request alike and keeps what it was asked.
final class RecordingServer: Sendable {
    let requests = Lock<[LoopbackServer.Request]>([])
    let server: LoopbackServer

    init(_ answer: @escaping @Sendable (LoopbackServer.Request) -> (status: String, body: String)) {
        let requests = requests
        server = LoopbackServer { request, connection in
            requests.withLock { $0.append(request) }
            let (status, body) = answer(request)
            connection.respond(status, headers: ["Content-Type: application/json"], body: body)
            return true
        }
    }

    convenience init(_ body: String, status: String = "200 OK") { self.init { _ in (status, body) } }

    var url: String { server.url }
    var seen: [LoopbackServer.Request] { requests.withLock { $0 } }
}
