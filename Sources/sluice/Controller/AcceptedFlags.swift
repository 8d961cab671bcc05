import ArgumentParser

/// Flags of Argo Rollouts' controller that change nothing here, so that its command line can be kept as it is.
///
/// Services and Ingresses have no workers of their own.
struct AcceptedFlags: ParsableArguments {
    @Option(help: .hidden) var serviceThreads: Int?
    @Option(help: .hidden) var ingressThreads: Int?
    @Option(help: .hidden) var experimentThreads: Int?
    @Option(help: .hidden) var ephemeralMetadataThreads: Int?
    @Option(help: .hidden) var ephemeralMetadataUpdatePodRetries: Int?
    @Option(help: .hidden) var kloglevel: Int?
    @Option(help: .hidden) var nginxIngressClasses: [String] = []
    @Option(help: .hidden) var albIngressClasses: [String] = []
}
