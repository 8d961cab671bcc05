/// Turns a directory of a source into objects.
///
/// Pure: equal trees and requests give equal results. Time grows with the input, which `request.limits` bounds.
/// - Throws: `RenderError`, which names the file and, where it is known, the line.
package func render(_ request: RenderRequest, in tree: some FileTree) throws(RenderError) -> RenderedManifests {
    guard let path = SourcePath.resolve(request.path, in: "") else {
        throw RenderError(
            .outsideRoot, path: request.path, reason: "the path leaves the source; use a path relative to its root")
    }
    let reader = SourceReader(tree, inputBytes: request.limits.inputBytes)
    guard let directory = try reader.directory(path) else {
        throw RenderError(.notFound, path: path, reason: "there is no such directory in the source")
    }
    switch request.tool {
    case .directory: return try DirectoryRenderer.render(directory, request, reader)
    case .kustomize: return try KustomizeBuild.render(directory, request, reader)
    case .detect:
        if try reader.file(SourcePath.join(directory, "Chart.yaml")) != nil {
            throw RenderError(
                .unsupported, path: SourcePath.join(directory, "Chart.yaml"),
                reason: "Helm charts are not supported yet; commit rendered manifests or a kustomization")
        }
        for name in KustomizeBuild.fileNames where try reader.file(SourcePath.join(directory, name)) != nil {
            return try KustomizeBuild.render(directory, request, reader)
        }
        return try DirectoryRenderer.render(directory, request, reader)
    }
}
