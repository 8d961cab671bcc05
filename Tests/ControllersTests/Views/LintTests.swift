import Controllers
import Manifest
import Testing

@Suite("Lint") struct LintTests {
    static let good = """
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: web:1}]}
          strategy: {canary: {stableService: stable, canaryService: canary, steps: [{setWeight: 20}, {pause: {}}]}}
        """

    static func lint(_ text: String) -> LintReport { LintReport(Array(text.utf8), file: "web.yaml") }

    @Test("a sound Rollout has no problems; a missing Service is none")
    func sound() {
        #expect(Self.lint(Self.good).problems == [])
        #expect(Self.lint(Self.good).rollouts == 1)
    }

    @Test("every problem is named with its path")
    func problems() {
        let bad = Self.good.replacing("setWeight: 20", with: "setWeight: 120").replacing(
            "matchLabels: {app: web}", with: "matchLabels: {app: api}")
        let report = Self.lint(bad)
        #expect(report.problems.count == 2)
        #expect(report.problems.contains { $0.hasPrefix("Rollout web: spec.strategy.canary.steps[0].setWeight") })
        #expect(report.problems.contains { $0.hasPrefix("Rollout web: spec.template.metadata.labels") })
    }

    @Test("a Service in the file must select the Rollout's pods")
    func service() {
        let service = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: stable}\nspec: {selector: {app: other}}\n"
        #expect(Self.lint(Self.good + service).problems.first?.contains("selects app=other") == true)
    }

    @Test("a file that cannot be read is a problem")
    func unreadable() {
        #expect(Self.lint("a: [").problems.first?.hasPrefix("web.yaml: line") == true)
        #expect(Self.lint("a: b\na: c\nkind: X").problems.first?.contains("already set") == true)
        #expect(Self.lint("just text").problems.first?.contains("must be an object") == true)
    }
}
