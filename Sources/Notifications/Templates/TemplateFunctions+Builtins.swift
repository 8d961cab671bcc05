import Manifest

extension TemplateFunctions {
    /// Go's own functions, apart from comparing and printing.
    static let builtins: [String: Function] = [
        "not": function(1...1) { call throws(TemplateError) in .bool(!call[0].isTrue) },
        "len": function(1...1) { call throws(TemplateError) in
            switch call[0] {
            case .string(let text): return .int(Int64(text.utf8.count))
            case .list(let list): return .int(Int64(list.elements.count))
            case .map(let map): return .int(Int64(map.members.count))
            default: throw call.failure("needs a text, a list or a map, not \(call[0].name)")
            }
        },
        "index": function(1...many) { call throws(TemplateError) in
            var value = call[0]
            for position in call.arguments.indices.dropFirst() {
                switch value {
                // As with fields: what is not there has nothing inside of it.
                case .null: return .null
                case .map(let map): value = map.members[try call.string(position)] ?? .null
                case .list(let list):
                    let index = try call.int(position)
                    guard index >= 0, index < list.elements.count else {
                        throw call.failure("\(index) is out of the range of a list of \(list.elements.count)")
                    }
                    value = list.elements[Int(index)]
                case .string(let text):
                    let index = try call.int(position)
                    guard index >= 0, index < text.utf8.count else {
                        throw call.failure("\(index) is out of the range of a text of \(text.utf8.count) bytes")
                    }
                    let place = text.utf8.index(text.utf8.startIndex, offsetBy: Int(index))
                    value = .int(Int64(text.utf8[place]))
                default: throw call.failure("cannot take an element of \(value.name)")
                }
            }
            return value
        },
        "slice": function(1...4) { call throws(TemplateError) in
            let size: Int
            switch call[0] {
            case .list(let list): size = list.elements.count
            case .string(let text): size = text.utf8.count
            case .null: size = 0
            default: throw call.failure("needs a list or a text, not \(call[0].name)")
            }
            let low = call.count > 1 ? try call.size(1) : 0
            let high = call.count > 2 ? try call.size(2) : size
            guard low >= 0, low <= high, high <= size else {
                throw call.failure("from \(low) to \(high) is out of the range of \(size)")
            }
            switch call[0] {
            case .list(let list): return try call.heap.list(Array(list.elements[low..<high]))
            case .string(let text):
                return try call.heap.string(String(decoding: Array(text.utf8)[low..<high], as: UTF8.self))
            default: return try call.heap.list([])
            }
        },
        "call": function(1...many) { call throws(TemplateError) in
            guard case .function(let callable) = call[0] else {
                throw call.failure("needs a function such as .time.Now, not \(call[0].name)")
            }
            switch callable {
            case .now:
                guard call.count == 1 else { throw call.failure("of time.Now takes no values") }
                return .time(call.heap.now)
            case .parse:
                guard call.count == 2 else { throw call.failure("of time.Parse takes one value") }
                guard case .string(let text) = call[1], let time = Timestamp(rfc3339: text) else {
                    throw call.failure("of time.Parse needs a text such as 2006-01-02T15:04:05Z")
                }
                return .time(time)
            }
        },
        "html": function(1...many) { call throws(TemplateError) in
            try escaped(call) { scalar in
                switch scalar {
                case "\"": "&#34;"
                case "'": "&#39;"
                case "&": "&amp;"
                case "<": "&lt;"
                case ">": "&gt;"
                case "\0": "\u{FFFD}"
                default: nil
                }
            }
        },
        "js": function(1...many) { call throws(TemplateError) in
            try escaped(call) { scalar in
                switch scalar {
                case "\\": "\\\\"
                case "'": "\\'"
                case "\"": "\\\""
                case "<", ">", "&", "=": "\\u00" + String(scalar.value, radix: 16, uppercase: true)
                case _ where scalar.value < 0x20:
                    "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16, uppercase: true)
                default: nil
                }
            }
        },
        "urlquery": function(1...many) { call throws(TemplateError) in
            try call.heap.string(urlEncoded(try printed(call)))
        },
    ]

    private static func escaped(
        _ call: TemplateCall, _ escape: (Unicode.Scalar) -> String?
    ) throws(TemplateError) -> TemplateValue {
        var text = BoundedText(call.heap)
        var plain = ""
        for scalar in try printed(call).unicodeScalars {
            if let escaped = escape(scalar) {
                try text.append(plain + escaped)
                plain = ""
            } else {
                plain.unicodeScalars.append(scalar)
            }
        }
        try text.append(plain)
        return .string(text.text)
    }

    /// A text for the query of a URL.
    static func urlEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (isTemplateWord(byte) && byte < 0x80) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "~")
            if isPlain {
                bytes.append(byte)
            } else if byte == 0x20 {
                bytes.append(UInt8(ascii: "+"))
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
