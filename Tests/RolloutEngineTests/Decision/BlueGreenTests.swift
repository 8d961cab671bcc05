import Manifest
import Testing

@testable import RolloutEngine

@Suite("Blue-green") struct BlueGreenTests {
    static let plain: JSON = ["activeService": "active", "previewService": "preview"]

    static func strategy(_ more: JSON) -> JSON {
        var strategy = plain
        for (key, value) in more.objectValue ?? [:] { strategy[key] = value }
        return strategy
    }

    /// A Rollout whose first revision is Healthy, with `web:2` on its way.
    static func updating(_ more: JSON = [:], replicas: Int = 3) throws -> World {
        var world = try World(spec: World.spec(replicas: replicas, blueGreen: strategy(more)))
        try world.run()
        #expect(world.status.phase == "Healthy")
        try world.setImage("web:2")
        return world
    }

    func pass(_ seconds: Int, _ world: inout World) throws {
        world.now = world.now + .seconds(seconds)
        try world.run()
    }

    @Test("a first deploy switches both Services once all pods are there")
    func firstDeploy() throws {
        var world = try World(spec: World.spec(replicas: 3, blueGreen: Self.plain))
        try world.settle()
        #expect(world.services["preview"]?.hash == world.status.currentPodHash, "preview follows at once")
        #expect(world.services["active"]?.hash == "")
        try world.run()
        #expect(world.services["active"]?.hash == world.status.currentPodHash)
        #expect(world.status.activeSelector == world.status.currentPodHash)
        #expect(world.status.previewSelector == world.status.currentPodHash)
        #expect(world.status.phase == "Healthy")
        #expect(world.status.condition(.healthy)?.status == "True")
        #expect(world.status.condition(.available)?.status == "True")
        #expect(world.status.selector == "app=web,rollouts-pod-template-hash=\(world.status.currentPodHash)")
    }

    @Test("an update switches when its pods are there, and the old ones go after the delay")
    func update() throws {
        var world = try Self.updating()
        let stable = world.status.stableRS
        try world.settle()
        let new = world.status.currentPodHash
        #expect(world.services["preview"]?.hash == new && world.services["active"]?.hash == stable)
        #expect(world.status.message == "more replicas need to be updated")
        try world.run()
        #expect(world.services["active"]?.hash == new && world.status.stableRS == new)
        #expect(world.events.filter { $0.reason == "RolloutCompleted" }.count == 2)
        let deadline = try #require(world.set(hash: stable)?.scaleDownDeadline)
        #expect(Timestamp(rfc3339: deadline) == world.now.wholeSeconds + .seconds(30))
        #expect(world.set(hash: stable)?.replicas == 3)
        try pass(31, &world)
        #expect(world.set(hash: stable)?.replicas == 0)
        #expect(world.set(hash: stable)?.scaleDownDeadline == nil)
        #expect(world.status.phase == "Healthy")
    }

