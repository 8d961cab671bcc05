import Manifest

extension Builtins {
    static let times: [String: Function] = [
        "now": function(0...0) { call throws(ExpressionError) in .time(call.now) },
        "duration": function(1...1) { call throws(ExpressionError) in
            let text = try call.string(0)
            guard let length = Duration(go: text) else {
                throw call.failure("cannot read \"\(text.prefix(40))\"; write it like 1h30m, 90s or 500ms")
            }
            return .duration(length)
        },
        "date": function(1...1) { call throws(ExpressionError) in
            let text = try call.string(0)
            for candidate in [text, text + "Z", text + "T00:00:00Z"] {
                if let time = Timestamp(rfc3339: candidate) { return .time(time) }
            }
            throw call.failure("cannot read \"\(text.prefix(40))\"; write it like 2006-01-02T15:04:05Z or 2006-01-02")
        },
        "timezone": function(1...1) { call throws(ExpressionError) in
            let name = try call.string(0)
            guard name == "UTC" || name.isEmpty else {
                throw call.failure("does not know \"\(name.prefix(40))\"; the time zone UTC alone is supported")
            }
            return .string("UTC")
        },
    ]
}
