package import Manifest

/// One entry of `canary.steps`; entries with several keys exist and every key takes effect.
package struct CanaryStep: Hashable, Sendable {
    package var setWeight: Int?
    package var pause: PauseStep?
    package var setCanaryScale: CanaryScale?
    package var analysis: AnalysisReference?
    package var setHeaderRoute: ManagedRouteStep?
    package var setMirrorRoute: ManagedRouteStep?
    /// The experiment's JSON as the user wrote it.
    var experiment: JSON?
    /// Keys that this version refuses: `experiment`, `plugin`.
    var unsupported: [String] = []
    /// Number of step keys, known ones only.
    var keyCount = 0

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var step = CanaryStep()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "setWeight": step.setWeight = try reader.readInt32()
            case "pause": step.pause = try PauseStep(&reader)
            case "setCanaryScale": step.setCanaryScale = try CanaryScale(&reader)
            case "analysis": step.analysis = try AnalysisReference(&reader)
            case "setHeaderRoute": step.setHeaderRoute = try ManagedRouteStep(.header, &reader)
            case "setMirrorRoute": step.setMirrorRoute = try ManagedRouteStep(.mirror, &reader)
            case "experiment":
                step.experiment = try reader.readJSON()
                step.unsupported.append(name)
            case "plugin": step.unsupported.append(name)
            default: return
            }
            step.keyCount += 1
        }
        self = step
    }

    /// The step as Events and views write it: `setWeight: 20`, `pause: 10s`.
    package var summary: String {
        if let pause {
            if let text = pause.text { return "pause: \(text)" }
            return "pause: {}"
        }
        if let scale = setCanaryScale {
            if scale.matchTrafficWeight { return "setCanaryScale{matchTrafficWeight: true}" }
            if let replicas = scale.replicas { return "setCanaryScale{replicas: \(replicas)}" }
            return "setCanaryScale{weight: \(scale.weight ?? 0)}"
        }
        if let setWeight { return "setWeight: \(setWeight)" }
        if let analysis { return "analysis: \(analysis.templates.map(\.name).joined(separator: ", "))" }
        return routes.first?.summary ?? unsupported.first ?? "empty"
    }

    /// The header and mirror routes that it sets or removes.
    package var routes: [ManagedRouteStep] { [setHeaderRoute, setMirrorRoute].compactMap { $0 } }

    /// Whether the step may last as long as it likes, so that the progress deadline does not count.
    package var isIndefinite: Bool { pause != nil || analysis != nil }
}

/// `pause`: until someone resumes, or for a time.
package struct PauseStep: Hashable, Sendable {
    package var duration: IntOrString?

    package init(duration: IntOrString? = nil) { self.duration = duration }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found: IntOrString?
        try reader.readObject { reader, name throws(JSONError) in
            if name == "duration", try !reader.readNull() { found = try IntOrString(reading: &reader) }
        }
        duration = found
    }

    /// Also by less than a second.
    var isNegative: Bool {
        guard case .string(let text) = duration, Int32(text) == nil, let length = Duration(go: text) else {
            return false
        }
        return length < .zero
    }

    /// Whole seconds of the duration; `nil` without one and for a malformed one, which validation refuses.
    package var seconds: Int64? {
        switch duration {
        case nil: return nil
        case .int(let value): return value
        case .string(let text):
            if let value = Int32(text), !text.hasPrefix("+") { return Int64(value) }
            return Duration(go: text)?.components.seconds
        }
    }

    var text: String? {
        switch duration {
        case nil: nil
        case .int(let value): "\(value)s"
        case .string(let text): Int32(text) == nil ? text : text + "s"
        }
    }
}

/// `setCanaryScale`: the canary's size apart from its weight.
package struct CanaryScale: Hashable, Sendable {
    package var weight: Int?
    package var replicas: Int?
    package var matchTrafficWeight = false

    package init(weight: Int? = nil, replicas: Int? = nil, matchTrafficWeight: Bool = false) {
        (self.weight, self.replicas, self.matchTrafficWeight) = (weight, replicas, matchTrafficWeight)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = CanaryScale()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "weight": found.weight = try reader.readInt32()
            case "replicas": found.replicas = try reader.readInt32()
            case "matchTrafficWeight": found.matchTrafficWeight = try reader.readBool()
            default: break
            }
        }
        self = found
    }
}
