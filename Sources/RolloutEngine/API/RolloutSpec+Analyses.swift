extension RolloutSpec {
    /// Every analysis that the strategy names, with its field and whether it has to end by itself.
    package var analyses: [(path: String, reference: AnalysisReference, mustEnd: Bool)] {
        var found: [(path: String, reference: AnalysisReference, mustEnd: Bool)] = []
        if let canary {
            let root = "spec.strategy.canary"
            for (index, step) in canary.steps.enumerated() {
                if let analysis = step.analysis { found.append(("\(root).steps[\(index)].analysis", analysis, true)) }
            }
            if let background = canary.analysis { found.append(("\(root).analysis", background.reference, false)) }
        } else if let blueGreen {
            let root = "spec.strategy.blueGreen"
            if let analysis = blueGreen.prePromotionAnalysis {
                found.append(("\(root).prePromotionAnalysis", analysis, true))
            }
            if let analysis = blueGreen.postPromotionAnalysis {
                found.append(("\(root).postPromotionAnalysis", analysis, true))
            }
        }
        return found
    }
}
