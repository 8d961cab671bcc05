import AnalysisEngine
import Manifest
import Transport

/// Reads what Prometheus answers, straight from the bytes: labels are skipped.
struct PrometheusAnswer {
    /// Samples of one answer.
    static let maximalSamples = 100_000

    private var status = ""
    private var errorType = ""
    private var error = ""
    private var warnings: [String] = []
    private var resultType = ""
    private var samples: [Double] = []
    private var isTruncated = false

    static func read(_ response: HTTPResponse) throws(MetricFailure) -> MetricReading {
        var answer = PrometheusAnswer()
        do throws(JSONError) {
            var reader = JSONReader(response.body, maxDepth: 32)
            try answer.readEnvelope(&reader)
            try reader.finish()
        } catch {
            // An error page of a proxy is no JSON; its status tells more than the parser.
            guard response.isSuccess else {
                throw MetricFailure(
                    .unavailable, "prometheus: status \(response.status)\(MetricExchange.excerpt(response))")
            }
            throw MetricFailure(.unavailable, "prometheus: cannot read the answer: \(error)")
        }
        if answer.status == "error" {
            throw MetricFailure(.unavailable, "prometheus: \(answer.errorType): \(answer.error.prefix(500))")
        }
        guard response.isSuccess, answer.status == "success" else {
            throw MetricFailure(
                .unavailable, "prometheus: status \(response.status)\(MetricExchange.excerpt(response))")
        }
        guard !answer.isTruncated else {
            throw MetricFailure(
                .unavailable, "prometheus: the answer has more than \(maximalSamples) samples; aggregate the query")
        }
        var reading: MetricReading
        switch answer.resultType {
        case "scalar":
            guard let sample = answer.samples.first else {
                throw MetricFailure(.unavailable, "prometheus: the scalar has no value")
            }
            reading = MetricReading(number: sample)
        case "vector", "matrix": reading = MetricReading(numbers: answer.samples)
        default:
            throw MetricFailure(
                .misconfigured,
                "prometheus: unsupported result type \"\(answer.resultType.prefix(40))\"; a query must give numbers")
        }
        if !answer.warnings.isEmpty {
            reading.metadata["warnings"] = answer.warnings.map { JSON.string($0).description }.joined(separator: ", ")
        }
        return reading
    }

    private mutating func readEnvelope(_ reader: inout JSONReader) throws(JSONError) {
        var answer = self
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "status": answer.status = try reader.readString()
            case "errorType": answer.errorType = try reader.readString()
            case "error": answer.error = try reader.readString()
            case "warnings":
                try reader.readArray { reader throws(JSONError) in
                    if answer.warnings.count < 20 {
                        answer.warnings.append(String(try reader.readString().prefix(500)))
                    }
                }
            case "data": try answer.readData(&reader)
            default: break
            }
        }
        self = answer
    }

    private mutating func readData(_ reader: inout JSONReader) throws(JSONError) {
        var answer = self
        var result: Range<Int>?
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "resultType": answer.resultType = try reader.readString()
            case "result": result = try reader.skipValue()
            default: break
            }
        }
        // The type may come after the result, and tells how to read it.
        if let result {
            var inner = JSONReader(reader.bytes, range: result, maxDepth: 32)
            switch answer.resultType {
            case "scalar": try answer.readSample(&inner)
            case "vector", "matrix": try answer.readSeries(&inner)
            default: break
            }
        }
        self = answer
    }

    private mutating func readSeries(_ reader: inout JSONReader) throws(JSONError) {
        var answer = self
        try reader.readArray { reader throws(JSONError) in
            try reader.readObject { reader, name throws(JSONError) in
                switch name {
                case "value": try answer.readSample(&reader)
                case "values":
                    try reader.readArray { reader throws(JSONError) in try answer.readSample(&reader) }
                default: break
                }
            }
        }
        self = answer
    }

    /// `[1700000000.1, "0.5"]`.
    private mutating func readSample(_ reader: inout JSONReader) throws(JSONError) {
        var answer = self
        var index = 0
        try reader.readArray { reader throws(JSONError) in
            defer { index += 1 }
            guard index == 1 else { return }
            let text = try reader.readString()
            guard let sample = Double(text == "+Inf" ? "inf" : text == "-Inf" ? "-inf" : text) else {
                throw JSONError("\"\(text.prefix(40))\" is no number", offset: reader.position)
            }
            if answer.samples.count < Self.maximalSamples {
                answer.samples.append(sample)
            } else {
                answer.isTruncated = true
            }
        }
        self = answer
    }
}
