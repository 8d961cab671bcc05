import Manifest

/// Keeps a receiver that hangs from holding up the deliveries to all others.
///
/// Each service has a few places; one that let a delivery time out is left alone for a while.
final class DeliveryGate: Sendable {
    enum Admission: Hashable, Sendable {
        /// Deliver now, and ``leave(_:isTimeout:)`` afterwards.
        case enter
        /// Look again after this long.
        case wait(Duration)
    }

    private struct Place {
        var inFlight = 0
        var closedUntil: ContinuousClock.Instant?
    }

    static let perService = 4
    static let maxInFlight = 64
    private let pause: Duration
    private let places = Lock<[String: Place]>([:])

    init(pause: Duration = .seconds(30)) { self.pause = pause }

    func enter(_ service: String) -> Admission {
        let now = ContinuousClock.now
        return places.withLock { places in
            var place = places[service] ?? Place()
            if let until = place.closedUntil, until > now { return .wait(until - now) }
            place.closedUntil = nil
            let all = places.values.reduce(0) { $0 + $1.inFlight }
            guard place.inFlight < DeliveryGate.perService, all < DeliveryGate.maxInFlight else {
                return .wait(.seconds(1))
            }
            place.inFlight += 1
            places[service] = place
            return .enter
        }
    }

    func leave(_ service: String, isTimeout: Bool) {
        let now = ContinuousClock.now
        places.withLock { places in
            guard var place = places[service] else { return }
            place.inFlight = max(0, place.inFlight - 1)
            if isTimeout { place.closedUntil = now + pause }
            places[service] = place.inFlight == 0 && place.closedUntil == nil ? nil : place
        }
    }
}
