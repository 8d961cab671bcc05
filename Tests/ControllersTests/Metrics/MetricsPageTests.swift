import Controllers
import Glibc
import Testing

@Suite("Metrics reference") struct MetricsPageTests {
    @Test("names every metric that the controller declares") func names() throws {
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
        let page = try #require(Self.text(of: "\(root)/docs/reference/metrics.md"))
        let declared = MetricsRegistry.standard(version: "1").text().split(separator: "\n").compactMap { line in
            line.hasPrefix("# HELP ") ? line.split(separator: " ").dropFirst(2).first : nil
        }
        #expect(!declared.isEmpty)
        for name in declared { #expect(page.contains("`\(name)`"), "docs/reference/metrics.md lacks \(name)") }
    }

    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
