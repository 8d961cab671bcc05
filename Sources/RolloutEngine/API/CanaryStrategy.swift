package import Manifest

/// Many Rollouts go the same steps, and each does so through all of its versions.
private let knownSteps = TextMemo<(hash: String, steps: [CanaryStep])>(sizeBits: 5, maxLength: 8_192)

/// `spec.strategy.canary`.
package struct CanaryStrategy: Hashable, Sendable {
    package var canaryService = ""
    package var stableService = ""
    package var steps: [CanaryStep] = []
    /// A step sets or removes a header or mirror route.
    package private(set) var hasManagedRoutes = false
    /// Tells whether the steps changed; see ``StepHash``.
    package var stepHash = StepHash.hash(nil)
    package var trafficRouting: TrafficRouting?
    package var maxSurge: IntOrString?
    package var maxUnavailable: IntOrString?
    package var analysis: BackgroundAnalysis?
    package var scaleDownDelaySeconds: Int?
    package var scaleDownDelayRevisionLimit: Int?
    package var abortScaleDownDelaySeconds: Int?
    package var minPodsPerReplicaSet: Int?
    package var replicaProgressThreshold: ProgressThreshold?
    package var dynamicStableScale = false
    package var pingPong: PingPong?
    package var antiAffinity: AntiAffinity?
    package var canaryMetadata: EphemeralMetadata?
    package var stableMetadata: EphemeralMetadata?
    var unsupported: [String] = []

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = CanaryStrategy()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "canaryService": found.canaryService = try reader.readText()
            case "stableService": found.stableService = try reader.readText()
            case "steps":
                (found.stepHash, found.steps) = try knownSteps.read(&reader) { reader throws(JSONError) in
                    var copy = reader
                    let hash = StepHash.hash(try copy.readJSON())
                    var steps: [CanaryStep] = []
                    try reader.readArray { reader throws(JSONError) in steps.append(try CanaryStep(&reader)) }
                    return (hash, steps)
                }
            case "trafficRouting": found.trafficRouting = try TrafficRouting(&reader)
            case "maxSurge": found.maxSurge = try IntOrString(reading: &reader)
            case "maxUnavailable": found.maxUnavailable = try IntOrString(reading: &reader)
            case "analysis": found.analysis = try BackgroundAnalysis(&reader)
            case "scaleDownDelaySeconds": found.scaleDownDelaySeconds = try reader.readInt32()
            case "scaleDownDelayRevisionLimit": found.scaleDownDelayRevisionLimit = try reader.readInt32()
            case "abortScaleDownDelaySeconds": found.abortScaleDownDelaySeconds = try reader.readInt32()
            case "minPodsPerReplicaSet": found.minPodsPerReplicaSet = try reader.readInt32()
            case "replicaProgressThreshold": found.replicaProgressThreshold = try ProgressThreshold(&reader)
            case "dynamicStableScale": found.dynamicStableScale = try reader.readBool()
            case "pingPong": found.pingPong = try PingPong(&reader)
            case "antiAffinity": found.antiAffinity = try AntiAffinity(&reader)
            case "canaryMetadata": found.canaryMetadata = try EphemeralMetadata(&reader)
            case "stableMetadata": found.stableMetadata = try EphemeralMetadata(&reader)
            default: break
            }
        }
        for (index, step) in found.steps.enumerated() {
            found.unsupported += step.unsupported.map { "spec.strategy.canary.steps[\(index)].\($0)" }
        }
        found.unsupported += (found.trafficRouting?.unsupported ?? []).map {
            "spec.strategy.canary.trafficRouting.\($0)"
        }
        found.hasManagedRoutes = found.steps.contains { !$0.routes.isEmpty }
        self = found
    }

    /// The largest traffic weight: `maxTrafficWeight`, else 100.
    package var maxWeight: Int { max(1, trafficRouting?.maxTrafficWeight ?? 100) }
}

/// `trafficRouting`: which routers carry the weights, and their raw configuration.
package struct TrafficRouting: Hashable, Sendable {
    /// The routers' JSON by name, such as `istio`.
    package var routers: [String: JSON] = [:]
    package var maxTrafficWeight: Int?
    /// `nil` where the field is absent.
    package var managedRoutes: [String]?
    /// The JSON of routers that this version refuses, by name.
    private var refused: [String: JSON] = [:]

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = TrafficRouting()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "istio", "nginx", "alb", "smi", "ambassador", "appMesh", "traefik", "apisix":
                found.routers[name] = try reader.readJSON()
            case "maxTrafficWeight": found.maxTrafficWeight = try reader.readInt32()
            case "managedRoutes":
                var names: [String] = []
                try reader.readArray { reader throws(JSONError) in
                    if let name = (try reader.readJSON())["name"]?.stringValue { names.append(name) }
                }
                found.managedRoutes = names
            case "plugins": found.refused[name] = try reader.readJSON()
            default: break
            }
        }
        self = found
    }

    /// Names of the routers that this version refuses.
    var unsupported: [String] { refused.keys.sorted() }

    /// A router's JSON, also where the router is refused.
    package func settings(_ name: String) -> JSON? { routers[name] ?? refused[name] }

    func has(_ name: String) -> Bool { routers[name] != nil || refused[name] != nil }

    func hasAny(_ names: String...) -> Bool { names.contains(where: has) }
}

/// `pingPong`: two Services that take turns at being the stable one.
package struct PingPong: Hashable, Sendable {
    package var pingService = ""
    package var pongService = ""

    package init(pingService: String, pongService: String) {
        (self.pingService, self.pongService) = (pingService, pongService)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = PingPong(pingService: "", pongService: "")
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "pingService": found.pingService = try reader.readText()
            case "pongService": found.pongService = try reader.readText()
            default: break
            }
        }
        self = found
    }
}

/// `replicaProgressThreshold`: how much availability lets a step proceed.
package struct ProgressThreshold: Hashable, Sendable {
    /// `Percent` or `Pods`; anything else acts as `Pods`.
    package var type: String
    package var value: Int

    package init(type: String, value: Int) { (self.type, self.value) = (type, value) }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = ProgressThreshold(type: "", value: 0)
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "type": found.type = try reader.readText()
            case "value": found.value = try reader.readInt32()
            default: break
            }
        }
        self = found
    }
}

extension IntOrString {
    init(reading reader: inout JSONReader) throws(JSONError) {
        if try reader.peek() == .string {
            self = .string(try reader.readString())
        } else {
            self = .int(Int64(try reader.readInt32()))
        }
    }

    /// The percentage of a string, which may lack its `%`; `nil` for integers and malformed text.
    package var rolloutPercent: Int64? {
        guard case .string(let text) = self else { return nil }
        let digits = text.hasSuffix("%") ? text.dropLast() : Substring(text)
        guard let first = digits.utf8.first, first != UInt8(ascii: "+"), let value = Int32(digits) else { return nil }
        return Int64(value)
    }

    /// An integer is absolute, a string always a percentage.
    package func resolved(of total: Int, roundingUp: Bool) -> Int {
        switch self {
        case .int(let value): return Int(clamping: max(0, value))
        case .string:
            let product = max(0, rolloutPercent ?? 0) * Int64(total)
            return Int(product / 100 + (roundingUp && product % 100 != 0 ? 1 : 0))
        }
    }
}
