import Manifest

/// What analysis means for the rest of a pass.
enum AnalysisOutcome { case proceed, pauseRequested, abortRequested }

extension RolloutReconcile {
    private enum Purpose: String {
        case step = "Step"
        case background = "Background"
        case prePromotion = "PrePromotion"
        case postPromotion = "PostPromotion"

        var words: String {
            switch self {
            case .step: "step analysis"
            case .background: "background analysis"
            case .prePromotion: "pre-promotion analysis"
            case .postPromotion: "post-promotion analysis"
            }
        }
    }

    /// Starts, follows and ends AnalysisRuns.
    mutating func analyse() -> AnalysisOutcome {
        var outcome = AnalysisOutcome.proceed
        let isCancelled =
            status.isFullyPromoted || status.abort || status.promoteFull || status.stableRS.isEmpty || isFastRollback
        if let blueGreen {
            outcome = isCancelled ? followEnded() : followPromotion(blueGreen)
        } else if isCancelled {
            status.stepAnalysis = nil
            status.backgroundAnalysis = nil
        } else {
            outcome = follow(.background, backgroundReference, \.backgroundAnalysis)
            if outcome != .abortRequested {
                let stepOutcome = follow(.step, step?.analysis, \.stepAnalysis)
                if stepOutcome != .proceed { outcome = stepOutcome }
            }
        }
        if outcome != .abortRequested { retireRuns(isCancelled: isCancelled) }
        return outcome
    }

    /// The runs before and after the switch of a blue-green update.
    private mutating func followPromotion(_ blueGreen: BlueGreenStrategy) -> AnalysisOutcome {
        if isRetry { forgetRuns() }
        let isActive = active != nil && active === current
        var outcome = AnalysisOutcome.proceed
        if !isActive || blueGreen.prePromotionAnalysis == nil {
            outcome = follow(
                .prePromotion, blueGreen.prePromotionAnalysis, \.prePromotionAnalysis, mayStart: mayStartPrePromotion)
        }
        if outcome == .proceed {
            outcome = follow(
                .postPromotion, blueGreen.postPromotionAnalysis, \.postPromotionAnalysis,
                mayStart: mayStartPostPromotion)
        }
        return outcome
    }

    /// The failed runs tell of pods that were scaled down since; the new ones are to be judged afresh.
    mutating func forgetRuns() {
        if status.prePromotionAnalysis == old.prePromotionAnalysis { status.prePromotionAnalysis = nil }
        if status.postPromotionAnalysis == old.postPromotionAnalysis { status.postPromotionAnalysis = nil }
    }

    /// Blue-green keeps its last runs in the status after the update has ended; their phases are followed still.
    private mutating func followEnded() -> AnalysisOutcome {
        let runs: [(Purpose, WritableKeyPath<RolloutStatus, RolloutStatus.AnalysisRunStatus?>)] = [
            (.prePromotion, \.prePromotionAnalysis), (.postPromotion, \.postPromotionAnalysis),
        ]
        for (purpose, place) in runs {
            let name = status[keyPath: place]?.name
            if let run = seen.analysisRuns.first(where: { $0.name == name }) { record(run, purpose, place) }
        }
        return .proceed
    }

    func hasSucceeded(_ run: RolloutStatus.AnalysisRunStatus?) -> Bool { run?.status == "Successful" }

    private var backgroundReference: AnalysisReference? {
        guard let analysis = canary.analysis, !analysis.reference.templates.isEmpty, !status.currentPodHash.isEmpty,
            (stepIndex ?? 0) >= analysis.startingStep
        else { return nil }
        return analysis.reference
    }