    @Test("without automatic promotion a person promotes")
    func manual() throws {
        var world = try Self.updating(["autoPromotionEnabled": false])
        let stable = world.status.stableRS
        try world.run()
        #expect(world.status.phase == "Paused" && world.status.message == "BlueGreenPause")
        #expect(world.status.condition(.paused)?.status == "True")
        #expect(world.services["active"]?.hash == stable)
        try pass(100_000, &world)
        #expect(world.status.phase == "Paused", "no deadline and no time ends it")
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.services["active"]?.hash == world.status.currentPodHash)
        #expect(world.status.phase == "Healthy" && !world.status.controllerPause)
        #expect(world.events.filter { $0.reason == "RolloutResumed" }.count == 1)
    }

    @Test("autoPromotionSeconds ends the pause at its second")
    func timed() throws {
        var world = try Self.updating(["autoPromotionSeconds": 60])
        let stable = world.status.stableRS
        try world.run()
        #expect(world.status.message == "BlueGreenPause")
        try pass(59, &world)
        #expect(world.services["active"]?.hash == stable)
        let wake = try world.reconcile().requeueAfter
        #expect(wake.map { $0 <= .seconds(2) } ?? false)
        try pass(3, &world)
        #expect(world.services["active"]?.hash == world.status.currentPodHash)
        #expect(world.status.phase == "Healthy")
    }

    @Test("promoteFull skips pause and analyses")
    func promoteFull() throws {
        let analysis: JSON = ["templates": [["templateName": "smoke"]]]
        var world = try Self.updating(["autoPromotionEnabled": false, "prePromotionAnalysis": analysis])
        try world.run()
        #expect(world.runs.values.map(\.phase) == ["Running"])
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        #expect(world.status.stableRS == world.status.currentPodHash && !world.status.promoteFull)
        #expect(world.runs.values.filter { !$0.isTerminating }.isEmpty)
        #expect(world.status.duration?.completionStatus == "FastPromoted")
    }

    struct PreviewRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isRecorded: Bool
        var hasCheckPoint: Bool
        var promotesFull: Bool
        var isPaused: Bool
        var wanted: Int
    }

    static let previewRows = [
        PreviewRow(
            testDescription: "G3", isRecorded: false, hasCheckPoint: true, promotesFull: false, isPaused: false,
            wanted: 1),
        PreviewRow(
            testDescription: "G4", isRecorded: true, hasCheckPoint: true, promotesFull: false, isPaused: false,
            wanted: 10),
        PreviewRow(
            testDescription: "G5", isRecorded: true, hasCheckPoint: false, promotesFull: false, isPaused: true,
            wanted: 1),
        PreviewRow(
            testDescription: "G6", isRecorded: true, hasCheckPoint: false, promotesFull: true, isPaused: false,
            wanted: 10),
    ]

    @Test("size of preview, R 10 and P 1", arguments: previewRows)
    func previewSize(_ row: PreviewRow) {
        #expect(
            RolloutReconcile.previewSize(
                replicas: 10, preview: 1, isRecorded: row.isRecorded, promotesFull: row.promotesFull,
                isPaused: row.isPaused, hasCheckPoint: row.hasCheckPoint) == row.wanted)
    }

    @Test("G1, G2: a first deploy and a settled Rollout have their full size, whatever previewReplicaCount says")
    func previewAtFirst() throws {
        var world = try World(
            spec: World.spec(replicas: 10, blueGreen: Self.strategy(["previewReplicaCount": 1])))
        try world.settle()
        #expect(world.sets.values.map(\.replicas) == [10])
        try world.run()
        #expect(world.sets.values.map(\.replicas) == [10])
    }

    @Test("G7: preview waits small, is counted so, and grows before the switch")
    func previewReplicaCount() throws {
        var world = try Self.updating(["autoPromotionEnabled": false, "previewReplicaCount": 1], replicas: 2)
        try world.run()
        let status = world.status
        #expect(status.message == "BlueGreenPause")
        #expect(status.replicas == 3 && status.updatedReplicas == 1)
        #expect(status.readyReplicas == 2 && status.availableReplicas == 2 && status.hpaReplicas == 2)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.settle()
        #expect(world.status.scaleUpPreviewCheckPoint)
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 2)
        #expect(world.services["active"]?.hash == world.status.stableRS)
        try world.run()
        #expect(world.services["active"]?.hash == world.status.currentPodHash)
        #expect(world.status.stableRS == world.status.currentPodHash && !world.status.scaleUpPreviewCheckPoint)
    }

    // MARK: Analyses

    static let analysis: JSON = ["templates": [["templateName": "smoke"]]]

    @Test("pre and post promotion analyses, in order with pause, switch and delay")
    func timeline() throws {
        var world = try Self.updating([
            "autoPromotionSeconds": 60, "prePromotionAnalysis": Self.analysis, "postPromotionAnalysis": Self.analysis,
        ])
        let stable = world.status.stableRS
        try world.settle()
        #expect(world.runs.isEmpty, "not before all pods are available")
        try world.run()
        let new = world.status.currentPodHash
        #expect(world.runs.keys.sorted() == ["web-\(new)-2-pre"])
        #expect(world.runs["web-\(new)-2-pre"]?.labels["rollout-type"] == "PrePromotion")
        #expect(world.status.pauseConditions.isEmpty, "the pause begins when the analysis is done")
        world.runs["web-\(new)-2-pre"]?.phase = "Successful"
        try world.run()
        #expect(world.status.pauseConditions.map(\.reason) == ["BlueGreenPause"])
        try pass(61, &world)
        #expect(world.services["active"]?.hash == new)
        #expect(world.runs.keys.sorted() == ["web-\(new)-2-post", "web-\(new)-2-pre"])
        #expect(world.status.message == "waiting for analysis to complete")
        #expect(world.status.stableRS == stable && world.set(hash: stable)?.scaleDownDeadline == nil)
        world.runs["web-\(new)-2-post"]?.phase = "Successful"
        try world.run()
        #expect(world.status.stableRS == new)
        #expect(world.set(hash: stable)?.scaleDownDeadline != nil)
        #expect(world.status.prePromotionAnalysis?.status == "Successful")
        #expect(world.status.postPromotionAnalysis?.status == "Successful")
        try pass(31, &world)
        #expect(world.set(hash: stable)?.replicas == 0 && world.status.phase == "Healthy")
    }

    @Test("a failed pre-promotion analysis aborts; the preview's pods go after the delay")
    func preFails() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis])
        let stable = world.status.stableRS
        try world.run()
        let new = world.status.currentPodHash
        world.runs["web-\(new)-2-pre"]?.phase = "Failed"
        world.runs["web-\(new)-2-pre"]?.message = "0.5 is below 0.9"
        try world.run()
        #expect(world.status.abort && world.status.phase == "Degraded")
        #expect(
            world.status.message.contains("pre-promotion analysis web-\(new)-2-pre ended as Failed: 0.5 is below 0.9"))
        #expect(world.services["active"]?.hash == stable && world.services["preview"]?.hash == new)
        #expect(world.set(hash: new)?.scaleDownDeadline != nil)
        try pass(31, &world)
        #expect(world.set(hash: new)?.replicas == 0 && world.set(hash: stable)?.replicas == 3)
    }

    @Test("an inconclusive pre-promotion analysis waits for a person, who may accept it")
    func inconclusive() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis])
        try world.run()
        let run = "web-\(world.status.currentPodHash)-2-pre"
        world.runs[run]?.phase = "Inconclusive"
        try world.run()
        #expect(world.status.message == "InconclusiveAnalysisRun")
        let labels = (world.runs[run]?.labels ?? [:]).merging(["sluice.dev/inconclusive-accepted": "true"]) { $1 }
        world.runs[run] = AnalysisRunFact(name: run, uid: run, phase: "Inconclusive", labels: labels)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.stableRS == world.status.currentPodHash)
        #expect(world.runs.count == 1, "no further run")
    }

    @Test("resuming an inconclusive analysis starts another run")
    func inconclusiveAgain() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis])
        try world.run()
        let run = "web-\(world.status.currentPodHash)-2-pre"
        world.runs[run]?.phase = "Inconclusive"
        try world.run()
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.runs.keys.sorted() == [run, "\(run).1"])
        #expect(world.services["active"]?.hash == world.status.stableRS)
    }

    // MARK: Defects that must not return

    @Test(
        "a pause that another controller began goes on: blue-green has no hash of steps", arguments: ["", "5ffbfbbd64"])
    func handedOver(stepHash: String) throws {
        var world = try Self.updating(["autoPromotionEnabled": false])
        try world.run()
        #expect(world.status.currentStepHash.isEmpty)
        let pause = world.status.pauseConditions
        try world.edit(["status": ["currentStepHash": stepHash.isEmpty ? .null : .string(stepHash)]])
        world.now = world.now + .seconds(60)
        try world.run()
        #expect(world.status.pauseConditions == pause && world.status.controllerPause)
    }

    @Test("a failure after the switch gives the traffic back and starts the delay in one decision")
    func abortInOneGo() throws {
        var world = try Self.updating(["postPromotionAnalysis": Self.analysis])
        let stable = world.status.stableRS
        try world.run()
        let new = world.status.currentPodHash
        world.runs["web-\(new)-2-post"]?.phase = "Failed"
        try world.reconcile()
        #expect(world.services["active"]?.hash == stable)
        #expect(world.set(hash: new)?.scaleDownDeadline != nil)
    }

    @Test("D1: an abort after the switch moves traffic back though new pods are missing, and takes none of them away")
    func d1() throws {
        var world = try Self.updating(["postPromotionAnalysis": Self.analysis])
        let stable = world.status.stableRS
        try world.run()
        let new = world.status.currentPodHash
        #expect(world.services["active"]?.hash == new)
        // One of the new pods fails, and then the analysis does.
        let name = try #require(world.set(hash: new)?.name)
        world.sets[name]?.availableReplicas = 2
        world.runs["web-\(new)-2-post"]?.phase = "Failed"
        try world.settle()
        #expect(world.services["active"]?.hash == stable)
        // A stable pod is missing as well: the delay has not begun, and the new pods stay.
        #expect(world.set(hash: new)?.replicas == 3)
        try pass(31, &world)
        #expect(world.set(hash: new)?.replicas == 0 && world.services["active"]?.hash == stable)
    }

    @Test("D1: pods that the active Service selects are never taken away by an abort")
    func d1Selected() throws {
        var world = try Self.updating(["postPromotionAnalysis": Self.analysis])
        let stable = world.status.stableRS
        try world.run()
        let new = world.status.currentPodHash
        let old = try #require(world.set(hash: stable)?.name)
        world.sets[old]?.availableReplicas = 0
        world.sets[old]?.readyReplicas = 0
        world.runs["web-\(new)-2-post"]?.phase = "Failed"
        world.brokenImages = ["web:1"]
        try pass(1_000, &world)
        #expect(world.status.abort && world.services["active"]?.hash == new, "stable cannot serve")
        #expect(world.set(hash: new)?.replicas == 3)
    }

    @Test("D2: a retry judges the new preview, not the failed run of the one before")
    func d2() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis])
        try world.run()
        let run = "web-\(world.status.currentPodHash)-2-pre"
        world.runs[run]?.phase = "Failed"
        try world.run()
        try pass(31, &world)
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 0)
        try world.edit(["status": ["abort": false]])
        try world.settle()
        #expect(world.runs.count == 1 && !world.status.abort, "no run before the preview is up again")
        try world.run()
        #expect(world.runs["\(run).1"]?.phase == "Running")
        world.runs["\(run).1"]?.phase = "Successful"
        try world.run()
        #expect(world.status.stableRS == world.status.currentPodHash)
    }

    @Test("a retry that comes together with a new size judges afresh, too")
    func retryWithSize() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis])
        try world.run()
        let run = "web-\(world.status.currentPodHash)-2-pre"
        world.runs[run]?.phase = "Failed"
        try world.run()
        try pass(31, &world)
        try world.edit(["spec": ["replicas": 5]])
        try world.edit(["status": ["abort": false]])
        try world.run()
        #expect(!world.status.abort && world.runs["\(run).1"]?.phase == "Running")
    }

    @Test("D11: a fast rollback that has to grow first stays one")
    func d11() throws {
        var world = try Self.updating(["autoPromotionEnabled": false, "scaleDownDelaySeconds": 600])
        let first = world.status.stableRS
        try world.run()
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.set(hash: first)?.scaleDownDeadline != nil)
        // The desired size grows together with the rollback.
        try world.edit(["spec": ["replicas": 5]])
        try world.setImage("web:1")
        try world.run()
        #expect(world.status.stableRS == first && world.services["active"]?.hash == first)
        #expect(world.status.pauseConditions.isEmpty)
        #expect(world.set(hash: first)?.annotations[Keys.fastRollback] == nil)
        #expect(world.status.duration?.completionStatus == "FastRolledBack")
    }

    @Test("a fast rollback goes without pause and analysis while the old pods are kept")
    func fastRollback() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis, "scaleDownDelaySeconds": 600])
        let first = world.status.stableRS
        try world.run()
        world.runs["web-\(world.status.currentPodHash)-2-pre"]?.phase = "Successful"
        try world.run()
        #expect(world.status.stableRS != first)
        let runs = world.runs.count
        try world.setImage("web:1")
        try world.settle()
        #expect(world.services["active"]?.hash == first && world.services["preview"]?.hash == first)
        #expect(world.runs.count == runs && world.status.stableRS == first)
    }

    @Test("a rollback to pods that are gone is an update like any other")
    func slowRollback() throws {
        var world = try Self.updating(["prePromotionAnalysis": Self.analysis])
        let first = world.status.stableRS
        try world.run()
        world.runs["web-\(world.status.currentPodHash)-2-pre"]?.phase = "Successful"
        try world.run()
        try pass(31, &world)
        try world.setImage("web:1")
        try world.run()
        #expect(world.status.currentPodHash == first && world.status.stableRS != first)
        #expect(world.runs["web-\(first)-3-pre"]?.phase == "Running")
        #expect(world.status.duration?.completionStatus == "RolledBack")
    }

    @Test("D12: a Service that loses its hash in mid-update gets the stable one back, and nothing is promoted")
    func d12() throws {
        var world = try Self.updating(["autoPromotionEnabled": false])
        let stable = world.status.stableRS
        try world.run()
        world.services["active"]?.selector["rollouts-pod-template-hash"] = nil
        try world.settle()
        #expect(world.services["active"]?.hash == stable)
        #expect(world.status.stableRS == stable && world.status.pauseConditions.count == 1)
    }

    @Test("D10: a delay of 0 takes old pods away at once")
    func d10() throws {
        var world = try Self.updating(["scaleDownDelaySeconds": 0])
        let stable = world.status.stableRS
        try world.run()
        #expect(world.set(hash: stable)?.replicas == 0 && world.status.phase == "Healthy")
    }

    @Test("D13: a new size takes effect while paused, and an abort as well")
    func d13() throws {
        var world = try Self.updating(["autoPromotionEnabled": false])
        try world.run()
        try world.edit(["spec": ["paused": true, "replicas": 5]])
        try world.run()
        #expect(world.sets.values.map(\.replicas) == [5, 5])
        let decision = try world.reconcile()
        #expect(decision.effects.isEmpty)
        try world.edit(["status": ["abort": true]])
        try world.run()
        try pass(31, &world)
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 0)
    }

    @Test("scaleDownDelayRevisionLimit bounds how many old ReplicaSets wait")
    func delayLimit() throws {
        var world = try Self.updating(["scaleDownDelaySeconds": 600, "scaleDownDelayRevisionLimit": 1])
        try world.run()
        for image in ["web:3", "web:4"] {
            world.now = world.now + .seconds(5)
            try world.setImage(image)
            try world.run()
        }
        let waiting = world.sets.values.filter { $0.scaleDownDeadline != nil }
        #expect(waiting.count == 1 && waiting.first?.images == ["web:3"])
        #expect(world.sets.values.filter { $0.replicas > 0 }.count == 2)
    }

    @Test("a newer template in mid-update takes its place; the one between waits its delay")
    func supersede() throws {
        var world = try Self.updating(["autoPromotionEnabled": false])
        let stable = world.status.stableRS
        try world.run()
        let second = world.status.currentPodHash
        world.now = world.now + .seconds(5)
        try world.setImage("web:3")
        try world.run()
        #expect(world.status.currentPodHash != second && world.services["active"]?.hash == stable)
        #expect(world.services["preview"]?.hash == world.status.currentPodHash)
        #expect(world.status.message == "BlueGreenPause")
        try pass(31, &world)
        #expect(world.set(hash: second)?.replicas == 0)
    }

    @Test("spec.paused freezes sizes and Services from the creation on")
    func pausedAtFirst() throws {
        var spec = World.spec(replicas: 3, blueGreen: Self.plain)
        spec["paused"] = true
        var world = try World(spec: spec)
        try world.run()
        #expect(world.sets.values.map(\.replicas) == [0])
        #expect(world.status.phase == "Paused" && world.status.message == "manually paused")
        try world.edit(["spec": ["paused": false]])
        try world.run()
        #expect(world.status.phase == "Healthy")
    }

    @Test("an update ends where the active Service has no hash and stable no pods", arguments: [false, true])
    func nothingActive(hasPreviewSize: Bool) throws {
        var more: JSON = ["prePromotionAnalysis": Self.analysis]
        if hasPreviewSize { more["previewReplicaCount"] = 1 }
        var world = try Self.updating(more)
        try world.run()
        world.services["active"]?.selector["rollouts-pod-template-hash"] = nil
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 0)
        try world.run()
        world.runs["web-\(world.status.currentPodHash)-2-pre"]?.phase = "Successful"
        try world.run()
        #expect(world.services["active"]?.hash == world.status.currentPodHash && world.status.isFullyPromoted)
    }

    @Test("D12: a promoted Rollout that lacks a pod gets its hash back, too")
    func d12Promoted() throws {
        var world = try Self.updating()
        try world.run()
        world.brokenImages = ["web:2"]
        world.breakPods(of: world.status.stableRS, leaving: 2)
        world.services["active"]?.selector["rollouts-pod-template-hash"] = nil
        try world.settle()
        #expect(world.services["active"]?.hash == world.status.stableRS)
    }

    @Test("pods of a revision that another replaced before it was active are not kept for an analysis after the switch")
    func replacedBeforeSwitch() throws {
        var world = try Self.updating(["autoPromotionEnabled": false, "postPromotionAnalysis": Self.analysis])
        try world.run()
        let second = try #require(world.current?.name)
        try world.setImage("web:3")
        try world.run()
        try pass(31, &world)
        try pass(31, &world)
        #expect(world.sets[second]?.replicas == 0)
    }

    @Test("a fast rollback that was aborted is an update like any other once its pods are gone")
    func abortedFastRollback() throws {
        var world = try Self.updating(["autoPromotionEnabled": false, "scaleDownDelaySeconds": 600])
        let first = world.status.stableRS
        try world.run()
        try world.resume()
        try world.run()
        #expect(world.status.stableRS != first && world.set(hash: first)?.scaleDownDeadline != nil)
        world.brokenImages = ["web:1"]
        world.breakPods(of: first, leaving: 1)
        try world.setImage("web:1")
        try world.run()
        #expect(world.set(hash: first)?.annotations[Keys.fastRollback] != nil)
        try world.abort()
        try world.run()
        try pass(31, &world)
        #expect(world.set(hash: first)?.replicas == 0)
        world.brokenImages = []
        try world.edit(["status": ["abort": false]])
        try world.run()
        #expect(world.status.phase == "Paused" && world.services["active"]?.hash != first)
    }

    @Test("the deadline begins anew when an analysis that was waited for ends", arguments: [false, true])
    func deadlineAfterAnalysis(aborts: Bool) throws {
        var spec = World.spec(replicas: 3, blueGreen: Self.strategy(["prePromotionAnalysis": Self.analysis]))
        spec["progressDeadlineSeconds"] = 8
        spec["progressDeadlineAbort"] = .bool(aborts)
        var world = try World(spec: spec)
        try world.run()
        try world.setImage("web:2")
        try world.run()
        try pass(60, &world)
        #expect(world.status.phase == "Progressing")
        world.runs["web-\(world.status.currentPodHash)-2-pre"]?.phase = "Successful"
        try world.reconcile()
        #expect(!world.status.abort && world.status.condition(.progressing)?.reason != "ProgressDeadlineExceeded")
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.isFullyPromoted)
    }
}
