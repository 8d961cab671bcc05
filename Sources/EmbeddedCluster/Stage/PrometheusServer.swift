import Manifest
package import Transport

/// Debian's Prometheus as a child process, scraping loopback targets often.
package struct PrometheusServer: Sendable {
    package let port: Int
    package let process: ChildProcess

    /// `http://127.0.0.1:<port>`.
    package var address: String { "http://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - targets: `host:port` of what is scraped, each at `/metrics`.
    ///   - folder: Where its configuration and data go.
    ///   - interval: Between two scrapes.
    package init(targets: [String], folder: String, interval: String = "500ms") throws {
        guard let port = freeLoopbackPort() else { throw FileError(what: "find a free port", code: 0) }
        self.port = port
        let list = targets.map { "\"\($0)\"" }.joined(separator: ", ")
        try writeFile(
            """
            global:
              scrape_interval: \(interval)
              scrape_timeout: \(interval)
              evaluation_interval: 1m
            scrape_configs:
            - job_name: mesh
              static_configs:
              - targets: [\(list)]

            """, to: "\(folder)/prometheus.yml")
        process = ChildProcess(
            "prometheus",
            [
                "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
                "--web.listen-address=127.0.0.1:\(port)", "--log.level=warn",
            ])
    }

    /// Waits until it answers queries.
    package func waitUntilReady(_ client: HTTPClient, within limit: Duration = .seconds(20)) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let response = try? await client.send(HTTPRequest("\(address)/-/ready", timeout: .seconds(1))),
                response.status == 200
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CommandError(command: "prometheus", output: "not ready after \(limit.go): \(process.output)")
    }
}