    private mutating func follow(
        _ purpose: Purpose, _ reference: AnalysisReference?,
        _ place: WritableKeyPath<RolloutStatus, RolloutStatus.AnalysisRunStatus?>, mayStart: Bool = true
    ) -> AnalysisOutcome {
        guard let reference, !reference.templates.isEmpty else {
            status[keyPath: place] = nil
            return .proceed
        }
        let run = status[keyPath: place].flatMap { recorded in seen.analysisRuns.first { $0.name == recorded.name } }
            .flatMap { isCurrent($0, purpose) ? $0 : nil }
        let wantsAnother =
            run?.phase == "Inconclusive" && status.controllerPause && !status.hasPause(PauseReason.canaryPauseStep)
            && !status.hasPause(PauseReason.inconclusiveAnalysis) && !status.hasPause(PauseReason.blueGreenPause)
        if run == nil || wantsAnother || (isRetry && old.abortedAt != nil) {
            let isFree = purpose != .step || status.pauseConditions.isEmpty
            guard mayStart, isFree, !status.hasPause(PauseReason.inconclusiveAnalysis) else { return .proceed }
            // Created earlier in this very decision.
            if status[keyPath: place] != nil, status[keyPath: place] != old[keyPath: place] { return .proceed }
            start(
                purpose, reference, place,
                replacing: wantsAnother ? run?.name : areStepsNew ? old[keyPath: place]?.name : nil)
            return .proceed
        }
        guard let run else { return .proceed }
        record(run, purpose, place)
        switch run.phase {
        case "Failed", "Error":
            let why = run.message.isEmpty ? "" : ": \(run.message)"
            requestAbort("\(purpose.words) \(run.name) ended as \(run.phase)\(why)")
            return .abortRequested
        case "Inconclusive":
            if !status.hasPause(PauseReason.inconclusiveAnalysis) { addPause(PauseReason.inconclusiveAnalysis) }
            return .pauseRequested
        default: return .proceed
        }
    }

    private func isCurrent(_ run: AnalysisRunFact, _ purpose: Purpose) -> Bool {
        if !run.hash.isEmpty, run.hash != status.currentPodHash { return false }
        if purpose == .step, let text = run.labels[Keys.stepIndex], let index = stepIndex {
            return text == String(index)
        }
        return true
    }

    private mutating func record(
        _ run: AnalysisRunFact, _ purpose: Purpose,
        _ place: WritableKeyPath<RolloutStatus, RolloutStatus.AnalysisRunStatus?>
    ) {
        let before = status[keyPath: place]
        let phase = run.phase.isEmpty ? "Pending" : run.phase
        status[keyPath: place] = .init(name: run.name, status: phase, message: run.message)
        if before?.name == run.name, before?.status != phase {
            events.append(
                RolloutEvent(
                    "AnalysisRun\(phase)", "\(purpose.words) \(run.name) is \(phase), was \(before?.status ?? "")",
                    isWarning: phase == "Failed" || phase == "Error"))
        }
    }

    private mutating func start(
        _ purpose: Purpose, _ reference: AnalysisReference,
        _ place: WritableKeyPath<RolloutStatus, RolloutStatus.AnalysisRunStatus?>, replacing replaced: String?
    ) {
        guard let hash = current?.hash else { return }
        var labels = [
            Keys.podTemplateHash: hash, Keys.rolloutType: purpose.rawValue,
        ]
        if purpose == .step { labels[Keys.stepIndex] = String(stepIndex ?? 0) }
        if let instance = rollout.labels[Keys.instanceID] { labels[Keys.instanceID] = instance }
        let suffix =
            switch purpose {
            case .step: "-\(stepIndex ?? 0)"
            case .background: ""
            case .prePromotion: "-pre"
            case .postPromotion: "-post"
            }
        let base = "\(rollout.key.name)-\(hash)-\(revision)\(suffix)"
        // A run of this step that is under way is taken over, whatever suffix a name clash gave it.
        let reusable = seen.analysisRuns.first { run in
            !run.isFinished && !run.isTerminating && run.name != replaced
                && (run.name == base || run.name.hasPrefix(base + "."))
                && labels.allSatisfy { run.labels[$0.key] == $0.value }
        }
        if let reusable {
            let phase = reusable.phase.isEmpty ? "Pending" : reusable.phase
            status[keyPath: place] = .init(name: reusable.name, status: phase)
            return
        }
        var name = base
        var attempt = 0
        while seen.analysisRuns.contains(where: { $0.name == name }) {
            attempt += 1
            name = "\(base).\(attempt)"
        }
        labels.merge(reference.labels) { $1 }
        labels.merge(rollout.spec.selector?.matchLabels ?? [:]) { $1 }
        var annotations = reference.annotations
        annotations[Keys.revision] = String(revision)
        add(
            .createAnalysisRun(
                AnalysisRunRequest(
                    name: name, labels: labels, annotations: annotations, reference: reference,
                    arguments: reference.arguments.map { (name: $0.name, value: resolve($0.value)) })))
        status[keyPath: place] = .init(name: name, status: "Pending")
    }

