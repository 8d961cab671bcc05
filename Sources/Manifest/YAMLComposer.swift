/// Builds JSON trees from libyaml's events, within a budget.
///
/// Depth and size are checked at every event: libyaml alone spends minutes on 200,000 nested brackets. An alias is
/// charged with all that its anchor holds, which ends an alias bomb before it grows.
struct YAMLComposer: ~Copyable {
    /// A value with what it takes from the budget when it is repeated by an alias.
    fileprivate struct Node {
        var value: JSON
        /// Levels of nesting; 0 for a scalar.
        var height: Int
        var nodes: Int
        var bytes: Int
    }

    private var events: YAMLEventStream
    private let dialect: YAML.Dialect
    private let limits: YAML.Limits
    private let rejectsDuplicates: Bool
    private var anchors: [String: Node] = [:]
    private var nodes = 0
    private var bytes = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, dialect: YAML.Dialect, limits: YAML.Limits, strict: Bool) {
        events = YAMLEventStream(bytes)
        self.dialect = dialect
        self.limits = limits
        rejectsDuplicates = strict || dialect == .kustomize
    }

    mutating func documents() throws(YAMLError) -> [YAML.Document] {
        var documents: [YAML.Document] = []
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return documents
            case .streamStart: continue
            case .documentStart: anchors = [:]  // an anchor's scope is one document
            case .documentEnd: continue
            default:
                let value = try node(event, depth: 0).value
                if value != .null { documents.append(YAML.Document(value: value, line: event.line)) }
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> Node {
        let node: Node
        switch event.kind {
        case .alias(let name): return try alias(name, line: event.line, depth: depth)
        case .scalar(let text, let isPlain):
            let size = text.utf8.count
            try charge(nodes: 1, bytes: size, line: event.line)
            let value = try YAML.scalar(text, isPlain: isPlain, tag: event.tag, dialect: dialect, line: event.line)
            node = Node(value: value, height: 0, nodes: 1, bytes: size)
        case .sequenceStart: node = try sequence(event, depth: depth)
        case .mappingStart: node = try mapping(event, depth: depth)
        default: throw YAMLError(line: event.line, reason: "the text ends inside a value")
        }
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private mutating func alias(_ name: String, line: Int, depth: Int) throws(YAMLError) -> Node {
        guard let node = anchors[name] else {
            throw YAMLError(line: line, reason: "unknown anchor \"\(name)\"; define it above with &\(name)")
        }
        guard depth + node.height <= limits.depth else { throw tooDeep(line) }
        try charge(nodes: node.nodes, bytes: node.bytes, line: line)
        return node
    }

    private mutating func sequence(_ start: YAMLEvent, depth: Int) throws(YAMLError) -> Node {
        guard depth < limits.depth else { throw tooDeep(start.line) }
        try charge(nodes: 1, bytes: 0, line: start.line)
        var elements: [JSON] = []
        var whole = Node(value: .null, height: 1, nodes: 1, bytes: 0)
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { break }
            let element = try node(event, depth: depth + 1)
            whole.include(element)
            elements.append(element.value)
        }
        whole.value = .array(elements)
        return whole
    }

    private mutating func mapping(_ start: YAMLEvent, depth: Int) throws(YAMLError) -> Node {
        guard depth < limits.depth else { throw tooDeep(start.line) }
        try charge(nodes: 1, bytes: 0, line: start.line)
        var members: [String: JSON] = [:]
        var merged: [String: JSON] = [:]
        var whole = Node(value: .null, height: 1, nodes: 1, bytes: 0)
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            let isMerge = event.isMergeKey
            let keyNode = isMerge ? nil : try node(event, depth: depth + 1)
            let valueEvent = try events.next()
            let value = try node(valueEvent, depth: depth + 1)
            whole.include(value)
            guard let keyNode else {
                try merge(value.value, into: &merged, line: valueEvent.line)
                continue
            }
            whole.include(keyNode)
            let key = try YAML.key(keyNode.value, dialect: dialect, line: event.line)
            if members.updateValue(value.value, forKey: key) != nil, rejectsDuplicates {
                throw YAMLError(
                    line: event.line, reason: "the key \"\(key.prefix(100))\" is already set; remove one of the two")
            }
        }
        members.merge(merged) { own, _ in own }
        whole.value = .object(members)
        return whole
    }

    /// Adds the members behind a `<<` key; of several mappings the first that has a key wins.
    private func merge(_ value: JSON, into merged: inout [String: JSON], line: Int) throws(YAMLError) {
        let sources: [JSON] = if case .array(let list) = value { list } else { [value] }
        for source in sources {
            guard case .object(let members) = source else {
                throw YAMLError(line: line, reason: "a merge key << needs a mapping or a list of mappings")
            }
            merged.merge(members) { first, _ in first }
        }
    }

    private mutating func charge(nodes count: Int, bytes size: Int, line: Int) throws(YAMLError) {
        // Neither sum overflows: each addend is within the limits already.
        nodes += count
        bytes += size
        guard nodes <= limits.nodes else {
            throw YAMLError(line: line, reason: "more than \(limits.nodes) values once aliases are expanded")
        }
        guard bytes <= limits.bytes else {
            throw YAMLError(line: line, reason: "more than \(limits.bytes) bytes once aliases are expanded")
        }
    }

    private func tooDeep(_ line: Int) -> YAMLError {
        YAMLError(line: line, reason: "nested more than \(limits.depth) levels deep")
    }
}

extension YAMLComposer.Node {
    fileprivate mutating func include(_ child: YAMLComposer.Node) {
        height = max(height, child.height + 1)
        nodes += child.nodes
        bytes += child.bytes
    }
}

extension YAMLEvent {
    fileprivate var isMergeKey: Bool {
        guard case .scalar("<<", let isPlain) = kind else { return false }
        return isPlain && tag == nil || tag == "tag:yaml.org,2002:merge"
    }
}
