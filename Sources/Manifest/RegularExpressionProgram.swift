/// A regular expression as instructions for ``RegularExpressionMachine``.
struct RegularExpressionProgram: Sendable {
    enum Instruction: Sendable {
        case scalar(UInt32)
        case set(Int)
        case assertion(RegularExpressionAssertion)
        case save(Int)
        case jump(Int)
        /// Tries `first` before `second`.
        case split(first: Int, second: Int)
        case match
    }

    var instructions: [Instruction] = []
    var sets: [RegularExpressionClass] = []
    var groupCount = 0
    var groupNames: [String: Int] = [:]
    /// Every match starts at the start of the text, so there is no use in looking further.
    var isAnchored = false
}

/// Turns the tree into instructions.
struct RegularExpressionCompiler {
    /// Instructions; a text of n characters costs at most n times as many steps.
    static let maximalSize = 10_000

    private var program = RegularExpressionProgram()
    private let pattern: String
    /// Counts visits, so that nested repetitions of nothing end as well.
    private var visits = 0

    static func compile(
        _ node: RegularExpressionNode, parser: RegularExpressionParser
    ) throws(RegularExpressionError) -> RegularExpressionProgram {
        var compiler = RegularExpressionCompiler(pattern: parser.pattern)
        compiler.program.groupCount = parser.groupCount
        compiler.program.groupNames = parser.groupNames
        compiler.program.isAnchored = isAnchored(node)
        try compiler.emit(.save(0))
        try compiler.emitNode(node)
        try compiler.emit(.save(1))
        try compiler.emit(.match)
        return compiler.program
    }

    private init(pattern: String) { self.pattern = pattern }

    private static func isAnchored(_ node: RegularExpressionNode) -> Bool {
        switch node {
        case .assertion(.textStart): true
        case .concatenation(let parts): parts.first.map(isAnchored) ?? false
        case .group(let inner, _): isAnchored(inner)
        case .alternation(let branches): branches.allSatisfy(isAnchored)
        default: false
        }
    }

    @discardableResult
    private mutating func emit(
        _ instruction: RegularExpressionProgram.Instruction
    ) throws(RegularExpressionError) -> Int {
        guard program.instructions.count < Self.maximalSize else { throw tooLarge }
        program.instructions.append(instruction)
        return program.instructions.count - 1
    }

    private var tooLarge: RegularExpressionError {
        RegularExpressionError(
            "the pattern is too large once its repetitions are written out; use smaller repeat counts",
            pattern: pattern,
            offset: 0)
    }

    private mutating func emitNode(_ node: RegularExpressionNode) throws(RegularExpressionError) {
        visits += 1
        guard visits <= 4 * Self.maximalSize else { throw tooLarge }
        switch node {
        case .empty: break
        case .scalar(let value, let ignoresCase): try emitScalar(value, ignoresCase)
        case .set(let set):
            program.sets.append(set)
            try emit(.set(program.sets.count - 1))
        case .assertion(let assertion): try emit(.assertion(assertion))
        case .group(let inner, let number):
            try emit(.save(2 * number))
            try emitNode(inner)
            try emit(.save(2 * number + 1))
        case .concatenation(let parts):
            for part in parts { try emitNode(part) }
        case .alternation(let branches): try emitAlternation(branches)
        case .repetition(let inner, let least, let most, let greedy):
            if let most {
                for _ in 0..<least { try emitNode(inner) }
                try emitOptional(inner, times: most - least, greedy)
            } else {
                for _ in 0..<max(0, least - 1) { try emitNode(inner) }
                try emitLoop(inner, atLeastOnce: least > 0, greedy)
            }
        }
    }

    private mutating func emitScalar(_ value: UInt32, _ ignoresCase: Bool) throws(RegularExpressionError) {
        let variants = ignoresCase ? RegularExpressionClass.caseVariants(of: value) : []
        if variants.isEmpty {
            try emit(.scalar(value))
        } else {
            var set = RegularExpressionClass([value...value])
            set.ignoresCase = true
            for variant in variants { set.insert(variant...variant) }
            set.freeze()
            program.sets.append(set)
            try emit(.set(program.sets.count - 1))
        }
    }

    private mutating func emitAlternation(_ branches: [RegularExpressionNode]) throws(RegularExpressionError) {
        var jumps: [Int] = []
        for (number, branch) in branches.enumerated() {
            guard number < branches.count - 1 else {
                try emitNode(branch)
                break
            }
            let split = try emit(.split(first: 0, second: 0))
            try emitNode(branch)
            jumps.append(try emit(.jump(0)))
            program.instructions[split] = .split(first: split + 1, second: program.instructions.count)
        }
        for jump in jumps { program.instructions[jump] = .jump(program.instructions.count) }
    }

    /// The test stands behind the body, also for `*`, so that a body that matches nothing ends the loop as in Perl.
    private mutating func emitLoop(
        _ inner: RegularExpressionNode, atLeastOnce: Bool, _ greedy: Bool
    ) throws(RegularExpressionError) {
        let entry = atLeastOnce ? nil : try emit(.split(first: 0, second: 0))
        let body = program.instructions.count
        try emitNode(inner)
        let test = try emit(.split(first: 0, second: 0))
        let exit = test + 1
        let split = greedy ? (body, exit) : (exit, body)
        program.instructions[test] = .split(first: split.0, second: split.1)
        if let entry { program.instructions[entry] = .split(first: split.0, second: split.1) }
    }

    private mutating func emitOptional(
        _ inner: RegularExpressionNode, times: Int, _ greedy: Bool
    ) throws(RegularExpressionError) {
        var splits: [Int] = []
        for _ in 0..<times {
            splits.append(try emit(.split(first: 0, second: 0)))
            try emitNode(inner)
        }
        let exit = program.instructions.count
        for split in splits {
            program.instructions[split] =
                greedy ? .split(first: split + 1, second: exit) : .split(first: exit, second: split + 1)
        }
    }
}
