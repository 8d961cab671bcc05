import Glibc
import SluiceTestKit

/// Debian's Prometheus on a free port of loopback, for one test.
final class PrometheusProcess: Sendable {
    static let path = "/usr/bin/prometheus"
    static var isInstalled: Bool { access(path, X_OK) == 0 }

    let port: Int
    private let process: pid_t
    private let folder = TemporaryFolder()

    /// - Parameter target: Port of a server whose `/metrics` is scraped several times a second.
    init?(scraping target: Int) {
        port = LoopbackListener.freePort()
        let configuration = folder.write(
            "prometheus.yml",
            """
            global: {scrape_interval: 200ms, scrape_timeout: 200ms}
            scrape_configs:
            - job_name: shop
              static_configs: [{targets: ["127.0.0.1:\(target)"]}]

            """)
        let arguments = [
            Self.path, "--config.file=\(configuration)", "--storage.tsdb.path=\(folder.path)/data",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
        ]
        guard let process = ChildProgram.spawn(arguments, output: .file(folder.path + "/log")) else { return nil }
        self.process = process
    }

    var url: String { "http://127.0.0.1:\(port)" }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        // Its database is a tree of folders.
        if let removal = ChildProgram.spawn(["rm", "-rf", folder.path + "/data"]) {
            waitpid(removal, &status, 0)
        }
    }
}
