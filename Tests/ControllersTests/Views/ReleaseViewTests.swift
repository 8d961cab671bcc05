import Controllers
import Manifest
import Testing

@Suite("Applications and Releases") struct ReleaseViewTests {
    static let release: JSON = [
        "metadata": ["name": "shop-1f3c9a2", "namespace": "argocd"],
        "spec": [
            "revision": "1f3c9a2b", "onRejection": "revert", "sequence": 2,
            "rollouts": [["group": "argoproj.io", "kind": "Rollout", "namespace": "prod", "name": "shop"]],
        ],
        "status": [
            "phase": "Rejected", "reason": "AnalysisFailed", "message": "the error rate was too high",
            "startedAt": ViewFixtures.ago(300), "endedAt": ViewFixtures.ago(100), "revertedBy": "abcdef12",
            "changed": [
                ["group": "", "kind": "ConfigMap", "namespace": "prod", "name": "settings", "change": "Added"],
                ["group": "argoproj.io", "kind": "Rollout", "namespace": "prod", "name": "shop", "change": "Modified"],
            ],
            "evidence": [
                [
                    "group": "argoproj.io", "kind": "AnalysisRun", "namespace": "prod", "name": "shop-7",
                    "metric": "errors",
                    "value": "0.1", "condition": "result < 0.05", "phase": "Failed",
                ]
            ],
        ],
    ]

    static let application: JSON = [
        "metadata": ["name": "shop", "namespace": "argocd"],
        "spec": [
            "project": "default", "destination": ["server": "https://kubernetes.default.svc", "namespace": "prod"],
            "source": [
                "repoURL": "https://user:secret@git.example.org/shop.git", "path": "overlay", "targetRevision": "main",
            ],
            "syncPolicy": ["automated": ["prune": true]],
        ],
        "status": [
            "sync": ["status": "OutOfSync", "revision": "1f3c9a2b"], "health": ["status": "Healthy"],
            "conditions": [
                [
                    "type": "CommitRejected", "message": "1f3c9a2 was rejected",
                    "lastTransitionTime": ViewFixtures.ago(100),
                ]
            ],
            "history": [["id": 1, "deployedAt": "2023-11-14T22:00:00Z", "revision": "1f3c9a2b"]],
            "resources": [
                [
                    "kind": "Service", "namespace": "prod", "name": "shop", "status": "Synced",
                    "health": ["status": "Healthy"],
                ]
            ],
        ],
    ]

    @Test("the way of a rejected commit")
    func trace() {
        let rollouts = [
            RolloutTrace(
                ViewFixtures.rollout, replicaSets: ViewFixtures.replicaSets, analysisRuns: ViewFixtures.analysisRuns)
        ]
        #expect(
            ReleaseView(Self.release, rollouts: rollouts, now: ViewFixtures.now).tree() == """
                Commit 1f3c9a2b
                └──Release argocd/shop-1f3c9a2  ✖ Rejected (AnalysisFailed)  after 3m20s
                   ├──the error rate was too high
                   ├──Objects
                   │  ├──Added ConfigMap prod/settings
                   │  └──Modified Rollout prod/shop
                   ├──Rollout prod/shop
                   │  ├──revision:7 ReplicaSet shop-7c5d9f6b84 (canary)
                   │  └──AnalysisRun shop-7c5d9f6b84-7 ◌ Running  ✔ 12,✖ 1
                   ├──Evidence
                   │  └──✖ AnalysisRun prod/shop-7 errors = 0.1 (wanted result < 0.05)
                   └──Verdict: Rejected (AnalysisFailed)
                      ├──on rejection: revert
                      └──reverted by commit abcdef12

                """)
    }

    @Test("an Application with its Release and resources, and without its password")
    func application() {
        #expect(
            ApplicationView(Self.application, releases: [Self.release], now: ViewFixtures.now).text() == """
                Name:               argocd/shop
                Project:            default
                Server:             https://kubernetes.default.svc
                Namespace:          prod
                Repo:               https://git.example.org/shop.git
                Target:             main
                Path:               overlay
                Sync Policy:        Auto-Prune
                Sync Status:        ⚠ OutOfSync (1f3c9a2)
                Health Status:      ✔ Healthy
                Release:            ✖ Rejected (AnalysisFailed)
                Condition:          CommitRejected: 1f3c9a2 was rejected

                GROUP  KIND     NAMESPACE  NAME  STATUS  HEALTH   MESSAGE
                       Service  prod       shop  Synced  Healthy

                """)
    }

    @Test("lists and history")
    func tables() {
        #expect(
            ApplicationRow.table([Self.application], isWide: true).text() == """
                NAME         CLUSTER                         NAMESPACE  PROJECT  STATUS     HEALTH   SYNCPOLICY  CONDITIONS      REPO                              PATH     TARGET
                argocd/shop  https://kubernetes.default.svc  prod       default  OutOfSync  Healthy  Auto-Prune  CommitRejected  https://git.example.org/shop.git  overlay  main

                """)
        #expect(
            ApplicationView(Self.application, releases: [Self.release], now: ViewFixtures.now).history.text() == """
                ID  DATE                  REVISION  RELEASE
                1   2023-11-14T22:00:00Z  1f3c9a2b  Rejected

                """)
    }

    @Test("why: what is waited for, since when, and who can move it")
    func why() {
        let view = WhyView(application: Self.application, releases: [Self.release])
        #expect(view.reason == "CommitRejected")
        #expect(view.text(now: ViewFixtures.now).contains("(100s ago)"))
        #expect(view.text(now: ViewFixtures.now).contains("moved by:  a new commit"))
        var healthy = Self.application
        healthy.set(["sync": ["status": "Synced"], "health": ["status": "Healthy"]], at: "status")
        #expect(
            WhyView(application: healthy, releases: []).text(now: ViewFixtures.now)
                == "Application argocd/shop waits for nothing: Synced and Healthy\n")
    }
}
