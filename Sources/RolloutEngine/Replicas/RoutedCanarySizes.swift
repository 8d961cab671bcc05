/// Sizes of a canary behind a traffic router: surge and unavailability play no part.
package struct RoutedCanarySizes: Hashable, Sendable {
    /// What sizes the canary: a weight, or a fixed count from `setCanaryScale.replicas`.
    package enum Target: Hashable, Sendable {
        case weight(Int)
        case count(Int)
    }

    /// Pods for a weight, rounded up: one percent of three pods is one pod.
    package static func pods(weight: Int, replicas: Int, maxWeight: Int) -> Int {
        let product = Int128(max(0, weight)) * Int128(replicas)
        return Int(clamping: (product + Int128(maxWeight) - 1) / Int128(maxWeight))
    }

    package var replicas: Int
    package var maxWeight: Int
    package var minPods: Int?
    /// `dynamicStableScale`: stable shrinks with its traffic.
    package var isDynamic: Bool

    package init(replicas: Int, maxWeight: Int = 100, minPods: Int? = nil, isDynamic: Bool = false) {
        self.replicas = replicas
        self.maxWeight = maxWeight
        self.minPods = minPods
        self.isDynamic = isDynamic
    }

    /// - Parameters:
    ///   - stableTarget: The canary's weight that stable makes room for; `nil` keeps stable at full size.
    ///   - recordedStable: Weight of stable that routers still carry, where they carry one.
    ///   - recordedCanary: Weight of the canary that routers still carry: pods leave after their traffic.
    package func sizes(
        _ target: Target, stableTarget: Int?, recordedStable: Int?, recordedCanary: Int? = nil
    ) -> CanarySizes {
        var size: Int
        switch target {
        case .count(let count): size = isDynamic ? atLeast(max(0, count)) : max(0, count)
        case .weight(let weight): size = atLeast(pods(weight))
        }
        if let recordedCanary { size = atLeast(max(size, pods(recordedCanary))) }
        var stable = replicas
        if isDynamic, let stableTarget {
            stable = atLeast(max(pods(maxWeight - stableTarget), recordedStable.map(pods) ?? 0))
        }
        return CanarySizes(canary: size, stable: stable)
    }

    /// Pods for a weight, rounded up.
    package func pods(_ weight: Int) -> Int { Self.pods(weight: weight, replicas: replicas, maxWeight: maxWeight) }

    /// `minPodsPerReplicaSet` holds for a ReplicaSet that has any pods.
    private func atLeast(_ count: Int) -> Int {
        guard count > 0, let minPods else { return count }
        return max(count, min(minPods, replicas))
    }
}

/// When a ReplicaSet of a wanted size counts as there.
extension Optional where Wrapped == ProgressThreshold {
    /// Whether `spec` and `available` pods suffice for `wanted` ones.
    package func isMet(wanted: Int, spec: Int, available: Int) -> Bool {
        guard let threshold = self, threshold.value >= 0 else { return spec == wanted && available == wanted }
        if threshold.type == "Percent" { return wanted == 0 || available * 100 >= threshold.value * wanted }
        return available >= min(threshold.value, wanted)
    }

    /// Whether a ReplicaSet has too few available pods of its own size for a route that leads to it alone.
    ///
    /// One that is to have no pods lacks none; one without any has nothing to lead to, whatever the threshold.
    package func lacksPods(replicas: Int, available: Int) -> Bool {
        guard replicas > 0 else { return false }
        return available <= 0 || !isMet(wanted: replicas, spec: replicas, available: min(available, replicas))
    }
}
