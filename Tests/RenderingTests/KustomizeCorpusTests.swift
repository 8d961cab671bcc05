import Manifest
import Rendering
import SluiceTestKit
import Testing

/// Every folder of `Cases` is a source; `overlay` in it, or the folder itself, is rendered.
@Suite("Kustomize corpus") struct KustomizeCorpusTests {
    static let cases = CaseFolder.all()

    @Test("renders byte for byte as kubectl kustomize did", arguments: cases)
    func golden(_ folder: CaseFolder) throws {
        let result = try render(RenderRequest(path: folder.target), in: folder.tree)
        #expect(result.yaml == folder.expected)
        #expect(!result.objects.isEmpty)
    }

    @Test("renders twice the same, and knows what it has read", arguments: cases)
    func repeated(_ folder: CaseFolder) throws {
        let request = RenderRequest(path: folder.target)
        let first = try render(request, in: folder.tree)
        let second = try render(request, in: folder.tree)
        #expect(first.digest == second.digest)
        #expect(first.footprint == second.footprint)
        #expect(first.footprint.isCurrent(in: folder.tree))
    }

    @Test("agrees with the kubectl on the path", arguments: cases)
    func live(_ folder: CaseFolder) throws {
        guard let output = Kubectl.kustomize(folder.path(folder.target)) else {
            print(
                "comparison of \(folder) with kubectl kustomize: not run, there is no kubectl with Kustomize 5.5 on the path"
            )
            return
        }
        let result = try render(RenderRequest(path: folder.target), in: folder.tree)
        #expect(result.yaml == output)
    }
}
