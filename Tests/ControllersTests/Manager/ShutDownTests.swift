import Controllers
import EmbeddedCluster
import Kubernetes
import Logging
import Manifest
import Notifications
import SluiceTestKit
import Testing

@Suite("How the process ends") struct ShutDownTests {
    static let lease = ObjectKey(namespace: "sluice-system", name: "sluice")

    static func api() async throws -> CountingAPI {
        let api = CountingAPI(InMemoryKubernetes(ClusterAPI(clock: ManualWallClock())))
        let namespaces = Resource(
            group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
        for name in ["sluice-system", "argo-rollouts"] {
            _ = try await api.create(
                namespaces, namespace: "",
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]], subresource: nil,
                WriteOptions())
        }
        return api
    }

    static func manager(_ api: CountingAPI, _ controllers: [ManagedController], as identity: String)
        -> ControllerManager
    {
        ControllerManager(
            api, options: ControllerOptions(), controllers: controllers,
            recorder: EventRecorder(api, component: "test", logger: .silent), identity: identity, logger: .silent)
    }

    @Test("one that stands by ends when it is told to", .timeLimit(.minutes(1)))
    func standby() async throws {
        let api = try await Self.api()
        let leader = Task { await Self.manager(api, [Self.busy], as: "a").run() }
        try await eventually("the Lease is there") {
            try await api.get(.leases, Self.lease, subresource: nil) != nil
        }
        let standby = Self.manager(api, [Self.busy], as: "b")
        let run = Task { await standby.run() }
        standby.shutDown()
        #expect(await run.value)
        leader.cancel()
        _ = await leader.value
    }

    @Test(
        "while the first Lease is another's the second is observed, so that both run out together",
        .timeLimit(.minutes(1)))
    func observation() async throws {
        let api = try await Self.api()
        let lease: JSON = [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": ["name": .string(Self.lease.name), "namespace": .string(Self.lease.namespace)],
            "spec": ["holderIdentity": "gone", "leaseDurationSeconds": 3_600],
        ]
        _ = try await api.create(
            .leases, namespace: Self.lease.namespace, lease, subresource: nil, WriteOptions())
        let manager = Self.manager(api, [Self.busy], as: "b")
        let run = Task { await manager.run() }
        let second = ObjectKey(namespace: "argo-rollouts", name: "argo-rollouts-controller-lock")
        try await eventually("the second Lease is read") { api.got.contains(second) }
        #expect(!manager.isLeading && manager.leader == "gone")
        manager.shutDown()
        #expect(await run.value)
    }

    @Test("one that leads finishes what is in hand and gives its Lease back", .timeLimit(.minutes(1)))
    func leading() async throws {
        let api = try await Self.api()
        let queue = Workqueue<ObjectKey>("Test")
        let (began, begin) = AsyncStream<Void>.makeStream()
        let (going, go) = AsyncStream<Void>.makeStream()
        let finished = Lock(false)
        let controller = ManagedController.over(
            queue, workers: 1, caches: [], resync: nil, everything: { [] },
            metrics: .standard(version: "test"), logger: .silent
        ) { _ in
            begin.finish()
            for await _ in going {}
            finished.withLock { $0 = !Task.isCancelled }
            return nil
        }
        let manager = Self.manager(api, [controller], as: "a")
        let run = Task { await manager.run() }
        queue.add(ObjectKey(namespace: "shop", name: "web"))
        for await _ in began {}
        #expect(manager.isLeading)
        manager.shutDown()
        go.finish()
        #expect(await run.value)
        #expect(finished.withLock { $0 })
        let lease = try await api.get(.leases, Self.lease, subresource: nil)
        let holder = lease?.at("spec", "holderIdentity")?.stringValue ?? ""
        #expect(holder.isEmpty)
    }

    @Test("an object that is there is tried again when something it needs is not found", .timeLimit(.minutes(1)))
    func missing() async throws {
        let queue = Workqueue<ObjectKey>("Test")
        let tries = Lock(0)
        let controller = ManagedController.over(
            queue, workers: 1, caches: [], resync: nil, isKnown: { _ in true }, everything: { [] },
            metrics: .standard(version: "test"), logger: .silent
        ) { _ in
            let count = tries.withLock { tries in
                tries += 1
                return tries
            }
            if count < 3 { throw KubernetesError(code: 404, reason: "NotFound", message: "no such kind") }
            queue.shutDown()
            return nil
        }
        queue.add(ObjectKey(namespace: "shop", name: "web"))
        await controller.work()
        #expect(tries.withLock { $0 } == 3)
    }

    @Test("notifications end with the rest", .timeLimit(.minutes(1)))
    func notifications() async throws {
        let api = try await Self.api()
        let notifications = NotificationController(
            api: api, rollouts: Informer(api, .rollouts),
            settings: NotificationSettings(api, namespace: "n", logger: .silent),
            courier: NoCourier(), logger: .silent)
        let run = Task { await notifications.run() }
        notifications.shutDown()
        await run.value
    }

    private struct NoCourier: Courier {
        func deliver(_ delivery: Delivery) async throws(DeliveryError) {}
    }

    static var busy: ManagedController {
        let (waiting, wait) = AsyncStream<Void>.makeStream()
        return ManagedController(name: "Busy", work: { for await _ in waiting {} }, shutDown: { wait.finish() })
    }
}
