import Glibc

/// A folder of a test, removed with its files at the end.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() {
        var template = Array("/tmp/sluice-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    /// Writes a file at once and gives its path.
    @discardableResult
    package func write(_ name: String, _ text: String) -> String {
        let target = "\(path)/\(name)"
        // Renamed into place, so that a reader sees the old file or the new one.
        if let file = fopen(target + ".new", "w") {
            fputs(text, file)
            fclose(file)
            rename(target + ".new", target)
        }
        return target
    }

    deinit {
        guard path != "/tmp", let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(path)/\(name)")
        }
        closedir(folder)
        rmdir(path)
    }
}
