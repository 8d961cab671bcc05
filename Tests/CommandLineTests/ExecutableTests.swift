import EmbeddedCluster
import Glibc
import Testing

/// The built program itself, called through symbolic links.
@Suite("The executable") struct ExecutableTests {
    private static let binary =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        + "/.build/debug/sluice"

    @Test(
        "takes its exit codes from the name it is called by",
        arguments: [
            ("sluice", "exited with 64"), ("kubectl-sluice", "exited with 64"),
            ("kubectl-argo-rollouts", "exited with 1"),
        ])
    func name(_ name: String, expected: String) async throws {
        let folder = try TemporaryFolder("sluice-name")
        let link = "\(folder.path)/\(name)"
        try #require(symlink(Self.binary, link) == 0)
        let process = ChildProcess(link, ["abort"])
        #expect(try await process.run() == expected)
        #expect(process.output.contains("Usage: \(name) abort"))
    }
}
