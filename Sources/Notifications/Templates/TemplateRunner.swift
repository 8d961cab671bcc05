package import Manifest

extension Template {
    /// Fills the template in.
    /// - Parameters:
    ///   - context: What `.` and `$` are; `time.Now` and `time.Parse` stand beside its members.
    ///   - now: What `time.Now` and `now` give.
    ///   - maxOutput: More bytes than this are an error.
    package func render(
        _ context: JSON, now: Timestamp = Timestamp(seconds: 0), maxOutput: Int = 256 << 10
    ) throws(TemplateError) -> String {
        let heap = TemplateHeap(now: now)
        let root = try heap.value(context)
        if case .map(let members) = root {
            members.members["time"] = .map(
                try heap.map(["Now": .function(.now), "Parse": .function(.parse)]))
        }
        heap.isCounting = true
        var runner = TemplateRunner(self, root: root, heap: heap, maxOutput: maxOutput)
        return try runner.run()
    }
}

/// Walks a template's tree and collects its text.
struct TemplateRunner {
    private enum Flow { case on, leaveLoop, nextPass }

    private static let maxIncludes = 32

    private let template: Template
    private let maxOutput: Int
    let heap: TemplateHeap
    private var root: TemplateValue
    private var variables: [(name: String, value: TemplateValue)] = []
    private var includes = 0
    private var output = ""

    init(_ template: Template, root: TemplateValue, heap: TemplateHeap, maxOutput: Int) {
        self.template = template
        self.root = root
        self.heap = heap
        self.maxOutput = maxOutput
    }

    mutating func run() throws(TemplateError) -> String {
        _ = try render(template.nodes, root)
        return output
    }

    private mutating func render(_ nodes: [TemplateNode], _ dot: TemplateValue) throws(TemplateError) -> Flow {
        let declared = variables.count
        defer { variables.removeLast(variables.count - declared) }
        for node in nodes {
            switch node {
            case .text(let text): try append(text, 0)
            case .action(let pipeline):
                let value = try value(pipeline, dot)
                if pipeline.variables.isEmpty { try append(try shown(value, pipeline.line), pipeline.line) }
            case .condition(let test, let then, let otherwise):
                let outside = variables.count
                let isTrue = try value(test, dot).isTrue
                let flow = try render(isTrue ? then : otherwise, dot)
                variables.removeLast(variables.count - outside)
                guard flow == .on else { return flow }
            case .with(let pipeline, let body, let otherwise):
                let outside = variables.count
                let value = try value(pipeline, dot)
                let flow = value.isTrue ? try render(body, value) : try render(otherwise, dot)
                variables.removeLast(variables.count - outside)
                guard flow == .on else { return flow }
            case .range(let pipeline, let body, let otherwise):
                let flow = try range(pipeline, body, otherwise, dot)
                guard flow == .on else { return flow }
            case .include(let name, let pipeline, let line): try include(name, pipeline, dot, line)
            case .leaveLoop: return .leaveLoop
            case .nextPass: return .nextPass
            }
        }
        return .on
    }

