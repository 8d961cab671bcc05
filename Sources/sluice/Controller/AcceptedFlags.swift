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
    /// Ingresses are found by name, in the version that every server since 1.19 has.
    @Option(help: .hidden) var ingressApiVersion: String?
    @Option(help: .hidden) var albTagKeyResourceId: String?
    @Option(help: .hidden) var awsTargetGroupBindingApiVersion: String?
    @Option(help: .hidden) var enablePprofAddress: String?
    /// Refused where it is on: see `ControllerCommand.validate`.
    @Flag(name: [.customLong("aws-verify-target-group"), .customLong("alb-verify-weight")], help: .hidden)
    var awsVerifyTargetGroup = false
}
