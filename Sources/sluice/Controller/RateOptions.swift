import ArgumentParser
import Kubernetes

/// How fast the controller may send requests to the API server.
///
/// Without a rate only the number of requests in flight is bounded: a rate of tens a second is what makes fleets slow.
struct RateOptions: ParsableArguments {
    /// What Argo Rollouts' controller has without flags.
    private static let upstream = RequestRate(perSecond: 40, burst: 80)

    @Option(
        help: """
            Requests a second to the API server, Leases and watches aside; without it and --burst, or with 0, only the \
            number in flight is bounded.
            """)
    var qps: Double?
    @Option(help: "Requests that may be sent at once after a rest; turns on --qps 40, as --qps turns on --burst 80.")
    var burst: Int?

    func validate() throws {
        if let qps, qps != 0, !(0.001...100_000).contains(qps) {
            throw ValidationError("--qps is \(qps); use 0 or a number from 0.001 to 100000")
        }
        if let burst, !(1...1_000_000).contains(burst) {
            throw ValidationError("--burst is \(burst); use a number from 1 to 1000000")
        }
    }

    /// What the flags ask for; where one is given alone, the other is as upstream has it.
    var rate: RequestRate? {
        guard qps != nil || burst != nil else { return nil }
        let perSecond = qps ?? Self.upstream.perSecond
        return perSecond > 0 ? RequestRate(perSecond: perSecond, burst: burst ?? Self.upstream.burst) : nil
    }
}
