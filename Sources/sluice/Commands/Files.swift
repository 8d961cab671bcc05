import Controllers
import Glibc
import Manifest

/// Files that commands write.
enum OutputFile {
    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw CommandError("cannot write \(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandError("cannot write \(path): \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }
}

/// Programs that commands run.
enum ExternalProgram {
    /// Runs a program of the path and waits for it; `false` where it is missing or fails.
    static func run(_ program: String, _ arguments: [String]) throws -> Bool {
        var id = pid_t()
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        guard posix_spawnp(&id, program, nil, nil, words, environ) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }
}
