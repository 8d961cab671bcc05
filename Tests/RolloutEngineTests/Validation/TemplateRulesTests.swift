import Manifest
import RolloutEngine
import Testing

@Suite("Rules of the pod template") struct TemplateRulesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        /// Merge patch of `spec.template`, or of its only container.
        var patch: JSON
        var path: String
        var words: String
        var testDescription: String { "\(path): \(words)" }

        static func pod(_ spec: JSON, _ path: String, _ words: String) -> Row {
            Row(patch: ["spec": spec], path: "spec.\(path)", words: words)
        }

        static func container(_ more: JSON, _ path: String, _ words: String) -> Row {
            pod(["containers": [container(more)]], "containers[0].\(path)", words)
        }

        static func volume(_ source: JSON, _ path: String, _ words: String) -> Row {
            pod(["volumes": [TemplateRulesTests.volume(source)]], "volumes[0].\(path)", words)
        }

        private static func container(_ more: JSON) -> JSON { TemplateRulesTests.container(more) }
    }

    static func container(_ more: JSON) -> JSON { MergePatch.apply(more, to: ["name": "web", "image": "web:1"]) }
    static func volume(_ source: JSON) -> JSON { MergePatch.apply(source, to: ["name": "v"]) }

    static let metadataRows: [Row] = [
        Row(patch: ["metadata": ["labels": ["-a": "b"]]], path: "metadata.labels", words: "\"-a\" is no label key"),
        Row(
            patch: ["metadata": ["labels": ["a": "b c"]]], path: "metadata.labels",
            words: "\"b c\" of a is no label value"),
        Row(
            patch: ["metadata": ["annotations": ["a/b/c": ""]]], path: "metadata.annotations",
            words: "\"a/b/c\" is no annotation key"),
        Row(
            patch: ["metadata": ["annotations": ["a": .string(String(repeating: "x", count: 262_144))]]],
            path: "metadata.annotations", words: "more than 262144"),
    ]

    static let podRows: [Row] = [
        .pod(["containers": []], "containers", "at least one container"),
        .pod(["containers": [["name": "", "image": "x"]]], "containers[0].name", "needs a name"),
        .pod(["containers": [["name": "Web", "image": "x"]]], "containers[0].name", "no DNS label"),
        .pod(["containers": [["name": "web"]]], "containers[0].image", "needs an image"),
        .pod(
            ["initContainers": [["name": "web", "image": "x"]]], "containers[0].name", "\"web\" is used twice"),
        .pod(["restartPolicy": "Never"], "restartPolicy", "use Always"),
        .pod(["activeDeadlineSeconds": 5], "activeDeadlineSeconds", "have no deadline"),
        .pod(["ephemeralContainers": [["name": "d", "image": "x"]]], "ephemeralContainers", "not allowed"),
        .pod(["dnsPolicy": "Best"], "dnsPolicy", "\"Best\" is unknown"),
        .pod(["dnsPolicy": "None"], "dnsConfig.nameservers", "needs a name server"),
        .pod(["dnsConfig": ["nameservers": ["x"]]], "dnsConfig.nameservers[0]", "no IP address"),
        .pod(["hostAliases": [["ip": "300.1.1.1"]]], "hostAliases[0].ip", "no IP address"),
        .pod(["hostAliases": [["ip": "1.1.1.1", "hostnames": ["A"]]]], "hostAliases[0].hostnames[0]", "no DNS name"),
        .pod(["serviceAccountName": "My account"], "serviceAccountName", "no DNS name"),
        .pod(["hostname": "a.b"], "hostname", "no DNS label"),
        .pod(["nodeSelector": ["a": "b c"]], "nodeSelector", "no label value"),
        .pod(["shareProcessNamespace": true, "hostPID": true], "shareProcessNamespace", "cannot be combined"),
        .pod(["securityContext": ["runAsUser": -1]], "securityContext.runAsUser", "-1 is no user"),
        .pod(
            ["securityContext": ["supplementalGroups": [2_147_483_648]]], "securityContext.supplementalGroups[0]",
            "no user"),
        .pod(
            ["securityContext": ["seccompProfile": ["type": "Localhost"]]],
            "securityContext.seccompProfile.localhostProfile", "is needed"),
        .pod(
            ["tolerations": [["operator": "Equal", "value": "a"]]], "tolerations[0].operator",
            "must be Exists without a key"),
        .pod(
            ["tolerations": [["key": "a", "operator": "Exists", "value": "b"]]], "tolerations[0].value", "must be empty"
        ),
        .pod(["tolerations": [["key": "a", "operator": "Has"]]], "tolerations[0].operator", "\"Has\" is unknown"),
        .pod(["tolerations": [["key": "a", "effect": "Never"]]], "tolerations[0].effect", "\"Never\" is unknown"),
        .pod(["tolerations": [["key": "a", "tolerationSeconds": 5]]], "tolerations[0].effect", "must be NoExecute"),
        .pod(
            [
                "topologySpreadConstraints": [
                    ["maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"]
                ]
            ],
            "topologySpreadConstraints[0].maxSkew", "must be above 0"),
        .pod(
            ["topologySpreadConstraints": [["maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"]]],
            "topologySpreadConstraints[0].topologyKey", "is needed"),
        .pod(
            ["topologySpreadConstraints": [["maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "Maybe"]]],
            "topologySpreadConstraints[0].whenUnsatisfiable", "\"Maybe\" is unknown"),
        .pod(
            ["affinity": ["podAntiAffinity": [ValidationTests.required: [["labelSelector": [:]]]]]],
            "affinity.podAntiAffinity.\(ValidationTests.required)[0].topologyKey", "is needed"),
        .pod(
            [
                "affinity": [
                    "podAffinity": [
                        ValidationTests.preferred: [["weight": 0, "podAffinityTerm": ["topologyKey": "zone"]]]
                    ]
                ]
            ],
            "affinity.podAffinity.\(ValidationTests.preferred)[0].weight", "outside 1..100"),
        .pod(
            ["affinity": ["nodeAffinity": [ValidationTests.required: ["nodeSelectorTerms": []]]]],
            "affinity.nodeAffinity.\(ValidationTests.required).nodeSelectorTerms", "at least one term"),
        .pod(
            [
                "affinity": [
                    "nodeAffinity": [
                        ValidationTests.preferred: [
                            ["weight": 1, "preference": ["matchExpressions": [["key": "a", "operator": "In"]]]]
                        ]
                    ]
                ]
            ],
            "affinity.nodeAffinity.\(ValidationTests.preferred)[0].preference.matchExpressions[0].values",
            "needs values"),
    ]

    static let containerRows: [Row] = [
        .container(["imagePullPolicy": "Sometimes"], "imagePullPolicy", "use Always, IfNotPresent, Never"),
        .container(["terminationMessagePolicy": "Log"], "terminationMessagePolicy", "\"Log\" is unknown"),
        .container(["ports": [["containerPort": 0]]], "ports[0].containerPort", "from 1 to 65535"),
        .container(["ports": [["containerPort": 65_536]]], "ports[0].containerPort", "65536 is no port"),
        .container(["ports": [["containerPort": 80, "protocol": "HTTP"]]], "ports[0].protocol", "use TCP, UDP, SCTP"),
        .container(["ports": [["containerPort": 80, "name": "Http"]]], "ports[0].name", "no port name"),
        .container(["ports": [["containerPort": 80, "name": "123"]]], "ports[0].name", "with a letter"),
        .container(
            ["ports": [["containerPort": 80, "name": "a"], ["containerPort": 81, "name": "a"]]], "ports[1].name",
            "is used twice"),
        .container(
            ["ports": [["containerPort": 80, "hostPort": 80], ["containerPort": 81, "hostPort": 80]]],
            "ports[1].hostPort", "80/TCP is used twice"),
        .pod(
            ["hostNetwork": true, "containers": [container(["ports": [["containerPort": 80, "hostPort": 81]]])]],
            "containers[0].ports[0].hostPort", "must be containerPort 80"),
        .container(["env": [["name": ""]]], "env[0].name", "needs a name"),
        .container(["env": [["name": "a=b"]]], "env[0].name", "no name of a variable"),
        .container(
            ["env": [["name": "A", "value": "b", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]]],
            "env[0].valueFrom", "cannot be combined with value"),
        .container(["env": [["name": "A", "valueFrom": [:]]]], "env[0].valueFrom", "exactly one source"),
        .container(
            ["env": [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "c"]]]]],
            "env[0].valueFrom.configMapKeyRef.key", "is needed"),
        .container(["envFrom": [[:]]], "envFrom[0]", "exactly one source"),
        .container(["envFrom": [["secretRef": [:]]]], "envFrom[0].secretRef.name", "is needed"),
        .container(
            ["resources": ["requests": ["cpu": 2], "limits": ["cpu": "1500m"]]], "resources.requests.cpu",
            "2 exceeds the limit 1500m"),
        .container(["resources": ["limits": ["memory": "-1Gi"]]], "resources.limits.memory", "cannot be negative"),
        .container(["resources": ["limits": ["gpu": 1]]], "resources.limits", "no standard resource"),
        .container(
            ["resources": ["limits": ["example.org/gpu": "1500m"]]], "resources.limits.example.org/gpu",
            "must be a whole number"),
        .container(
            ["resources": ["requests": ["example.org/gpu": 1]]], "resources.limits.example.org/gpu", "needs a limit"),
        .container(
            ["resources": ["requests": ["example.org/gpu": 1], "limits": ["example.org/gpu": 2]]],
            "resources.requests.example.org/gpu", "must equal the limit"),
        .container(["livenessProbe": [:]], "livenessProbe", "exactly one handler"),
        .container(
            ["readinessProbe": ["exec": ["command": ["a"]], "tcpSocket": ["port": 1]]], "readinessProbe",
            "exactly one handler"),
        .container(["readinessProbe": ["httpGet": ["path": "/"]]], "readinessProbe.httpGet.port", "is needed"),
        .container(["readinessProbe": ["httpGet": ["port": "no_name"]]], "readinessProbe.httpGet.port", "no port name"),
        .container(
            ["readinessProbe": ["tcpSocket": ["port": 1], "periodSeconds": -1]], "readinessProbe.periodSeconds",
            "cannot be negative"),
        .container(
            ["livenessProbe": ["tcpSocket": ["port": 1], "successThreshold": 2]], "livenessProbe.successThreshold",
            "must be 1"),
        .container(
            ["startupProbe": ["tcpSocket": ["port": 1], "terminationGracePeriodSeconds": 0]],
            "startupProbe.terminationGracePeriodSeconds", "must be above 0"),
        .container(
            ["readinessProbe": ["tcpSocket": ["port": 1], "terminationGracePeriodSeconds": 5]],
            "readinessProbe.terminationGracePeriodSeconds", "ends nothing"),
        .container(["lifecycle": ["preStop": [:]]], "lifecycle.preStop", "exactly one handler"),
        .container(["lifecycle": ["postStart": ["exec": [:]]]], "lifecycle.postStart.exec.command", "is needed"),
        .container(
            ["lifecycle": ["preStop": ["sleep": ["seconds": 31]]]], "lifecycle.preStop.sleep.seconds",
            "not within terminationGracePeriodSeconds (30)"),
        .pod(
            ["initContainers": [["name": "i", "image": "x", "livenessProbe": ["tcpSocket": ["port": 1]]]]],
            "initContainers[0].livenessProbe", "init container has no probes"),
        .container(["securityContext": ["runAsGroup": -5]], "securityContext.runAsGroup", "-5 is no user or group"),
    ]

    static let volumeRows: [Row] = [
        .volume(["name": ""], "name", "needs a name"),
        .volume(["name": "A_b"], "name", "no DNS label"),
        .pod(["volumes": [["name": "v"], ["name": "v"]]], "volumes[1].name", "is used twice"),
        .volume(["emptyDir": [:], "configMap": ["name": "c"]], "", "found configMap, emptyDir; keep one"),
        .volume(["hostPath": [:]], "hostPath.path", "is needed"),
        .volume(["hostPath": ["path": "/a/../b"]], "hostPath.path", "must not contain '..'"),
        .volume(["hostPath": ["path": "/a", "type": "Any"]], "hostPath.type", "\"Any\" is unknown"),
        .volume(["secret": [:]], "secret.secretName", "is needed"),
        .volume(["secret": ["secretName": "s", "defaultMode": 512]], "secret.defaultMode", "no file mode"),
        .volume(["configMap": [:]], "configMap.name", "is needed"),
        .volume(
            ["configMap": ["name": "c", "items": [["key": "k", "path": "/abs"]]]], "configMap.items[0].path",
            "must be relative"),
        .volume(["configMap": ["name": "c", "items": [["path": "p"]]]], "configMap.items[0].key", "is needed"),
        .volume(["persistentVolumeClaim": [:]], "persistentVolumeClaim.claimName", "is needed"),
        .volume(["nfs": ["server": "s", "path": "rel"]], "nfs.path", "not absolute"),
        .volume(["emptyDir": ["sizeLimit": "-1Gi"]], "emptyDir.sizeLimit", "cannot be negative"),
        .volume(["csi": [:]], "csi.driver", "is needed"),
        .volume(["projected": ["sources": [[:]]]], "projected.sources[0]", "exactly one source"),
        .volume(
            ["projected": ["sources": [["serviceAccountToken": ["path": "t", "expirationSeconds": 5]]]]],
            "projected.sources[0].serviceAccountToken.expirationSeconds", "use 600 or more"),
        .volume(
            ["downwardAPI": ["items": [["path": "p"]]]], "downwardAPI.items[0]", "exactly one source"),
        .volume(
            ["ephemeral": ["volumeClaimTemplate": ["spec": ["accessModes": ["ReadWriteOnce"]]]]],
            "ephemeral.volumeClaimTemplate.spec.resources.requests.storage", "is needed"),
        .container(
            ["volumeMounts": [["name": "w", "mountPath": "/a"]]], "volumeMounts[0].name", "no volume is called"),
        .pod(
            ["volumes": [["name": "v"]], "containers": [container(["volumeMounts": [["name": "v"]]])]],
            "containers[0].volumeMounts[0].mountPath", "is needed"),
        .pod(
            [
                "volumes": [["name": "v"]],
                "containers": [
                    container(["volumeMounts": [["name": "v", "mountPath": "/a"], ["name": "v", "mountPath": "/a"]]])
                ],
            ],
            "containers[0].volumeMounts[1].mountPath", "is used twice"),
        .pod(
            [
                "volumes": [["name": "v"]],
                "containers": [container(["volumeMounts": [["name": "v", "mountPath": "/a", "subPath": "../b"]]])],
            ],
            "containers[0].volumeMounts[0].subPath", "must be relative"),
        .volume(
            ["gcePersistentDisk": ["pdName": "d"]], "gcePersistentDisk.readOnly",
            "must be read only with several replicas"),
    ]

    @Test(
        "what an API server refuses is found, at its path and alone",
        arguments: metadataRows + podRows + containerRows + volumeRows)
    func refused(_ row: Row) throws {
        let problems = try ValidationTests.rollout(["spec": ["template": row.patch]]).problems
        var path = "spec.template.\(row.path)"
        if path.hasSuffix(".") { path.removeLast() }
        #expect(problems.map(\.path) == [path], "\(problems)")
        #expect(problems.first?.message.contains(row.words) ?? false, "\(problems)")
        #expect(problems.first?.message.contains(";") ?? false, "names the cure")
    }

    static let accepted: [JSON] = [
        ["terminationGracePeriodSeconds": -1], ["restartPolicy": ""], ["containers": [container(["image": " "])]],
        ["volumes": [["name": "v"]]], ["volumes": [["name": "v", "emptyDir": .null, "configMap": ["name": "c"]]]],
        ["tolerations": [["operator": "Exists"]]], ["tolerations": [["key": "a", "operator": "Gt", "value": "5"]]],
        ["hostNetwork": true, "containers": [container(["ports": [["containerPort": 80]]])]],
        ["containers": [container(["env": [["name": "my.var-1"], ["name": "A", "valueFrom": .null]]])]],
        ["containers": [container(["env": [["name": "A"], ["name": "A"]]])]],
        [
            "containers": [
                container([
                    "resources": [
                        "limits": ["example.org/gpu": 1, "hugepages-2Mi": "4Mi"], "requests": ["cpu": "100m"],
                    ]
                ])
            ]
        ],
        ["containers": [container(["resources": ["requests": ["cpu": "1"], "limits": ["cpu": "1000m"]]])]],
        ["containers": [container(["securityContext": ["privileged": true, "allowPrivilegeEscalation": false]])]],
        ["containers": [container(["livenessProbe": ["grpc": ["port": 80], "successThreshold": 0]])]],
        ["containers": [container(["readinessProbe": ["httpGet": ["port": "http"], "successThreshold": 3]])]],
        [
            "initContainers": [
                ["name": "i", "image": "x", "restartPolicy": "Always", "startupProbe": ["tcpSocket": ["port": 1]]]
            ]
        ],
        [
            "containers": [
                container([
                    "ports": [
                        ["containerPort": 80, "hostPort": 80],
                        ["containerPort": 81, "hostPort": 80, "protocol": "UDP"],
                    ]
                ])
            ]
        ],
        [
            "terminationGracePeriodSeconds": 60,
            "containers": [container(["lifecycle": ["preStop": ["sleep": ["seconds": 45]]]])],
        ],
        ["hostAliases": [["ip": "fe80::1", "hostnames": ["a.b"]]]], ["unknownField": ["any": "thing"]],
        [
            "volumes": [
                [
                    "name": "v",
                    "projected": [
                        "sources": [
                            ["configMap": ["name": "c"]], ["secret": ["name": "s"]], ["downwardAPI": ["items": []]],
                        ]
                    ],
                ], ["name": "p", "persistentVolumeClaim": ["claimName": "c"]], ["name": "i", "image": [:]],
                ["name": "d", "gcePersistentDisk": ["pdName": "d", "readOnly": true]],
                ["name": "e", "awsElasticBlockStore": ["volumeID": "d"]],
            ],
            "containers": [
                container([
                    "volumeDevices": [["name": "p", "devicePath": "/dev/a"]],
                    "volumeMounts": [["name": "v", "mountPath": "/a", "subPath": "a..b"]],
                ])
            ],
        ],
    ]

    @Test("what an API server accepts is accepted", arguments: accepted)
    func tolerated(_ spec: JSON) throws {
        #expect(try ValidationTests.rollout(["spec": ["template": ["spec": spec]]]).problems.map(\.description) == [])
    }

    @Test("one pod alone may write its disk, and upper case is no matter in an annotation's prefix")
    func single() throws {
        let disk: JSON = ["volumes": [["name": "v", "gcePersistentDisk": ["pdName": "d"]]]]
        let patch: JSON = [
            "spec": ["replicas": 1, "template": ["spec": disk, "metadata": ["annotations": ["Example.ORG/a": "b"]]]]
        ]
        #expect(try ValidationTests.rollout(patch).problems.isEmpty)
    }

    @Test("several problems come in the same order each time")
    func order() throws {
        let spec: JSON = [
            "restartPolicy": "Never", "hostname": "A", "dnsPolicy": "x", "activeDeadlineSeconds": 1,
            "serviceAccountName": "B",
        ]
        let paths = try ValidationTests.rollout(["spec": ["template": ["spec": spec]]]).problems.map(\.path)
        #expect(paths.count == 5 && paths == paths.sorted())
    }

    @Test("a template that was sound once is no excuse for one of the same digest that is not")
    func remembered() throws {
        // The digest leaves the hash label out.
        let sound: JSON = ["metadata": ["labels": ["rollouts-pod-template-hash": "abc"]]]
        let bad: JSON = ["metadata": ["labels": ["rollouts-pod-template-hash": "a b"]]]
        for _ in 0..<2 {
            #expect(try ValidationTests.rollout(["spec": ["template": sound]]).problems.isEmpty)
            #expect(try ValidationTests.rollout(["spec": ["template": bad]]).problems.count == 1)
        }
    }
}
