/// Sizes of a canary behind a traffic router: surge and unavailability play no part.
package enum RoutedCanarySizes {
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

    package static func canary(_ target: Target, replicas: Int, maxWeight: Int, minPods: Int?) -> Int {
        switch target {
        case .count(let count): return max(0, count)
        case .weight(let weight):
            let count = pods(weight: weight, replicas: replicas, maxWeight: maxWeight)
            guard count > 0, let minPods else { return count }
            return max(count, min(minPods, replicas))
        }
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
}