    private mutating func range(
        _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode], _ dot: TemplateValue
    ) throws(TemplateError) -> Flow {
        let declared = variables.count
        defer { variables.removeLast(variables.count - declared) }
        var plain = pipeline
        plain.variables = []
        let passes = try passes(try value(plain, dot), pipeline.line)
        if !pipeline.isAssignment { for name in pipeline.variables { variables.append((name, .null)) } }
        if passes.isEmpty { return try render(otherwise, dot) }
        for (key, element) in passes {
            try step(pipeline.line)
            switch pipeline.variables.count {
            case 1: set(pipeline.variables[0], element)
            case 2:
                set(pipeline.variables[0], key)
                set(pipeline.variables[1], element)
            default: break
            }
            if try render(body, element) == .leaveLoop { break }
        }
        return .on
    }

    private func passes(
        _ value: TemplateValue, _ line: Int
    ) throws(TemplateError) -> [(TemplateValue, TemplateValue)] {
        switch value {
        case .null: return []
        case .list(let list): return list.elements.enumerated().map { (.int(Int64($0.offset)), $0.element) }
        case .map(let map): return map.keys.map { (.string($0), map.members[$0] ?? .null) }
        case .int(let count):
            try at(line) { () throws(TemplateError) in try heap.step(Int(clamping: count)) }
            return (0..<max(0, count)).map { (.int($0), .int($0)) }
        default:
            throw TemplateError(line: line, "{{range}} needs a list, a map or a number, not \(value.name)")
        }
    }

    private mutating func include(
        _ name: String, _ pipeline: TemplatePipeline?, _ dot: TemplateValue, _ line: Int
    ) throws(TemplateError) {
        guard let nodes = template.definitions[name] else {
            throw TemplateError(
                line: line, "no template is named \(name.prefix(60).debugDescription); add {{define}} in the same text")
        }
        guard includes < TemplateRunner.maxIncludes else {
            throw TemplateError(line: line, "templates include each other more than \(TemplateRunner.maxIncludes) deep")
        }
        try step(line)
        let argument: TemplateValue = if let pipeline { try value(pipeline, dot) } else { .null }
        let outside = (root, variables)
        (root, variables) = (argument, [])
        includes += 1
        _ = try render(nodes, argument)
        includes -= 1
        (root, variables) = outside
    }

    private mutating func append(_ text: String, _ line: Int) throws(TemplateError) {
        try step(line)
        guard output.utf8.count + text.utf8.count <= maxOutput else {
            throw TemplateError(line: line, "the text becomes longer than \(maxOutput) bytes; print less")
        }
        output += text
    }

    // MARK: Values

    private func step(_ line: Int) throws(TemplateError) {
        try at(line) { () throws(TemplateError) in try heap.step() }
    }

    /// Gives errors of the body a line.
    func at<T>(_ line: Int, _ body: () throws(TemplateError) -> T) throws(TemplateError) -> T {
        do throws(TemplateError) { return try body() } catch { throw error.at(line) }
    }

    private func shown(_ value: TemplateValue, _ line: Int) throws(TemplateError) -> String {
        if case .string(let text) = value { return text }
        return try at(line) { () throws(TemplateError) in try heap.text(value) }
    }

    private mutating func set(_ name: String, _ value: TemplateValue) {
        if let index = variables.lastIndex(where: { $0.name == name }) { variables[index].value = value }
    }

    mutating func value(_ pipeline: TemplatePipeline, _ dot: TemplateValue) throws(TemplateError) -> TemplateValue {
        var last: TemplateValue?
        for command in pipeline.commands { last = try value(command, last, dot, pipeline.line) }
        let value = last ?? .null
        if let name = pipeline.variables.first {
            if pipeline.isAssignment {
                set(name, value)
            } else {
                try at(pipeline.line) { () throws(TemplateError) in try heap.hold(32) }
                variables.append((name, value))
            }
        }
        return value
    }

    private mutating func value(
        _ command: TemplateCommand, _ piped: TemplateValue?, _ dot: TemplateValue, _ line: Int
    ) throws(TemplateError) -> TemplateValue {
        try step(line)
        if command.arguments.isEmpty, piped == nil { return try value(command.operand, dot, line) }
        switch command.operand {
        case .function(let name, let path) where path.isEmpty:
            if name == "and" || name == "or" { return try shortCircuit(name, command, piped, dot, line) }
            return try call(name, try arguments(command, piped, dot, line), line)
        case .field(let path), .variable(_, let path), .nested(_, let path), .function(_, let path):
            // Only methods of times and the like take arguments, and only the last name can be one.
            guard let method = path.last else {
                throw TemplateError(line: line, "a value takes no arguments; put a function first")
            }
            let base: TemplateOperand =
                switch command.operand {
                case .variable(let name, let path): .variable(name, path.dropLast())
                case .nested(let pipeline, let path): .nested(pipeline, path.dropLast())
                case .function(let name, let path): .function(name, path.dropLast())
                default: .field(path.dropLast())
                }
            let owner = try value(base, dot, line)
            let arguments = try arguments(command, piped, dot, line)
            return try at(line) { () throws(TemplateError) in
                guard let result = try TemplateMethods.call(method, on: owner, arguments, heap) else {
                    throw TemplateError("\(method) is no method of \(owner.name) and takes no arguments")
                }
                return result
            }
        default: throw TemplateError(line: line, "a value takes no arguments; put a function first")
        }
    }

    private mutating func arguments(
        _ command: TemplateCommand, _ piped: TemplateValue?, _ dot: TemplateValue, _ line: Int
    ) throws(TemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for argument in command.arguments { values.append(try value(argument, dot, line)) }
        if let piped { values.append(piped) }
        return values
    }

    private mutating func shortCircuit(
        _ name: String, _ command: TemplateCommand, _ piped: TemplateValue?, _ dot: TemplateValue, _ line: Int
    ) throws(TemplateError) -> TemplateValue {
        var last = TemplateValue.null
        for argument in command.arguments {
            last = try value(argument, dot, line)
            if last.isTrue == (name == "or") { return last }
        }
        return piped ?? last
    }

    private func call(
        _ name: String, _ arguments: [TemplateValue], _ line: Int
    ) throws(TemplateError) -> TemplateValue {
        try at(line) { () throws(TemplateError) in
            for argument in arguments { try heap.step(argument.weight / 64) }
            guard let function = TemplateFunctions.table[name] else {
                throw TemplateError("unknown function \(name)\(TemplateFunctions.hint(for: name))")
            }
            guard function.arity.contains(arguments.count) else {
                throw TemplateError("\(name) does not take \(arguments.count) values")
            }
            return try function.run(TemplateCall(name: name, arguments: arguments, heap: heap))
        }
    }

    private mutating func value(
        _ operand: TemplateOperand, _ dot: TemplateValue, _ line: Int
    ) throws(TemplateError) -> TemplateValue {
        switch operand {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .float(value)
        case .string(let value): return .string(value)
        case .field(let path): return try follow(path, from: dot, line)
        case .variable(let name, let path):
            let value = name.isEmpty ? root : variables.last { $0.name == name }?.value ?? .null
            return try follow(path, from: value, line)
        case .nested(let pipeline, let path):
            return try follow(path, from: try value(pipeline, dot), line)
        case .function(let name, let path): return try follow(path, from: try call(name, [], line), line)
        }
    }

    /// Fields of maps, and methods without arguments of everything else.
    ///
    /// A field that is not there is nil, and so is each field of nil: a status that lacks something must not keep a
    /// message from being sent.
    private func follow(
        _ path: [String], from start: TemplateValue, _ line: Int
    ) throws(TemplateError) -> TemplateValue {
        var value = start
        for name in path {
            try step(line)
            switch value {
            case .null: return .null
            case .map(let map): value = map.members[name] ?? .null
            default:
                value = try at(line) { () throws(TemplateError) in
                    guard let result = try TemplateMethods.call(name, on: value, [], heap) else {
                        throw TemplateError("\(value.name) has no field or method \(name.prefix(60))")
                    }
                    return result
                }
            }
        }
        return value
    }
}
