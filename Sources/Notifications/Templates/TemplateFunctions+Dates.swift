import Manifest

extension TemplateFunctions {
    /// All in UTC: other zones would be read from the machine.
    static let dates: [String: Function] = [
        "now": function(0...0) { call throws(TemplateError) in .time(call.heap.now) },
        "date": function(2...2) { call throws(TemplateError) in try written(call, try call.string(0), 1) },
        "dateInZone": function(3...3) { call throws(TemplateError) in try written(call, try call.string(0), 1, zone: 2)
        },
        "date_in_zone": function(3...3) { call throws(TemplateError) in
            try written(call, try call.string(0), 1, zone: 2)
        },
        "htmlDate": function(1...1) { call throws(TemplateError) in try written(call, "2006-01-02", 0) },
        "htmlDateInZone": function(2...2) { call throws(TemplateError) in try written(call, "2006-01-02", 0, zone: 1) },
        "dateModify": function(2...2) { call throws(TemplateError) in
            .time(try call.time(1) + (try call.duration(0)))
        },
        "date_modify": function(2...2) { call throws(TemplateError) in
            .time(try call.time(1) + (try call.duration(0)))
        },
        "toDate": function(2...2) { call throws(TemplateError) in
            guard let time = GoTimeLayout.parse(try call.string(1), try call.string(0)) else {
                throw call.failure("cannot read the text by this layout; a layout is written like 2006-01-02")
            }
            return .time(time)
        },
        "unixEpoch": function(1...1) { call throws(TemplateError) in .string(String(try call.time(0).seconds)) },
        "ago": function(1...1) { call throws(TemplateError) in
            let length = call.heap.now - (try call.time(0))
            return .string(Duration.seconds(length.components.seconds).go)
        },
        "duration": function(1...1) { call throws(TemplateError) in .string(try call.duration(0).go) },
        // 2h10m5s becomes 2h.
        "durationRound": function(1...1) { call throws(TemplateError) in
            let length: Duration
            if case .time(let time) = call[0] {
                length = call.heap.now - time
            } else {
                length = try call.duration(0)
            }
            let seconds = length.components.seconds.magnitude
            let units: [(UInt64, String)] = [
                (31_536_000, "y"), (2_592_000, "mo"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"),
            ]
            let unit = units.first { seconds >= $0.0 } ?? (1, "s")
            return .string("\(seconds / unit.0)\(unit.1)")
        },
    ]

    private static func written(
        _ call: TemplateCall, _ layout: String, _ index: Int, zone: Int? = nil
    ) throws(TemplateError) -> TemplateValue {
        if let zone {
            let name = try call.string(zone)
            guard ["", "UTC", "Etc/UTC", "GMT", "Local"].contains(name) else {
                throw call.failure("knows the time zone UTC alone")
            }
        }
        return try call.heap.string(GoTimeLayout.format(try call.time(index), layout))
    }
}
