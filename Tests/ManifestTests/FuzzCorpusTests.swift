import FuzzTargets
import Glibc
import SluiceTestKit
import Testing

@Suite("Saved inputs of the fuzzer") struct FuzzCorpusTests {
    @Test("Every parser keeps its promises for the saved inputs, cut and changed", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        // The folder stands beside the package's sources, also where those are reached through a link.
        let tests = #filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.startIndex)
        let folder = "\(tests)/../../Fuzz/Corpus/\(target.rawValue)"
        let names = try #require(files(in: folder), "no folder \(folder)")
        #expect(!names.isEmpty)
        var generator = SeededGenerator(seed: 7)
        for name in names.sorted() {
            let bytes = try #require(contents(of: "\(folder)/\(name)"))
            target.run(bytes)
            for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
                target.run(Array(bytes[..<end]))
            }
            for _ in 0..<100 where !bytes.isEmpty {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
                        in: 0...127, using: &generator)
                }
                target.run(changed)
            }
        }
    }

    private func files(in folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}
