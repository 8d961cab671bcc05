package import Rendering
import SyncEngine

extension GitTree: FileTree {
    package func entry(at path: String, maxBytes: Int) throws(RenderError) -> FileTreeEntry? {
        do throws(SourceError) {
            guard let entry = try entry(at: path) else { return nil }
            switch entry.kind {
            case .folder:
                return FileTreeEntry(.directory(try entries(of: path)?.map(\.name) ?? []), identity: entry.id)
            case .file, .executable:
                return try bytes(at: path, limit: maxBytes).map { FileTreeEntry(.file($0), identity: entry.id) }
            case .symlink:
                // A target longer than any path is none; it is refused like a target that leaves the repository.
                let target = try bytes(at: path, limit: 4096) ?? []
                return FileTreeEntry(.symlink(String(decoding: target, as: UTF8.self)), identity: entry.id)
            case .submodule:
                // Its files are in another repository, which is not fetched: an empty folder, as in a plain clone.
                return FileTreeEntry(.directory([]), identity: entry.id)
            }
        } catch {
            throw renderError(error, path)
        }
    }

    package func identity(at path: String) throws(RenderError) -> String? {
        do throws(SourceError) {
            return try entry(at: path)?.id
        } catch {
            throw renderError(error, path)
        }
    }

    private func renderError(_ error: SourceError, _ path: String) -> RenderError {
        let code: RenderError.Code =
            switch error.code {
            case .tooLarge: .tooLarge
            case .invalidSource: .outsideRoot
            default: .unreadable
            }
        return RenderError(code, path: path, reason: error.why)
    }
}
