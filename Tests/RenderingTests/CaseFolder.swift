import Glibc
import Rendering
import SluiceTestKit
import Testing

/// A source beside these tests, with the output that it must have.
struct CaseFolder: Sendable, CustomTestStringConvertible {
    let name: String
    let tree: InMemoryFileTree
    let expected: String
    /// The directory to render.
    let target: String

    var testDescription: String { name }

    private static let root = String(#filePath.prefix(#filePath.count - "CaseFolder.swift".count)) + "Cases"

    func path(_ target: String) -> String {
        "\(Self.root)/\(name)" + (target.isEmpty ? "" : "/\(target)")
    }

    static func all() -> [CaseFolder] {
        names(root).sorted().map { name in
            var files: [String: [UInt8]] = [:]
            read("\(root)/\(name)", prefix: "", into: &files)
            let expected = String(decoding: files.removeValue(forKey: "expected.yaml") ?? [], as: UTF8.self)
            let hasOverlay = files.keys.contains { $0.hasPrefix("overlay/") }
            return CaseFolder(
                name: name, tree: InMemoryFileTree(bytes: files), expected: expected,
                target: hasOverlay ? "overlay" : "")
        }
    }

    private static func read(_ directory: String, prefix: String, into files: inout [String: [UInt8]]) {
        for name in names(directory) {
            let path = "\(directory)/\(name)"
            if let bytes = contents(path) {
                files[prefix + name] = bytes
            } else {
                read(path, prefix: prefix + name + "/", into: &files)
            }
        }
    }

    private static func names(_ directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The bytes of a file; `nil` for a directory.
    private static func contents(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return ferror(file) == 0 ? bytes : nil
    }
}

/// The reference implementation, where this machine has it.
enum Kubectl {
    private static let isPresent = output("kubectl version --client 2>/dev/null").contains("Kustomize Version: v5.5")

    /// What `kubectl kustomize` prints for a directory; `nil` without kubectl.
    static func kustomize(_ path: String) -> String? {
        guard isPresent else { return nil }
        return output("kubectl kustomize '\(path)' 2>/dev/null")
    }

    private static func output(_ command: String) -> String {
        let bytes = ChildProgram.run(["sh", "-c", command])?.bytes ?? []
        return String(decoding: bytes, as: UTF8.self)
    }
}
