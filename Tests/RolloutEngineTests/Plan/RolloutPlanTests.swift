import Manifest
import RolloutEngine
import Testing

@Suite("Plans") struct RolloutPlanTests {
    static let now = Timestamp(seconds: 1_800_000_000)

    static func plan(_ spec: JSON, _ change: (inout RolloutPlan.Assumptions) -> Void = { _ in }) throws -> RolloutPlan {
        let rollout = try Rollout(["metadata": ["name": "web", "namespace": "shop"], "spec": spec])
        var assumptions = RolloutPlan.Assumptions()
        change(&assumptions)
        return RolloutPlan(of: rollout, now: now, assumptions)
    }

    @Test("a routed canary: weights after pods, pauses counted, people named")
    func routed() throws {
        let plan = try Self.plan(
            RoutedCanaryTests.spec(
                steps: [["setWeight": 20], ["pause": ["duration": "5m"]], ["setWeight": 50], ["pause": [:]]]))
        #expect(plan.outcome == .completes)
        #expect(
            plan.moments.map(\.weight).reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } } == [
                0, 20, 50, 100,
            ])
        let pause = try #require(plan.moments.first { $0.step == 2 })
        #expect(pause.weight == 20 && pause.canary == 2 && pause.stable == 10 && pause.surge == 2)
        #expect(pause.after == .seconds(10), "the pods take their time first")
        let waits = plan.moments.filter { $0.waitsFor != nil }
        #expect(waits.count == 1 && waits.first?.step == 4)
        #expect(waits.first?.waitsFor?.contains("kubectl sluice promote web") ?? false)
        // Pods three times, five minutes, and the delay of the old ones.
        #expect(plan.earliestEnd >= .seconds(300 + 30 + 30) && plan.earliestEnd < .seconds(300 + 30 + 35))
        #expect(plan.moments.last?.canary == 0 && plan.moments.last?.stable == 10)
    }

    @Test("the last weight is all of it, in the table, the JSON and the chart")
    func lastWeight() throws {
        let steps: JSON = .array([10, 25, 50, 100].map { ["setWeight": JSON($0)] })
        for spec in [RoutedCanaryTests.spec(steps: steps), World.spec(replicas: 4, canary: ["steps": steps])] {
            let plan = try Self.plan(spec)
            #expect(plan.outcome == .completes)
            #expect(plan.moments.last?.text == "promoted" && plan.moments.last?.weight == 100)
            #expect(zip(plan.moments, plan.moments.dropFirst()).allSatisfy { $0.weight <= $1.weight })
            #expect(plan.rows.last?[2] == "100")
            #expect(plan.json["moments"]?.arrayValue?.last?["weight"]?.intValue == 100)
            // The line of weights ends at the top of the plot.
            #expect(plan.svg(title: "").contains(" L900 48 \" fill=\"none\""))
        }
    }

    @Test("a basic canary never exceeds its surge")
    func basic() throws {
        let plan = try Self.plan(World.spec(replicas: 10, canary: ["steps": [["setWeight": 30]], "maxSurge": 2]))
        #expect(plan.outcome == .completes)
        #expect(plan.moments.map(\.surge).max() == 2)
    }

    @Test("blue-green: both sizes, the analyses and the switch")
    func blueGreen() throws {
        let plan = try Self.plan(
            World.spec(
                replicas: 3,
                blueGreen: BlueGreenTests.strategy([
                    "autoPromotionSeconds": 60, "prePromotionAnalysis": BlueGreenTests.analysis,
                ]))
        ) { $0.analysisLength = { _ in .seconds(120) } }
        #expect(plan.outcome == .completes)
        #expect(plan.moments.first?.weight == 0 && plan.moments.last?.weight == 100)
        #expect(plan.moments.contains { $0.canary == 3 && $0.stable == 3 && $0.surge == 3 && !$0.analyses.isEmpty })
        // Pods, analysis, pause, delay.
        #expect(plan.earliestEnd >= .seconds(10 + 120 + 60 + 30) && plan.earliestEnd < .seconds(230))
        #expect(plan.analyses.map(\.path) == ["spec.strategy.blueGreen.prePromotionAnalysis"])
    }

    @Test("what validation refuses is what blocks")
    func blocked() throws {
        let plan = try Self.plan(World.spec(replicas: 3, canary: ["steps": [["setWeight": 120]]]))
        guard case .blocked(let why) = plan.outcome else { return #expect(Bool(false), "\(plan.outcome)") }
        #expect(why.contains("spec.strategy.canary.steps[0].setWeight"))
    }

    @Test("an analysis may take no time")
    func instant() throws {
        let plan = try Self.plan(
            World.spec(
                replicas: 1,
                canary: ["steps": [["setWeight": 50], ["analysis": ["templates": [["templateName": "x"]]]]]]))
        #expect(plan.outcome == .completes)
    }

    @Test("an analysis that never ends by itself blocks, and says so")
    func endless() throws {
        let plan = try Self.plan(
            World.spec(
                replicas: 1,
                canary: ["steps": [["setWeight": 50], ["analysis": ["templates": [["templateName": "x"]]]]]])
        ) { $0.analysisLength = { _ in nil } }
        guard case .blocked(let why) = plan.outcome else { return #expect(Bool(false), "\(plan.outcome)") }
        #expect(why.contains("AnalysisRun"))
    }

    @Test("a plan from a live canary goes on where that stands")
    func live() throws {
        var world = try RoutedCanaryTests.updated(
            RoutedCanaryTests.spec(steps: [
                ["setWeight": 20], ["pause": [:]], ["setWeight": 50], ["pause": ["duration": 30]],
            ]))
        try world.edit(["status": ["pauseConditions": .null]])
        let plan = RolloutPlan(
            of: world.typed, replicaSets: Array(world.sets.values), services: world.services, now: world.now)
        #expect(plan.outcome == .completes && plan.moments.first?.step == 3)
        #expect(plan.moments.allSatisfy { $0.waitsFor == nil })
    }

    @Test("a thousand steps are planned in bounded time")
    func manySteps() throws {
        let steps = (0..<1_000).map { index -> JSON in ["setWeight": JSON(index * 100 / 1_000)] }
        let plan = try Self.plan(RoutedCanaryTests.spec(steps: .array(steps)))
        #expect(plan.outcome == .completes)
    }

    @Test("the chart is well-formed and escapes what users wrote")
    func chart() throws {
        let plan = try Self.plan(RoutedCanaryTests.spec(steps: [["setWeight": 20], ["pause": [:]]]))
        let svg = plan.svg(title: "a <b> & \"c\"")
        #expect(svg.hasPrefix("<svg ") && svg.contains("a &lt;b&gt; &amp; &quot;c&quot;"))
        #expect(svg.components(of: "<rect ") > plan.moments.count && svg.components(of: "<path ") == 1)
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
