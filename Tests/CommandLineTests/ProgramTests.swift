import ArgumentParser
import Controllers
import Manifest
import SluiceTestKit
import Testing

@testable import sluice

@Suite("The program's name and arguments") struct ProgramTests {
    @Test(
        "the name it is called by decides",
        arguments: [
            ("/usr/local/bin/sluice", .sluice), ("kubectl-sluice", .plugin), ("./kubectl-argo-rollouts", .argoRollouts),
            ("/opt/kubectl-argo-rollouts-linux-amd64", .argoRollouts), ("", .sluice),
        ] as [(String, Invocation)])
    func name(path: String, expected: Invocation) { #expect(Invocation(path: path) == expected) }

    @Test("in the place of Argo Rollouts' plugin every failure is 1")
    func codes() {
        for code: Int32 in [1, 2, 64, 130] {
            #expect(Invocation.argoRollouts.exitCode(code) == 1)
            #expect(Invocation.plugin.exitCode(code) == code)
        }
        #expect(Invocation.argoRollouts.exitCode(0) == 0)
    }

    @Test(
        "arguments as kubectl's plugins take them",
        arguments: [
            ("-n prod get rollout web", "get rollout -n prod web"),
            ("get -n prod rollout web", "get rollout -n prod web"),
            ("--context=c --as me list ro -A", "list ro --context=c --as me -A"),
            ("-nprod abort web", "abort -n prod web"),
            ("--insecure-skip-tls-verify=true abort web", "abort --insecure-skip-tls-verify web"),
            ("status web --watch=false", "status web --no-watch"),
            ("status web -w=false -t=5s", "status web --no-watch -t 5s"),
            ("status web --watch=true", "status web --watch"),
            ("promote web --full=false", "promote web"),
            ("list ro -ojson", "list ro -o json"),
            ("promote web -c", "promote web -c"),
            ("set image web web=shop:1=x", "set image web web=shop:1=x"),
            ("create ar --from t -a name=true", "create ar --from t -a name=true"),
            ("abort -- -nweb --full=true", "abort -- -nweb --full=true"),
            ("get rollout get", "get rollout get"),
            ("controller --leader-elect=false --namespaced=true", "controller --no-leader-elect --namespaced"),
            ("controller --leader-elect", "controller --leader-elect"),
            ("get rollout web --watch=false", "get rollout web"),
            ("list ro -w=false", "list ro"),
            ("create -f x -w=false", "create -f x"),
            ("create --no-color=true -f x", "create --no-color -f x"),
            ("controller --qps=1 --leader-elect=true", "controller --qps=1 --leader-elect"),
            ("-n", "-n"),
            ("", ""),
        ])
    func order(given: String, expected: String) {
        let words = given.split(separator: " ").map(String.init)
        #expect(ArgumentOrder.parsable(words, root: Sluice.self).joined(separator: " ") == expected)
    }

    @Test("an option with nothing behind its sign is empty, whatever follows")
    func empty() {
        #expect(
            ArgumentOrder.parsable(["controller", "--logformat=", "--context="], root: Sluice.self)
                == ["controller", "--logformat", "", "--context", ""])
    }

    @Test("every flag of every command takes =true and =false")
    func flags() {
        var seen = 0
        func look(_ command: any ParsableCommand.Type, _ words: [String]) {
            let inner = command.configuration.subcommands
            for next in inner { look(next, words + [next._commandName]) }
            guard inner.isEmpty else { return }
            let declared = DeclaredFlags(of: command)
            let flags = declared.names.filter { $0 != "--help" && $0 != "-h" }
            #expect(flags.allSatisfy { declared.words(for: $0, isOn: true) == [$0] }, "\(words)")
            // Turned off, it is as if it were not there, or its opposite is.
            let opposites = flags.flatMap { declared.words(for: $0, isOn: false) ?? ["none"] }
            let expected = [["status"]: ["--no-watch", "--no-watch"], ["controller"]: ["--no-leader-elect"]]
            #expect(opposites == expected[words] ?? [], "\(words)")
            seen += flags.count
        }
        look(Sluice.self, [])
        #expect(seen > 50)
    }

    @Test("help and completion name the program as it was called", arguments: [Invocation.sluice, .argoRollouts])
    func help(_ invocation: Invocation) async throws {
        try await CommandStand.with { stand in
            let help = await stand.run(["promote", "--help"], as: invocation)
            #expect(help.output.contains("USAGE: \(invocation.rawValue) promote"))
            #expect(help.code == 0)
            for shell in ["bash", "zsh", "fish", "powershell"] {
                let script = await stand.run(["completion", shell], as: invocation)
                #expect(script.output.contains(invocation.rawValue), "\(shell)")
                #expect(script.output.contains("terminate"), "\(shell)")
                #expect(script.code == 0)
            }
            #expect(await stand.run(["completion", "tcsh"], as: invocation).code == invocation.exitCode(64))
        }
    }

    @Test("a group of commands without one of them is wrong usage", arguments: ["get", "list", "set", "terminate"])
    func group(_ word: String) async throws {
        try await CommandStand.with { stand in
            for (invocation, code) in [(Invocation.sluice, Int32(64)), (.argoRollouts, 1)] {
                let outcome = await stand.run([word], as: invocation)
                #expect(outcome.code == code)
                #expect(outcome.error.contains("USAGE"))
                #expect(outcome.output == "")
            }
            let help = await stand.run(["help", word])
            #expect(help.code == 0)
            #expect(help.output.contains("USAGE"))
        }
    }

