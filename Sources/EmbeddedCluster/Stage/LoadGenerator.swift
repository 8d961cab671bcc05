import Manifest
package import Transport

/// Sends a steady stream of requests and counts what came back, from the first answer of a version on.
///
/// What comes before it says only that nothing is there yet.
package final class LoadGenerator: Sendable {
    /// What came back so far.
    package struct Tally: Sendable {
        package var answered = 0
        package var errors = 0
        /// Requests that got no answer at all.
        package var lost = 0
        /// Answers by the value of the version header.
        package var versions: [String: Int] = [:]
    }

    private let client: HTTPClient
    private let url: String
    private let interval: Duration
    private let versionHeader: String
    private let headers: HTTPHeaders
    private let tally = Lock(Tally())

    /// - Parameter rate: Requests a second.
    package init(
        _ client: HTTPClient, url: String, host: String? = nil, rate: Int = 100, versionHeader: String = "x-version"
    ) {
        self.client = client
        self.url = url
        self.versionHeader = versionHeader
        headers = host.map { ["Host": $0] } ?? [:]
        interval = .seconds(1) / max(1, rate)
    }

    package var counts: Tally { tally.withLock { $0 } }

    /// Sends until cancelled; at most 64 requests are under way.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            let underWay = Lock(0)
            var next = ContinuousClock.now
            while !Task.isCancelled {
                next += interval
                try await Task.sleep(until: next, clock: .continuous)
                let mayStart = underWay.withLock { count in
                    if count >= 64 { return false }
                    count += 1
                    return true
                }
                guard mayStart else { continue }
                group.addTask {
                    await self.once()
                    underWay.withLock { $0 -= 1 }
                }
            }
        }
    }

    private func once() async {
        do {
            let response = try await client.send(HTTPRequest(url, headers: headers, timeout: .seconds(2)))
            let version = response.headers[versionHeader] ?? ""
            tally.withLock { tally in
                guard tally.answered > 0 || !version.isEmpty else { return }
                tally.answered += 1
                if response.status >= 500 { tally.errors += 1 }
                tally.versions[version, default: 0] += 1
            }
        } catch {
            tally.withLock { if $0.answered > 0 { $0.lost += 1 } }
        }
    }
}
