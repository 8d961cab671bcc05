import CYAML

/// One step of libyaml's parser, in Swift's terms.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    var kind: Kind
    var anchor: String?
    var tag: String?
    /// Counted from 1.
    var line: Int
}

/// Owns a libyaml parser over bytes that outlive it.
struct YAMLEventStream: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        // Fails only when memory is exhausted; the parser then reports an error at its first step.
        _ = yaml_parser_initialize(parser)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func next() throws(YAMLError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let line = Int(clamping: event.start_mark.line) + 1
        switch event.type {
        case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, line: line)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, line: line)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, line: line)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias(text(event.data.alias.anchor) ?? ""), line: line)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return YAMLEvent(
                kind: .scalar(
                    text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                anchor: text(scalar.anchor), tag: text(scalar.tag), line: line)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return YAMLEvent(kind: .sequenceStart, anchor: text(start.anchor), tag: text(start.tag), line: line)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, line: line)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return YAMLEvent(kind: .mappingStart, anchor: text(start.anchor), tag: text(start.tag), line: line)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, line: line)
        default: return YAMLEvent(kind: .streamEnd, line: line)
        }
    }

    private func problem() -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "the text cannot be parsed"
        let context = parser.pointee.context.map { " " + String(cString: $0) } ?? ""
        guard parser.pointee.error == YAML_READER_ERROR else {
            return YAMLError(line: Int(clamping: parser.pointee.problem_mark.line) + 1, reason: problem + context)
        }
        // The reader knows an offset only, and it fails at encodings alone.
        return YAMLError(
            line: Int(clamping: parser.pointee.mark.line) + 1,
            reason: "\(problem) near byte \(parser.pointee.problem_offset); the text must be valid UTF-8")
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