    @Test(
        "a word that a group of commands does not have is told, with what it has",
        arguments: [
            ("get rollot web", "get has no \"rollot\"; it has rollout, experiment"),
            ("-n shop get rollot web", "get has no \"rollot\"; it has rollout, experiment"),
            ("gett rollout", "sluice has no \"gett\"; it has get, list, "), ("get rollout", nil),
        ] as [(String, String?)])
    func choices(arguments: String, expected: String?) async throws {
        try await CommandStand.with { stand in
            let outcome = await stand.run(arguments)
            #expect(outcome.code == 64)
            #expect(outcome.error.contains(expected ?? "Missing"), "\(outcome.error)")
            #expect(outcome.error.contains(" has no ") == (expected != nil))
        }
    }

    @Test("a server that is not there is told, not waited for")
    func away() async throws {
        try await CommandStand.with { stand in
            let outcome = await stand.run(
                ["list", "rollouts", "--server", "http://127.0.0.1:1", "--request-timeout", "1s"])
            #expect(outcome.code == 2)
            #expect(outcome.error.hasPrefix("error: "))
        }
    }

    @Test("flags of the connection beat the kubeconfig")
    func connection() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            for flags in [
                ["--user", "nobody"], ["--cluster", "nowhere"], ["--context", "nothing"],
            ] {
                let outcome = await stand.run(["list", "rollouts"] + flags)
                #expect(outcome.code == 2)
                #expect(outcome.error.contains(flags[1]), "\(outcome.error)")
            }
            #expect(await stand.run(["list", "rollouts", "--as-group", "x"]).code == 64)
            let told = await stand.run(["list", "rollouts", "-n", "prod", "-v=6"])
            #expect(told.error.contains("GET 127.0.0.1"), "\(told.error)")
            #expect(told.output.contains("shop"))
        }
    }

    @Test(
        "the command line of Argo Rollouts' controller is understood",
        arguments: [
            "--instance-id e2e --loglevel debug --kloglevel 6", "--metricsport 9090 --healthzPort 9091",
            "--as me --as-group ours --request-timeout 30s --server http://127.0.0.1:1 --token t",
            "--controllers analysis --loglevel fatal", "--qps 40 --burst 80 --service-threads 10 --leader-elect=false",
            "--namespaced=true --namespace ours --self-service-notification-enabled=true",
            "--aws-verify-target-group=false --restore-workload-on-delete=true", "--namespaced",
            "--alb-verify-weight=false --enable-pprof-address=localhost:6060",
            "--leader-election-lease-duration 15s --leader-election-renew-deadline 1000ms",
            "--leader-election-retry-period=2s --leader-election-lease-duration 20",
            "--logformat= --instance-id= --kubeconfig= --namespace= --sync-as= --default-on-rejection=",
        ])
    func controllerFlags(_ flags: String) async throws {
        try await CommandStand.with { stand in
            let end = await stand.run(["controller"] + flags.split(separator: " ").map(String.init) + ["--version"])
            #expect(end.output == "sluice controller \(Version.number)\n")
            #expect(end.code == 0)
        }
    }

    @Test(
        "and what means nothing is refused with the cure",
        arguments: [
            ("--controllers rollouts", "use all or analysis"), ("--loglevel loud", "use trace, debug"),
            ("--alb-verify-weight", "remove it"), ("--alb-verify-weight=true", "remove it"),
            ("--leader-election-lease-duration 5s", "must be below"),
            ("--leader-election-retry-period soon", "soon"), ("--leader-election-renew-deadline 0s", "0s"),
        ])
    func controllerFlagsRefused(_ flags: String, _ message: String) async throws {
        try await CommandStand.with { stand in
            let end = await stand.run(["controller"] + flags.split(separator: " ").map(String.init))
            #expect(end.code == 64)
            #expect(end.error.contains(message), "\(end.error)")
        }
    }

    @Test(
        "with --namespaced it stays in one namespace: the given one, the pod's, or the kubeconfig's",
        arguments: [
            (["--namespaced", "-n", "given"], "given"), (["--namespaced"], "pod"),
            (["--namespaced", "--namespace="], "pod"), ([], nil),
        ] as [([String], String?)])
    func namespaced(arguments: [String], expected: String?) throws {
        let command = try ControllerCommand.parse(
            ArgumentOrder.parsable(["controller"] + arguments, root: Sluice.self).dropFirst().map { $0 })
        let options = command.options("current", variable: { ["POD_NAMESPACE": "pod"][$0] })
        #expect(options.namespace == expected)
        #expect(options.controllerNamespace == "pod")
        #expect(options.argoRolloutsNamespace == expected ?? "argo-rollouts")
        #expect(options.argocdNamespace == expected ?? "argocd")
        #expect(
            command.options("current", variable: { _ in nil }).namespace
                == (arguments.contains("given") ? "given" : expected.map { _ in "current" }))
    }

    @Test("and the ServiceAccount's before the kubeconfig's")
    func serviceAccount() throws {
        let folder = SluiceTestKit.TemporaryFolder()
        _ = folder.write("namespace", "account\n")
        let variables = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"]
        let options = try ControllerCommand.parse(["--namespaced"])
            .options("current", variable: { variables[$0] }, serviceAccount: folder.path)
        #expect(options.namespace == "account")
        #expect(options.argoRolloutsNamespace == "account")
    }

    @Test("versions")
    func version() async throws {
        try await CommandStand.with { stand in
            #expect(await stand.run(["version", "--short"]).output == "\(Version.number)\n")
            #expect(
                await stand.run(["version", "--short"], as: .argoRollouts).output
                    == "kubectl-argo-rollouts: v\(Version.number)\n")
            #expect(await stand.run(["version"]).output.contains("Kubernetes v"))
        }
    }
}
