import Glibc

/// Reads a file of at most `limit` bytes.
func readFile(_ path: String, limit: Int) throws(ConfigurationError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw ConfigurationError(opening: path, errno) }
    defer { close(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count < 0 {
            if errno == EINTR { continue }
            throw ConfigurationError("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        if count == 0 { return result }
        result += buffer[..<count]
        guard result.count <= limit else { throw ConfigurationError("cannot read \(path): longer than \(limit) bytes") }
    }
}

/// The text of bytes, without white space around it.
func trimmed(_ bytes: [UInt8]) -> String {
    let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    let start = bytes.drop(while: isSpace)
    let end = start.lastIndex { !isSpace($0) } ?? start.startIndex - 1
    return String(decoding: start[start.startIndex..<max(start.startIndex, end + 1)], as: UTF8.self)
}

/// A variable of the process' environment.
package func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
