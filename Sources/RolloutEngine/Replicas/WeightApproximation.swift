/// Pods in place of traffic: the sizes whose ratio comes closest to a weight.
package enum WeightApproximation {
    /// - Parameters:
    ///   - weight: 0...100.
    ///   - surge: One pod above `replicas` is used only where surge is allowed.
    package static func sizes(replicas: Int, weight: Int, surge: Int) -> CanarySizes {
        guard replicas > 0 else { return CanarySizes(canary: 0, stable: 0) }
        let weight = min(100, max(0, weight))
        let scaled = replicas * weight
        let (roundedUp, roundedDown) = ((scaled + 99) / 100, scaled / 100)
        let isEdge = weight == 0 || weight == 100 || (replicas == 1 && surge == 0)
        var candidates: [(canary: Int, total: Int)] = []
        if roundedUp < replicas || isEdge { candidates.append((roundedUp, replicas)) }
        // An exact half rounds toward the canary, so its lower neighbour is no candidate.
        if scaled % 100 != 50, roundedDown != 0 || isEdge { candidates.append((roundedDown, replicas)) }
        if surge > 0 {
            candidates.append((roundedUp, replicas + 1))
            if (scaled + weight) % 100 != 50, roundedDown != 0 || isEdge {
                candidates.append((roundedDown, replicas + 1))
            }
        }
        var best: (canary: Int, total: Int)?
        for candidate in candidates {
            guard let leader = best else {
                best = candidate
                continue
            }
            if error(candidate, weight) * Int128(leader.total) < error(leader, weight) * Int128(candidate.total) {
                best = candidate
            }
        }
        // Only the exact half below the full size is left without a candidate; it keeps a pod on either side.
        guard let best else { return CanarySizes(canary: roundedDown, stable: replicas - roundedDown) }
        return CanarySizes(canary: best.canary, stable: best.total - best.canary)
    }

    /// |canary·100/total − weight| times total, exactly.
    private static func error(_ candidate: (canary: Int, total: Int), _ weight: Int) -> Int128 {
        let difference = Int128(candidate.canary) * 100 - Int128(weight) * Int128(candidate.total)
        return difference < 0 ? -difference : difference
    }
}
