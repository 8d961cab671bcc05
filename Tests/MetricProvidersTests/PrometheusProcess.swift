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
        port = Self.freePort()
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
        guard let process = Self.spawn(arguments, errorsTo: folder.path + "/log") else { return nil }
        self.process = process
    }

    var url: String { "http://127.0.0.1:\(port)" }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        // Its database is a tree of folders.
        if let removal = Self.spawn(["/bin/rm", "-rf", folder.path + "/data"], errorsTo: "/dev/null") {
            waitpid(removal, &status, 0)
        }
    }

    private static func spawn(_ arguments: [String], errorsTo log: String) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        return posix_spawn(&process, arguments[0], &actions, nil, pointers, environ) == 0 ? process : nil
    }

    private static func freePort() -> Int {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(listener, pointer, length)
                _ = getsockname(listener, pointer, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
