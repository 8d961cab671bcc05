package import Logging
package import Manifest
import Transport

/// Writes Events in the background.
///
/// Recording never waits and never fails; when too many wait to be written, new ones are dropped and counted.
package final class EventRecorder: Sendable {
    private static let pendingLimit = 2_000
    private static let tries = 12
    /// Objects whose Events are written at the same time; those of one object stay in order.
    private static let laneCount = 8

    /// What waits is as small as it was told; what the API server gets is made when its turn comes.
    private struct Job: Sendable {
        var event: ObjectEvent
        var time: Timestamp
    }

    private struct State {
        var correlator: EventCorrelator
        var pending = 0
        var dropped = 0
        var crowd = EventCrowd()
        var isRunning = false

        mutating func begin(_ object: ObjectKey) {
            pending += 1
            crowd.begin(object)
        }

        mutating func finish(_ object: ObjectKey) {
            pending -= 1
            crowd.finish(object)
        }
    }

    private let api: any KubernetesAPI
    private let clock: any WallClock
    private let logger: Logger
    private let retryDelay: Duration
    private let lanes: [(stream: AsyncStream<Job>, continuation: AsyncStream<Job>.Continuation)]
    private let state: Lock<State>

    /// - Parameter component: `source.component` of the Events: `rollouts-controller`.
    package init(
        _ api: any KubernetesAPI, component: String, clock: any WallClock = SystemClock(), logger: Logger = .silent,
        retryDelay: Duration = .seconds(10)
    ) {
        self.api = api
        self.clock = clock
        self.logger = logger
        self.retryDelay = retryDelay
        state = Lock(State(correlator: EventCorrelator(component: component)))
        lanes = (0..<Self.laneCount).map { _ in AsyncStream.makeStream() }
    }

    /// Notes an event; it is written soon.
    ///
    /// URLs in the message lose their credentials.
    /// - Parameter isImplied: Others of the same moment tell as much; it is left out while those of many objects wait.
    package func record(_ event: ObjectEvent, isImplied: Bool = false) {
        var event = event
        event.message = withoutCredentials(event.message)
        let object = event.regarding.key
        let isAccepted = state.withLock { state in
            guard state.pending < Self.pendingLimit, !isImplied || !state.crowd.isCrowded else {
                state.dropped += 1
                return false
            }
            state.begin(object)
            return true
        }
        guard isAccepted else { return }
        let lane = Int(UInt(bitPattern: object.hashValue) % UInt(lanes.count))
        lanes[lane].continuation.yield(Job(event: event, time: clock.now()))
    }

    package func record(
        _ level: ObjectEvent.Level = .normal, _ reason: String, _ message: String, regarding: ObjectEvent.Target,
        isImplied: Bool = false
    ) {
        record(ObjectEvent(level, reason, message, regarding: regarding), isImplied: isImplied)
    }

    /// Events that were dropped because too many waited.
    package var dropped: Int { state.withLock { $0.dropped } }

    /// Writes events until the calling task is cancelled; to be called once.
    package func run() async {
        state.withLock { $0.isRunning = true }
        defer { state.withLock { $0.isRunning = false } }
        await withDiscardingTaskGroup { group in
            for lane in lanes {
                group.addTask { [self] in
                    for await job in lane.stream {
                        let action = state.withLock { $0.correlator.correlate(job.event, now: job.time) }
                        if let action { await send(action) }
                        state.withLock { $0.finish(job.event.regarding.key) }
                    }
                }
            }
        }
    }

    /// Waits until the Events of an object are written, for a moment at most: who sees what is written next looks for them.
    ///
    /// In a burst it does not wait, for then nobody looks at one object alone.
    package func settle(_ object: ObjectKey, within limit: Duration = .milliseconds(250)) async {
        let end = ContinuousClock.now + limit
        while state.withLock({ $0.isRunning && $0.crowd.isQuiet && $0.crowd.isWaiting(object) }),
            ContinuousClock.now < end, !Task.isCancelled
        {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits until what was recorded is written, at most for `limit`.
    package func drain(for limit: Duration) async {
        let end = ContinuousClock.now + limit
        while state.withLock({ $0.pending > 0 }), ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func send(_ action: EventCorrelator.Action) async {
        for attempt in 1...Self.tries where !Task.isCancelled {
            do {
                switch action {
                case .create(let event): try await create(event)
                case .repeated(let key, let patch, let event):
                    do {
                        _ = try await api.patch(.events, key, .merge, patch, subresource: nil, WriteOptions())
                    } catch  where error.isNotFound {
                        try await create(event)
                    }
                }
                return
            } catch {
                // Refused for good: the namespace is going, or we may not write Events.
                let isFinal = (400..<500).contains(error.code) && error.code != 429
                if isFinal || attempt == Self.tries {
                    logger.debug("event not written", metadata: ["error": "\(error)"])
                    return
                }
                try? await Task.sleep(for: error.retryAfter ?? retryDelay)
            }
        }
    }

    private func create(_ event: JSON) async throws(KubernetesError) {
        _ = try await api.create(
            .events, namespace: event.objectKey.namespace, event, subresource: nil, WriteOptions())
    }
}
