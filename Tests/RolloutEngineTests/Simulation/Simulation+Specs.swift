import Manifest

extension Simulation {
    mutating func makeSpec() -> JSON {
        let strategy: JSON = kind == .blueGreen ? ["blueGreen": makeBlueGreen()] : ["canary": makeCanary()]
        var spec = World.spec(replicas: Int.random(in: 1...10, using: &random), strategy: strategy)
        spec["progressDeadlineSeconds"] = 300
        spec["progressDeadlineAbort"] = .bool(chance(3))
        if chance(4) { spec["rollbackWindow"] = ["revisions": JSON(Int.random(in: 1...3, using: &random))] }
        return spec
    }

    mutating func makeBlueGreen() -> JSON {
        var blueGreen: JSON = ["activeService": "web-active"]
        if chance(2) { blueGreen["previewService"] = "web-preview" }
        if chance(3) { blueGreen["previewReplicaCount"] = JSON(Int.random(in: 0...4, using: &random)) }
        if chance(3) { blueGreen["autoPromotionEnabled"] = false }
        if chance(3) { blueGreen["autoPromotionSeconds"] = JSON(Int.random(in: 1...90, using: &random)) }
        if chance(2) { blueGreen["prePromotionAnalysis"] = ["templates": [["templateName": "pre"]]] }
        if chance(2) { blueGreen["postPromotionAnalysis"] = ["templates": [["templateName": "post"]]] }
        if chance(2) { blueGreen["scaleDownDelaySeconds"] = JSON(Int.random(in: 0...300, using: &random)) }
        if chance(3) { blueGreen["scaleDownDelayRevisionLimit"] = JSON(Int.random(in: 0...2, using: &random)) }
        if chance(2) { blueGreen["abortScaleDownDelaySeconds"] = JSON(Int.random(in: 0...60, using: &random)) }
        if chance(4) {
            blueGreen["previewMetadata"] = ["labels": ["role": "preview"]]
            blueGreen["activeMetadata"] = ["labels": ["role": "active"]]
        }
        return blueGreen
    }

    mutating func makeCanary() -> JSON {
        var steps: [JSON] = []
        var weight = 0
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: steps.append(["pause": [:]])
            case 1: steps.append(["pause": ["duration": JSON(Int.random(in: 0...120, using: &random))]])
            case 2: steps.append(["analysis": ["templates": [["templateName": "check"]]]])
            case 3 where isRouted:
                steps.append(["setCanaryScale": ["weight": JSON(Int.random(in: 1...100, using: &random))]])
                steps.append(["setCanaryScale": ["matchTrafficWeight": true]])
            default:
                weight = min(100, weight + Int.random(in: 1...50, using: &random))
                steps.append(["setWeight": JSON(weight)])
            }
        }
        var canary: JSON = ["steps": .array(steps)]
        if isRouted {
            canary["trafficRouting"] = ["nginx": ["stableIngress": "web"]]
            canary["stableService"] = "web-stable"
            canary["canaryService"] = "web-canary"
            if chance(2) { canary["abortScaleDownDelaySeconds"] = JSON(Int.random(in: 0...60, using: &random)) }
            if chance(3) {
                canary["dynamicStableScale"] = true
            } else if chance(2) {
                canary["scaleDownDelaySeconds"] = JSON(Int.random(in: 0...60, using: &random))
            }
            if chance(4) { canary["minPodsPerReplicaSet"] = JSON(Int.random(in: 1...3, using: &random)) }
            if chance(4) {
                canary["trafficRouting"] = ["istio": ["virtualService": ["name": "web"]]]
                canary["pingPong"] = ["pingService": "web-ping", "pongService": "web-pong"]
                canary["stableService"] = nil
                canary["canaryService"] = nil
            }
        } else {
            canary["maxSurge"] = JSON(Int.random(in: 0...3, using: &random))
            canary["maxUnavailable"] = JSON(Int.random(in: 1...3, using: &random))
        }
        if chance(3) { canary["analysis"] = ["templates": [["templateName": "always"]]] }
        if chance(4) {
            canary["canaryMetadata"] = ["labels": ["role": "canary"]]
            canary["stableMetadata"] = ["labels": ["role": "stable"]]
        }
        if isRouted { drawRoutes(&canary) }
        return canary
    }

    /// A third of the routed canaries set and remove header and mirror routes between their other steps.
    private mutating func drawRoutes(_ canary: inout JSON) {
        guard Int.random(in: 0..<3, using: &routeRandom) == 0 else { return }
        var steps = canary["steps"]?.arrayValue ?? []
        for _ in 0..<Int.random(in: 1...4, using: &routeRandom) {
            let isHeader = Bool.random(using: &routeRandom)
            var route: JSON = ["name": .string(["a", "b"].randomElement(using: &routeRandom) ?? "")]
            if Int.random(in: 0..<4, using: &routeRandom) > 0 {
                route["match"] =
                    isHeader
                    ? [["headerName": "x", "headerValue": ["exact": "1"]]] : [["path": ["prefix": "/"]]]
            }
            steps.insert(
                [isHeader ? "setHeaderRoute" : "setMirrorRoute": route],
                at: Int.random(in: 0...steps.count, using: &routeRandom))
        }
        canary["steps"] = .array(steps)
        canary["trafficRouting"] = [
            "istio": ["virtualService": ["name": "web"]], "managedRoutes": [["name": "b"], ["name": "a"]],
        ]
    }
}
