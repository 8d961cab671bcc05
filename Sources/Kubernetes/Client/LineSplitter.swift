package import Manifest

/// Splits a stream into lines; a watch sends one event a line.
package struct LineSplitter: Sendable {
    private let maxLine: Int
    private var buffer: [UInt8] = []

    package init(maxLine: Int = 32 << 20) { self.maxLine = maxLine }

    /// Takes the next piece, and hands out the lines that end in it, without empty ones.
    package mutating func feed(_ chunk: Span<UInt8>, line: ([UInt8]) throws -> Void) throws {
        var start = 0
        while start < chunk.count {
            let rest = chunk.extracting(start..<chunk.count)
            let length = rest.withUnsafeBufferPointer { $0.firstIndex(of: 0x0A) } ?? rest.count
            guard buffer.count + length <= maxLine else {
                throw JSONError("an event of the watch is larger than \(maxLine) bytes")
            }
            rest.extracting(0..<length).withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
            guard length < rest.count else { return }
            let complete = buffer
            buffer = []
            if !complete.isEmpty { try line(complete) }
            start += length + 1
        }
    }
}

/// One line of a watch.
package enum WatchLine {
    case event(WatchEvent)
    case error(KubernetesError)

    /// Reads `{"type": …, "object": …}`; the object stays bytes.
    package init(_ line: [UInt8]) throws(JSONError) {
        var type = ""
        var object = 0..<0
        var reader = JSONReader(line)
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "type": type = try reader.readString()
            case "object": object = try reader.skipValue()
            default: break
            }
        }
        let bytes = Array(line[object])
        if type == "ERROR" {
            self = .error(KubernetesError(status: try JSON(parsing: bytes)))
        } else if let kind = WatchEvent.Kind(rawValue: type) {
            self = .event(WatchEvent(kind: kind, object: bytes))
        } else {
            throw JSONError("unknown watch event \(type.prefix(40).debugDescription)")
        }
    }
}
