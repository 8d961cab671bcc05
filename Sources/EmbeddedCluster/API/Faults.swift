package import Kubernetes
import Manifest

/// Faults that a test orders: which call of which kind fails, and how.
package final class FaultPlan: Sendable {
    package enum Verb: String, Hashable, Sendable { case get, list, watch, create, update, patch, delete }

    package enum Effect: Sendable {
        /// The call fails and changes nothing.
        case fail(KubernetesError)
        /// The call takes effect, and its answer is lost.
        case loseAnswer
        /// A get or list shows the cluster as it was this many changes of the collection ago.
        case stale(changes: Int)
        /// The watch ends at its next event, without an error.
        case dropWatch
        case delay(Duration)
    }

    package struct Fault: Sendable {
        package var verbs: Set<Verb>
        /// `deployments.apps`; `nil` is every kind.
        package var resource: String?
        package var name: String?
        package var subresource: String?
        /// Matching calls that pass before.
        package var skipping: Int
        /// Matching calls that are hit then.
        package var times: Int
        package var effect: Effect

        package init(
            _ effect: Effect, on verbs: Set<Verb>, resource: String? = nil, name: String? = nil,
            subresource: String? = nil, skipping: Int = 0, times: Int = 1
        ) {
            self.effect = effect
            self.verbs = verbs
            self.resource = resource
            self.name = name
            self.subresource = subresource
            self.skipping = skipping
            self.times = times
        }
    }

    private let faults = Lock<[Fault]>([])

    package init() {}

    package func add(_ fault: Fault) { faults.withLock { $0.append(fault) } }
    package func clear() { faults.withLock { $0 = [] } }

    /// The fault that hits this call, counted down.
    /// - Parameter isEvent: Asked before an event of a running watch; only `dropWatch` hits there, and nothing else does.
    func next(
        _ verb: Verb, _ kind: KindDefinition, name: String = "", subresource: String? = nil, isEvent: Bool = false
    ) -> Effect? {
        faults.withLock { faults in
            for index in faults.indices {
                let fault = faults[index]
                var endsWatch = false
                if case .dropWatch = fault.effect { endsWatch = true }
                guard endsWatch == isEvent, fault.verbs.contains(verb),
                    fault.resource == nil || fault.resource == kind.name,
                    fault.name == nil || fault.name == name,
                    fault.subresource == nil || fault.subresource == subresource
                else { continue }
                if fault.skipping > 0 {
                    faults[index].skipping -= 1
                    continue
                }
                faults[index].times -= 1
                if faults[index].times <= 0 { faults.remove(at: index) }
                return fault.effect
            }
            return nil
        }
    }
}

extension KubernetesError {
    /// No answer came: the call may have taken effect.
    package static let lostAnswer = KubernetesError(
        code: 0, reason: "Unreachable", message: "the connection was closed before an answer came")
}
