import Controllers
import Kubernetes
import Manifest
import Testing

@testable import sluice

/// Commands that read files, and what they make of them.
@Suite("Commands that read files") struct FileTests {
    static let rollout = """
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: "web:1"}]}
          strategy: {canary: {steps: [{setWeight: 20}]}}

        """
    static let template = """
        apiVersion: argoproj.io/v1alpha1
        kind: AnalysisTemplate
        metadata: {name: errors}
        spec:
          args: [{name: service}, {name: limit, value: "5"}]
          metrics: [{name: errors, provider: {prometheus: {address: "http://p", query: "x"}}}]

        """

    @Test("create makes what a file says, in its own namespace or the current one")
    func create() async throws {
        try await CommandStand.with { stand in
            let file = stand.file("all.yaml", Self.rollout + "---\n" + Self.template)
            let outcome = await stand.run("create -f \(file)", as: .argoRollouts)
            #expect(
                outcome.output
                    == "rollout.argoproj.io/web created\nanalysistemplate.argoproj.io/errors created\n",
                "\(outcome.error)")
            let web = try await stand.get(.rollouts, "web")
            #expect(web.at("metadata", "namespace") == "prod")
            let again = await stand.run("create -f \(file)")
            #expect(again.code == 2)
            #expect(again.error.contains("AlreadyExists"))
        }
    }

    @Test("create goes on to show what it made")
    func watch() async throws {
        try await CommandStand.with { stand in
            let file = stand.file("web.yaml", Self.rollout)
            let outcome = await stand.run("create -f \(file) -w --timeout-seconds 1")
            #expect(outcome.output.hasPrefix("rollout.argoproj.io/web created\nName:            web\n"))
            #expect(outcome.code == 0, "\(outcome.error)")
        }
    }

    @Test("create makes nothing of a file in which anything is wrong")
    func strict() async throws {
        try await CommandStand.with { stand in
            let bad = Self.rollout.replacing("image:", with: "imagee:").replacing("name: web}", with: "name: bad}")
            let file = stand.file("bad.yaml", Self.rollout + "---\n" + bad)
            let outcome = await stand.run("create -f \(file)")
            #expect(outcome.code == 2)
            #expect(outcome.error.contains("spec.template.spec.containers[0].imagee: unknown field"))
            let list = await stand.run("list rollouts")
            #expect(list.error == "No resources found.\n")
            let other = stand.file("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
            #expect(await stand.run("create -f \(other)").error.contains("cannot be created here"))
        }
    }

    @Test("create analysisrun fills a template in")
    func analysisRun() async throws {
        try await CommandStand.with { stand in
            _ = await stand.run("create -f \(stand.file("t.yaml", Self.template))")
            let outcome = await stand.run(
                "create ar --from errors --name one --instance-id blue -a service=web", as: .argoRollouts)
            #expect(outcome.output == "analysisrun.argoproj.io/one created\n", "\(outcome.error)")
            let run = try await stand.get(.analysisRuns, "one")
            #expect(
                run.at("spec", "args") == [["name": "service", "value": "web"], ["name": "limit", "value": "5"]])
            #expect(run.labels["argo-rollouts.argoproj.io/controller-instance-id"] == "blue")
            let file = stand.file("u.yaml", Self.template)
            let generated = await stand.run("create analysisrun --from-file \(file) -a service=web")
            #expect(generated.output.hasPrefix("analysisrun.argoproj.io/errors-"))
            #expect(await stand.run("create ar --from errors").error.contains("give it with -a service=VALUE"))
            #expect(await stand.run("create ar --from errors -a nope=1").error.contains("it has service, limit"))
            #expect(await stand.run("create ar --from errors --from-file x").code == 64)
        }
    }

    @Test("lint prints every problem of every document, and ends with 1")
    func lint() async throws {
        try await CommandStand.with { stand in
            let bad = Self.rollout.replacing("setWeight: 20", with: "setWeight: 120").replacing(
                "selector:", with: "selectr:")
            let file = stand.file("lint.yaml", Self.template + "---\n" + bad)
            for invocation in [Invocation.sluice, .argoRollouts] {
                let outcome = await stand.run(["lint", "-f", file], as: invocation)
                #expect(outcome.code == 1)
                #expect(outcome.output.contains("Rollout web: spec.selectr: Invalid value: unknown field"))
                #expect(outcome.output.contains("Rollout web: spec.strategy.canary.steps[0].setWeight"))
                #expect(outcome.output.contains("Rollout web: spec.selector: Required value"))
            }
            let good = await stand.run(["lint", "-f", stand.file("good.yaml", Self.rollout)])
            #expect(good.code == 0)
            #expect(good.output == "")
        }
    }

    @Test("notification templates and triggers are read from files and tried on a Rollout")
    func notifications() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let map = stand.file(
                "map.yaml",
                """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: argo-rollouts-notification-configmap}
                data:
                  template.done: |
                    message: "{{.rollout.metadata.name}} is {{.rollout.status.phase}}"
                  trigger.on-done: |
                    - send: [done]
                      when: rollout.status.phase == 'Healthy'
                    - send: [done]
                      when: rollout.status.phase == 'Paused'
                """)
            let files = " --config-map \(map) --secret :empty"
            #expect(
                await stand.run("notifications template get" + files).output
                    == "NAME  PREVIEW\ndone  {{.rollout.metadata.name}} is {{.rollout.status.phase}}\n")
            #expect(await stand.run("notifications trigger get" + files).output.contains("on-done  done,done"))
            let sent = await stand.run("notifications template notify done shop" + files)
            #expect(sent.output == "shop is Paused\n", "\(sent.error)")
            let run = await stand.run("notifications trigger run on-done shop" + files)
            #expect(
                run.output == """
                    CONDITION                          RESULT
                    rollout.status.phase == 'Healthy'  false
                    rollout.status.phase == 'Paused'   true

                    """,
                "\(run.error)")
            #expect(await stand.run("notifications trigger run nope shop" + files).code == 2)
        }
    }

    @Test("a template is tried on what the controller would give it: the workload, and the current runs, newest first")
    func notificationContext() async throws {
        try await CommandStand.with { stand in
            let labels: JSON = ["rollouts-pod-template-hash": "abc"]
            try await stand.create(
                Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment"),
                ["metadata": ["name": "origin", "namespace": "prod"], "spec": CommandStand.spec([:], image: "shop:7")])
            let rollout = try await stand.create(
                .rollouts,
                [
                    "metadata": [
                        "name": "shop", "namespace": "prod", "annotations": ["rollout.argoproj.io/revision": "7"],
                    ],
                    "spec": [
                        "workloadRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "origin"],
                        "strategy": CommandStand.steps,
                    ], "status": ["currentPodHash": "abc"],
                ])
            for (name, hash, revision) in [
                ("older", "abc", "7"), ("newer", "abc", "7"), ("other-pods", "def", "7"),
                ("other-revision", "abc", "5"),
            ] {
                var run: JSON = [
                    "metadata": [
                        "name": .string(name), "namespace": "prod", "labels": labels,
                        "annotations": ["rollout.argoproj.io/revision": .string(revision)],
                    ], "spec": ["metrics": []], "status": ["phase": "Running"],
                ]
                run.set(.string(hash), at: "metadata", "labels", "rollouts-pod-template-hash")
                try await stand.create(.analysisRuns, run, owner: rollout)
                stand.pass(.seconds(60))
            }
            let map = stand.file(
                "map.yaml",
                """
                data:
                  template.seen: |
                    message: "{{(index .rollout.spec.template.spec.containers 0).image}}
                      {{range .analysisRuns}} {{.metadata.name}}{{end}}"
                  trigger.on-seen: |
                    - send: [seen]
                      when: analysisRuns[0].metadata.name == 'newer' and len(analysisRuns) == 2
                """)
            let files = " --config-map \(map) --secret :empty"
            let sent = await stand.run("notifications template notify seen shop" + files)
            #expect(sent.output == "shop:7  newer older\n", "\(sent.error)")
            let run = await stand.run("notifications trigger run on-seen shop" + files)
            #expect(run.output.contains("  true\n"), "\(run.output)\(run.error)")
        }
    }

    @Test("why a template, trigger or service cannot be used is told on standard error, and nothing of other keys")
    func unusableKeys() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let map = stand.file(
                "map.yaml",
                """
                data:
                  service.webhook.hooks: "url: https://example.org/$token"
                  template.good: "message: hello"
                  template.bad: "message: '{{nope 1}}'"
                  trigger.on-bad: "- when: 1 +"
                  trigger.on-other: "- when: 2 +"
                """)
            let files = " --config-map \(map) --secret :empty"
            for (command, warning) in [
                ("template notify bad shop", "warning: template.bad: "),
                ("trigger run on-bad shop", "warning: trigger.on-bad: "),
                (
                    "template notify good shop --recipient hooks:x",
                    "warning: service.webhook.hooks: the Secret has no key token\n"
                ),
            ] {
                let outcome = await stand.run("notifications " + command + files)
                #expect(outcome.code == 2)
                #expect(outcome.output == "")
                #expect(outcome.error.hasPrefix(warning), "\(outcome.error)")
                #expect(outcome.error.split(separator: "\n").count { $0.hasPrefix("warning: ") } == 1)
            }
            #expect(await stand.run("notifications template notify good shop" + files).error == "")
        }
    }
}