    private func resolve(_ value: AnalysisReference.Argument.Value) -> AnalysisRunRequest.Argument {
        switch value {
        case .literal(let text): .literal(text)
        case .podTemplateHash("Stable"): .literal(status.stableRS)
        case .podTemplateHash: .literal(status.currentPodHash)
        case .fieldPath(let path): .fieldPath(path)
        case .none: .none
        }
    }

    /// Ends running runs that are no longer current, and deletes finished ones beyond the history limits.
    private mutating func retireRuns(isCancelled: Bool) {
        guard !seen.analysisRuns.isEmpty else { return }
        let recorded = [status, old].flatMap {
            [$0.stepAnalysis, $0.backgroundAnalysis, $0.prePromotionAnalysis, $0.postPromotionAnalysis]
        }
        // Runs that the status names, or named until now, keep their evidence for people to read.
        let evidence = Set(recorded.compactMap { $0?.name })
        let current =
            isCancelled
            ? []
            : [
                status.stepAnalysis, status.backgroundAnalysis, status.prePromotionAnalysis,
                status.postPromotionAnalysis,
            ]
        let kept = Set(current.compactMap { $0?.name })
        let hashes = Set(sets.map(\.hash)).subtracting(deletedHashes)
        let newestFirst = seen.analysisRuns.filter { !kept.contains($0.name) && !hasRetired($0.name) }
            .sorted { ($1.creationTimestamp, $1.name) < ($0.creationTimestamp, $0.name) }
        var successful = 0
        var unsuccessful = 0
        for run in newestFirst {
            guard run.isFinished else {
                if !run.isTerminating { add(.terminateAnalysisRun(name: run.name)) }
                continue
            }
            if evidence.contains(run.name) { continue }
            var isSurplus = !hashes.contains(run.hash)
            if run.phase == "Successful" {
                successful += 1
                isSurplus = isSurplus || successful > rollout.spec.successfulRunHistoryLimit
            } else {
                unsuccessful += 1
                isSurplus = isSurplus || unsuccessful > rollout.spec.unsuccessfulRunHistoryLimit
            }
            if isSurplus { add(.deleteAnalysisRun(name: run.name, uid: run.uid)) }
        }
    }

    /// Ends those of these runs that are still under way.
    mutating func endRuns(_ runs: [RolloutStatus.AnalysisRunStatus?]) {
        for name in runs.compactMap({ $0?.name }) {
            guard let run = seen.analysisRuns.first(where: { $0.name == name }), !run.isFinished, !run.isTerminating,
                !hasRetired(name)
            else { continue }
            add(.terminateAnalysisRun(name: name))
        }
    }

    private func hasRetired(_ name: String) -> Bool {
        slots.contains {
            switch $0 {
            case .effect(.terminateAnalysisRun(name)), .effect(.deleteAnalysisRun(name, _)): true
            default: false
            }
        }
    }

    mutating func addPause(_ reason: String) {
        status.pauseConditions.append(.init(reason: reason, startTime: now.wholeSeconds))
        status.controllerPause = true
        didAddPause = true
    }
}
