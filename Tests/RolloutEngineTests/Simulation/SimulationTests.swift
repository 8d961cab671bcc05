import Glibc
import Testing

@Suite("Rollout simulation") struct SimulationTests {
    /// `SLUICE_SEED` replays one seed, `SLUICE_SIM_SEEDS` chooses how many are tried, and `SLUICE_SIM_FROM` the first one.
    static var seeds: Range<UInt64> {
        let number = { (name: String) in getenv(name).flatMap { UInt64(String(cString: $0)) } }
        if let seed = number("SLUICE_SEED") { return seed..<seed + 1 }
        let first = number("SLUICE_SIM_FROM") ?? 0
        return first..<first + (number("SLUICE_SIM_SEEDS") ?? 500)
    }

    @Test("bad luck never sends traffic to missing pods, never strands an abort, and never stands still without a name")
    func simulate() throws {
        var failures = 0
        for seed in Self.seeds where failures < 8 {
            var simulation = try Simulation(seed: seed)
            try simulation.run()
            if let failure = simulation.failure {
                Issue.record("seed \(seed): \(failure); replay with SLUICE_SEED=\(seed)")
                failures += 1
            }
        }
    }
}
