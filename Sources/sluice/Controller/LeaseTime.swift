import ArgumentParser
import Manifest

/// A length of time about a Lease: whole seconds, or as Argo Rollouts' controller takes them, such as `15s`.
struct LeaseTime: ExpressibleByArgument {
    var duration: Duration

    static func seconds(_ count: Int) -> LeaseTime { LeaseTime(duration: .seconds(count)) }

    private init(duration: Duration) { self.duration = duration }

    /// `nil` for what is no length of time, or none above zero.
    init?(argument: String) {
        let duration = Int32(argument).map { Duration.seconds($0) } ?? Duration(go: argument)
        guard let duration, duration > .zero else { return nil }
        self.init(duration: duration)
    }

    var defaultValueDescription: String { "\(duration.components.seconds)s" }
}
