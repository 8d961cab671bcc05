import Glibc
import Rendering

/// A folder of this machine as a source; no symlink is followed, so nothing outside of it is read.
struct DiskFileTree: FileTree {
    /// An absolute path.
    let root: String

    func entry(at path: String, maxBytes: Int) throws(RenderError) -> FileTreeEntry? {
        var folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw RenderError(.unreadable, path: root, reason: Self.problem()) }
        defer { close(folder) }
        let names = path.split(separator: "/").map(String.init)
        for name in names.dropLast() {
            let next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { return nil }
            close(folder)
            folder = next
        }
        guard let name = names.last else { return FileTreeEntry(.directory(try list(folder, path))) }
        var info = stat()
        guard fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw RenderError(.unreadable, path: path, reason: Self.problem())
        }
        switch info.st_mode & S_IFMT {
        case S_IFDIR:
            let inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard inner >= 0 else { throw RenderError(.unreadable, path: path, reason: Self.problem()) }
            defer { close(inner) }
            return FileTreeEntry(.directory(try list(inner, path)))
        case S_IFLNK:
            var target = [CChar](repeating: 0, count: 4_096)
            let count = readlinkat(folder, name, &target, target.count)
            guard count >= 0 else { throw RenderError(.unreadable, path: path, reason: Self.problem()) }
            return FileTreeEntry(
                .symlink(String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)))
        case S_IFREG: return FileTreeEntry(.file(try read(folder, name, path, maxBytes)))
        default: return nil
        }
    }

    private func read(_ folder: Int32, _ name: String, _ path: String, _ maxBytes: Int) throws(RenderError) -> [UInt8] {
        let file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw RenderError(.unreadable, path: path, reason: Self.problem()) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw RenderError(.unreadable, path: path, reason: Self.problem())
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maxBytes else {
                throw RenderError(.tooLarge, path: path, reason: "more than \(maxBytes) bytes; leave the file out")
            }
        }
    }

    private func list(_ folder: Int32, _ path: String) throws(RenderError) -> [String] {
        let copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            throw RenderError(.unreadable, path: path, reason: Self.problem())
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", name != ".git" { names.append(name) }
        }
        return names
    }

    private static func problem() -> String { String(cString: strerror(errno)) }
}
