import Glibc

/// A text that a test expects, kept in a file beside it.
///
/// With `SLUICE_UPDATE_GOLDEN=1` the files are written anew: read the difference, and commit it with its cause.
package enum Golden {
    /// The text of a golden file, after writing it anew where that is asked for.
    /// - Parameters:
    ///   - name: The file's name in the folder `Golden` beside the test's file.
    ///   - actual: What the code gives.
    /// - Returns: `nil` where there is no such file.
    package static func text(_ name: String, actual: String, beside test: String = #filePath) -> String? {
        let folder = test.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Golden"
        let path = "\(folder)/\(name)"
        if getenv("SLUICE_UPDATE_GOLDEN").map({ String(cString: $0) }) == "1" {
            mkdir(folder, 0o755)
            if let file = fopen(path, "w") {
                fputs(actual, file)
                fclose(file)
            }
        }
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
