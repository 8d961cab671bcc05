package import Transport

/// Delivers to the services, each in its own way.
package struct ServiceCourier: Courier {
    private let client: HTTPClient
    private let timeout: Duration
    private let service: @Sendable (Delivery) -> NotificationService?
    private let threads = MessageThreads()

    /// - Parameters:
    ///   - timeout: For each exchange with a receiver.
    ///   - service: The settings as they are now; asked for each delivery, so that a rotated Secret counts.
    package init(
        client: HTTPClient, timeout: Duration = .seconds(15),
        service: @escaping @Sendable (Delivery) -> NotificationService?
    ) {
        self.client = client
        self.timeout = timeout
        self.service = service
    }

    package func deliver(_ delivery: Delivery) async throws(DeliveryError) {
        guard let service = service(delivery) else {
            throw DeliveryError(service: delivery.service, why: "it is not configured any more", isRetriable: false)
        }
        let line = ServiceLine(
            client: client, timeout: timeout, service: delivery.service, deliveryID: delivery.id, threads: threads)
        try await service.sender.send(delivery, line)
    }
}
