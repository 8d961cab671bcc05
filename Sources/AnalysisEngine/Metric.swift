package import Manifest

/// A metric with its arguments filled in, checked field by field.
package struct Metric: Hashable, Sendable {
    package static let defaultConsecutiveErrorLimit: Int64 = 4

    package var name: String
    package var interval: Duration?
    package var initialDelay: Duration
    package var count: Int64
    package var successCondition: String
    package var failureCondition: String
    /// -1 turns the check off.
    package var failureLimit: Int64
    package var inconclusiveLimit: Int64
    package var consecutiveErrorLimit: Int64
    /// 0 is off.
    package var consecutiveSuccessLimit: Int64
    /// The provider's name, as `provider` spells it: `prometheus`.
    package var provider: String
    /// The provider's settings.
    package var settings: JSON

    package init(_ json: JSON) throws(AnalysisError) {
        guard json.objectValue != nil else {
            throw AnalysisError(.invalidSpec, "a metric must be an object, not \(json.typeName)")
        }
        name = try FieldReader(json, "a metric").required("name")
        let reader = FieldReader(json, "metric \"\(name)\"")
        interval = try reader.duration("interval")
        initialDelay = try reader.duration("initialDelay") ?? .zero
        count = try reader.intOrString("count") ?? 0
        successCondition = try reader.string("successCondition") ?? ""
        failureCondition = try reader.string("failureCondition") ?? ""
        failureLimit = try reader.intOrString("failureLimit") ?? 0
        inconclusiveLimit = try reader.intOrString("inconclusiveLimit") ?? 0
        consecutiveErrorLimit = try reader.intOrString("consecutiveErrorLimit") ?? Self.defaultConsecutiveErrorLimit
        consecutiveSuccessLimit = try reader.intOrString("consecutiveSuccessLimit") ?? 0
        var providers: [(String, JSON)] = []
        for (name, settings) in try reader.object("provider")?.objectValue ?? [:] where !settings.isNull {
            if name == "plugin", let plugins = settings.objectValue {
                providers += plugins.map { ("plugin \($0.key)", $0.value) }
            } else {
                providers.append((name, settings))
            }
        }
        guard let (provider, settings) = providers.first, providers.count == 1 else {
            let found = providers.isEmpty ? "none" : providers.map(\.0).sorted().joined(separator: ", ")
            throw AnalysisError(.invalidSpec, "metric \"\(name)\": exactly one provider is needed, found \(found)")
        }
        self.provider = provider
        self.settings = settings
    }

    /// How many counted measurements end the metric; `nil` for no end.
    package var effectiveCount: Int64? { count != 0 ? count : interval == nil ? 1 : nil }

    /// Whether it ends by itself.
    package var isFinite: Bool { effectiveCount != nil || consecutiveSuccessLimit > 0 }

    /// Checks the constraints between its fields.
    package func validate() throws(AnalysisError) {
        func fail(_ reason: String) -> AnalysisError { AnalysisError(.invalidSpec, "metric \"\(name)\": \(reason)") }
        for (field, value, least) in [
            ("consecutiveSuccessLimit", consecutiveSuccessLimit, Int64(0)), ("failureLimit", failureLimit, -1),
            ("inconclusiveLimit", inconclusiveLimit, 0), ("consecutiveErrorLimit", consecutiveErrorLimit, 0),
            ("count", count, 0),
        ] where value < least {
            throw fail("\(field) must be at least \(least), not \(value)")
        }
        if failureLimit == -1, consecutiveSuccessLimit == 0 {
            throw fail("failureLimit -1 needs a consecutiveSuccessLimit above 0, or nothing decides the metric")
        }
        if count > 0 {
            let (needed, overflow) = max(0, failureLimit).addingReportingOverflow(consecutiveSuccessLimit)
            if overflow || count < needed {
                throw fail(
                    "count \(count) is below failureLimit + consecutiveSuccessLimit, which can then never be reached")
            }
            if count < inconclusiveLimit {
                throw fail(
                    "count \(count) is below inconclusiveLimit \(inconclusiveLimit), which can then never be reached")
            }
        }
        if count > 1, interval == nil { throw fail("count \(count) needs an interval") }
    }
}
