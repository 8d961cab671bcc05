import Glibc

/// A folder that is gone when its owner is.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Makes `$TMPDIR/<prefix>-XXXXXX`.
    package init(_ prefix: String) throws {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(what: "make a folder in \(root)", code: errno) }
        path = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? root
        }
    }

    deinit { remove() }

    /// Removes it now; for a process that ends without unwinding.
    package func remove() { removeTree(path) }

    /// Writes a file below the folder, making the folders on the way.
    package func write(_ text: String, to name: String) throws {
        try writeFile(text, to: "\(path)/\(name)")
    }
}

/// A file operation that the system refused.
package struct FileError: Error, CustomStringConvertible {
    package var what: String
    package var code: Int32
    package var description: String { "cannot \(what): \(String(cString: strerror(code)))" }
}

/// Writes a file, making the folders on the way.
package func writeFile(_ text: String, to path: String) throws {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
        folder += "/\(part)"
        if mkdir(folder, 0o755) != 0, errno != EEXIST { throw FileError(what: "make \(folder)", code: errno) }
    }
    guard let file = fopen(path, "w") else { throw FileError(what: "write \(path)", code: errno) }
    defer { fclose(file) }
    guard fputs(text, file) >= 0 else { throw FileError(what: "write \(path)", code: errno) }
}

private func removeTree(_ path: String) {
    guard let folder = opendir(path) else {
        unlink(path)
        return
    }
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        let child = "\(path)/\(name)"
        if entry.pointee.d_type == UInt8(DT_DIR) { removeTree(child) } else { unlink(child) }
    }
    closedir(folder)
    rmdir(path)
}
