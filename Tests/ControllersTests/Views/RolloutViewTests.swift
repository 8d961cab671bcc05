import Controllers
import Manifest
import Testing

@Suite("Rollout view") struct RolloutViewTests {
    static func view(_ change: (inout JSON) -> Void = { _ in }) -> RolloutView {
        var rollout = ViewFixtures.rollout
        change(&rollout)
        return RolloutView(
            rollout: rollout, replicaSets: ViewFixtures.replicaSets, pods: ViewFixtures.pods,
            analysisRuns: ViewFixtures.analysisRuns, experiments: ViewFixtures.experiments, now: ViewFixtures.now)
    }

    @Test("a paused canary prints as the summary and the tree of its revisions")
    func golden() {
        #expect(
            Self.view().text() == """
                Name:            shop
                Namespace:       prod
                Status:          ॥ Paused
                Message:         CanaryPauseStep
                Strategy:        Canary
                  Step:          1/4
                  SetWeight:     20
                  ActualWeight:  20
                Images:          registry/shop:1.8 (stable)
                                 registry/shop:1.9 (canary)
                Replicas:
                  Desired:       5
                  Current:       5
                  Updated:       1
                  Ready:         5
                  Available:     5

                NAME                              KIND         STATUS        AGE    INFO
                ⟳ shop                            Rollout      ॥ Paused      12d
                ├──# revision:7
                │  ├──⧉ shop-7c5d9f6b84           ReplicaSet   ✔ Healthy     4m10s  canary
                │  │  └──□ shop-7c5d9f6b84-k2x9p  Pod          ✔ Running     4m10s  ready:2/2,restarts:1
                │  ├──Σ shop-7c5d9f6b84-7-1       Experiment   ✔ Successful  3m10s
                │  └──α shop-7c5d9f6b84-7         AnalysisRun  ◌ Running     4m10s  ✔ 12,✖ 1
                │     └──⊞ 4f0b-smoke.1           Job          ✔ Successful  3m10s
                ├──# revision:6
                │  └──⧉ shop-6b56c8cdb4           ReplicaSet   ✔ Healthy     2d     stable
                │     └──□ shop-6b56c8cdb4-9wq4d  Pod          ✔ Running     2d     ready:2/2
                └──# revision:5
                   └──⧉ shop-674d8cf959           ReplicaSet   • ScaledDown  10d    delay:18s

                """)
    }

    @Test("colours surround signs and tags, and move no column")
    func colours() {
        let plain = Self.view().text()
        let coloured = Self.view().text(TextStyle(isColored: true))
        #expect(coloured.contains("\u{1B}[32m✔\u{1B}[0m Healthy"))
        #expect(coloured.contains("(\u{1B}[33mcanary\u{1B}[0m)"))
        var stripped = coloured
        for code in ["32", "31", "33", "94", "0"] { stripped = stripped.replacing("\u{1B}[\(code)m", with: "") }
        #expect(stripped == plain)
    }

    @Test("colours need a terminal that shows them and a person who wants them")
    func style() {
        func isColored(_ isTerminal: Bool, _ environment: [String: String]) -> Bool {
            TextStyle(isTerminal: isTerminal, environment: { environment[$0] }).isColored
        }
        #expect(isColored(true, ["TERM": "xterm"]))
        #expect(!isColored(false, ["TERM": "xterm"]))
        #expect(!isColored(true, ["TERM": "dumb"]))
        #expect(!isColored(true, ["NO_COLOR": "1"]))
    }

    @Test("weights: routed as recorded, full after the last step, none after an abort")
    func weights() {
        let routed = Self.view {
            $0.set(["nginx": [:]], at: "spec", "strategy", "canary", "trafficRouting")
            $0.set(17, at: "status", "canary", "weights", "canary", "weight")
        }
        #expect(routed.actualWeight == 17)
        let done = Self.view { $0.set(4, at: "status", "currentStepIndex") }
        #expect((done.step, done.setWeight, done.actualWeight) == ("4/4", 100, 100))
        var rollout = ViewFixtures.rollout
        rollout.set(["nginx": [:]], at: "spec", "strategy", "canary", "trafficRouting")
        rollout.set(17, at: "status", "canary", "weights", "canary", "weight")
        let down = RolloutView(
            rollout: rollout,
            replicaSets: ViewFixtures.replicaSets.map { set in
                var set = set
                set.set(0, at: "status", "availableReplicas")
                return set
            }, pods: [], analysisRuns: [], experiments: [], now: ViewFixtures.now)
        #expect((down.setWeight, down.actualWeight) == (20, 0))
        let aborted = Self.view { $0.set(true, at: "status", "abort") }
        #expect(aborted.setWeight == 0)
    }

    @Test("a blue-green Rollout shows no weights, and active and preview")
    func blueGreen() {
        let view = Self.view {
            $0.set(["blueGreen": ["activeService": "a"]], at: "spec", "strategy")
            $0.set(["activeSelector": "6b56c8cdb4", "previewSelector": "7c5d9f6b84"], at: "status", "blueGreen")
        }
        #expect(view.strategy == "BlueGreen")
        #expect(view.setWeight == nil)
        #expect(view.revisions.flatMap(\.replicaSets).map(\.roles) == [["preview"], ["stable", "active"], []])
    }

    @Test("an unseen generation shows as progressing")
    func unseen() {
        let view = Self.view { $0.set(10, at: "metadata", "generation") }
        #expect(view.phase == "Progressing")
    }

    @Test("numbers that make no sense do not stop the view")
    func hostile() {
        let view = Self.view {
            $0.set(.int(.max), at: "status", "currentStepIndex")
            $0.set(.int(.min), at: "spec", "strategy", "canary", "trafficRouting", "maxTrafficWeight")
            $0.set("many", at: "spec", "replicas")
        }
        #expect(!view.text().isEmpty)
    }
}
