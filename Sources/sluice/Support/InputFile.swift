import Glibc
import Manifest

/// A file that a person names, or standard input.
enum InputFile {
    private static let limit = 32 << 20

    /// - Parameter path: `-` is standard input.
    static func read(_ path: String) throws -> [UInt8] {
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
            guard bytes.count <= limit else { throw CommandError("cannot read \(path): it has more than 32 MiB") }
        }
    }

    /// The objects of a YAML or JSON file, those of lists included.
    static func objects(_ path: String) throws -> [JSON] {
        try YAML.parse(try read(path)).flatMap { document in
            document["kind"]?.stringValue?.hasSuffix("List") == true ? document["items"]?.arrayValue ?? [] : [document]
        }
    }
}
