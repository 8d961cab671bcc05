import ArgumentParser
import Controllers
import Glibc

struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Check the Rollouts of a file without a cluster.",
        discussion: "Prints every problem; ends with exit code 1 if there is any.")

    @Option(
        name: [.customShort("f"), .customLong("filename")], help: "A file; - reads standard input. May be repeated.")
    var option: [String] = []

    @Argument(help: "Files; - reads standard input.")
    var files: [String] = []

    func validate() throws {
        guard !(option + files).isEmpty else { throw ValidationError("name a file, or - for standard input") }
    }

    func run() async throws {
        try await reporting {
            var count = 0
            for file in option + files {
                let report = LintReport(try Self.read(file), file: file == "-" ? "standard input" : file)
                count += report.problems.count
                for problem in report.problems { Terminal.write(problem + "\n") }
                if report.problems.isEmpty, report.rollouts == 0 { Terminal.complain("\(file): no Rollout in it") }
            }
            if count > 0 { throw ExitCode(1) }
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let file = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CommandError("cannot read \(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandError("cannot read \(path): \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= 32 << 20 else { throw CommandError("cannot read \(path): it has more than 32 MiB") }
        }
    }
}
