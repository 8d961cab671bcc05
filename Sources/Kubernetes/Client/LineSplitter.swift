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
            var end = start
            while end < chunk.count, chunk[end] != 0x0A { end += 1 }
            guard buffer.count + (end - start) <= maxLine else {
                throw JSONError("an event of the watch is larger than \(maxLine) bytes")
            }
            chunk.extracting(start..<end).withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
            guard end < chunk.count else { return }
            let complete = buffer
            buffer = []
            if !complete.isEmpty { try line(complete) }
            start = end + 1
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
