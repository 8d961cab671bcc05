import Manifest
import SluiceTestKit
import SyncEngine
import Testing

@Suite("Sync simulation") struct SyncSimulationTests {
    private static func commits(seed: UInt64) -> [SyncWorld.Commit] {
        var random = SeededGenerator(seed: seed)
        return (1...Int.random(in: 2...5, using: &random)).map { version in
            // The first version has nothing to go back to.
            let isGood = version == 1 || Bool.random(using: &random)
            return SyncWorld.Commit(sha: sha("\(version)a\(isGood ? "a" : "b")"), version: version, isGood: isGood)
        }
    }

    private static func run(seed: UInt64, crashes: Int, patience: Int) throws -> SyncWorld {
        let all = commits(seed: seed)
        var world = SyncWorld(seed: seed &+ UInt64(crashes), crashes: crashes, commits: [all[0]])
        for index in all.indices {
            if index > 0 { world.commits.append(all[index]) }
            // Some commits arrive while the one before is still on its way.
            let rest = index == 0 || index == all.count - 1 || seed % 2 == 0 ? patience : 6
            for _ in 0..<rest {
                guard world.tick() else { break }
            }
        }
        return world
    }

    @Test("crashes between any two writes lead to the same end, and never to a rejected commit or a pruned mount")
    func sameEnd() throws {
        for seed in UInt64(0)..<12 {
            let calm = try Self.run(seed: seed, crashes: 0, patience: 400)
            #expect(calm.violations.isEmpty, "seed \(seed): \(calm.violations.prefix(3))")
            let last = try #require(calm.commits.last)
            let released = calm.releases.last { $0.status.phase == .released }
            let expected =
                last.isGood ? last.version : calm.commits.first { $0.sha == released?.spec.revision }?.version
            let version = try #require(expected)
            #expect(
                calm.end == [
                    "shared", "web", "web-config-v\(version)", "version \(version)",
                    "\(last.sha.prefix(6)) \(last.isGood ? "Released" : "Rejected")",
                ], "seed \(seed)")
            let stormy = try Self.run(seed: seed, crashes: 25, patience: 2_000)
            #expect(stormy.violations.isEmpty, "seed \(seed): \(stormy.violations.prefix(3))")
            let good = Self.commits(seed: seed).filter(\.isGood).count
            // Where commits overtake each other, which of them was released in between may differ.
            if seed % 2 == 0 || last.isGood || good == 1 {
                #expect(stormy.end == calm.end, "seed \(seed) with crashes")
            }
            #expect(stormy.releases.count <= 5)
        }
    }
}
