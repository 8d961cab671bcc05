/// Runs a program over a text, all alternatives side by side: Pike's algorithm.
struct RegularExpressionMachine {
    /// Program counters in order of priority, each at most once, with their captures.
    private struct Threads {
        var counters: [Int] = []
        var captures: [[Int]] = []
        private var marks: [Int]
        private var mark = 0

        init(size: Int) { marks = Array(repeating: 0, count: size) }

        mutating func clear() {
            counters.removeAll(keepingCapacity: true)
            captures.removeAll(keepingCapacity: true)
            mark += 1
        }

        /// Whether the counter is new since the last `clear`.
        mutating func insert(_ counter: Int) -> Bool {
            guard marks[counter] != mark else { return false }
            marks[counter] = mark
            return true
        }
    }

    private enum Pending {
        case visit(Int)
        case restore(slot: Int, value: Int)
    }

    private let program: RegularExpressionProgram
    private let text: [UInt8]
    private let slotCount: Int

    init(_ program: RegularExpressionProgram, _ text: String, captures: Bool) {
        self.program = program
        self.text = Array(text.utf8)
        slotCount = captures ? 2 * (program.groupCount + 1) : 0
    }

    /// - Parameter entirely: The match must start at `start` and end at the end of the text.
    /// - Returns: Byte offsets of start and end of each group, -1 where a group took no part; empty without captures.
    func run(entirely: Bool, from start: Int) -> [Int]? {
        var current = Threads(size: program.instructions.count)
        var following = Threads(size: program.instructions.count)
        var stack: [Pending] = []
        current.clear()
        var best: [Int]?
        var offset = min(start, text.count)
        while true {
            if best == nil, offset == start || !entirely && (!program.isAnchored || offset == 0) {
                let slots = Array(repeating: -1, count: slotCount)
                add(0, slots, at: offset, to: &current, &stack)
            }
            if current.counters.isEmpty, best != nil || entirely || program.isAnchored { break }
            let (scalar, length) = decode(at: offset)
            following.clear()
            for index in current.counters.indices {
                let counter = current.counters[index]
                let goesOn: Bool
                switch program.instructions[counter] {
                case .scalar(let wanted): goesOn = scalar == wanted
                case .set(let set): goesOn = scalar.map { program.sets[set].contains($0) } ?? false
                case .match where !entirely || offset == text.count:
                    // Threads behind this one have lower priority.
                    best = current.captures[index]
                    goesOn = false
                default: continue
                }
                if case .match = program.instructions[counter] { break }
                if goesOn { add(counter + 1, current.captures[index], at: offset + length, to: &following, &stack) }
            }
            swap(&current, &following)
            if length == 0 || best != nil && slotCount == 0 { break }
            offset += length
        }
        return best
    }

    /// Follows everything that takes up no text from `counter` on.
    private func add(
        _ counter: Int, _ captures: [Int], at offset: Int, to threads: inout Threads, _ stack: inout [Pending]
    ) {
        var slots = captures
        stack.append(.visit(counter))
        while let pending = stack.popLast() {
            switch pending {
            case .restore(let slot, let value): slots[slot] = value
            case .visit(let counter):
                guard threads.insert(counter) else { continue }
                switch program.instructions[counter] {
                case .jump(let target): stack.append(.visit(target))
                case .split(let first, let second):
                    stack.append(.visit(second))
                    stack.append(.visit(first))
                case .save(let slot):
                    if slot < slotCount {
                        stack.append(.restore(slot: slot, value: slots[slot]))
                        slots[slot] = offset
                    }
                    stack.append(.visit(counter + 1))
                case .assertion(let assertion):
                    if holds(assertion, at: offset) { stack.append(.visit(counter + 1)) }
                case .scalar, .set, .match:
                    threads.counters.append(counter)
                    threads.captures.append(slots)
                }
            }
        }
    }

    private func holds(_ assertion: RegularExpressionAssertion, at offset: Int) -> Bool {
        switch assertion {
        case .textStart: offset == 0
        case .textEnd: offset == text.count
        case .lineStart: offset == 0 || text[offset - 1] == 10
        case .lineEnd: offset == text.count || text[offset] == 10
        case .wordBoundary: isWord(offset - 1) != isWord(offset)
        case .noWordBoundary: isWord(offset - 1) == isWord(offset)
        }
    }

    private func isWord(_ offset: Int) -> Bool {
        guard text.indices.contains(offset) else { return false }
        let byte = UInt32(text[offset])
        return RegularExpressionClass.word.contains { $0.contains(byte) }
    }

    /// The scalar at a byte offset of valid UTF-8 and its length; `nil` and 0 at the end.
    private func decode(at offset: Int) -> (UInt32?, Int) {
        guard offset < text.count else { return (nil, 0) }
        let first = UInt32(text[offset])
        if first < 0x80 { return (first, 1) }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard offset + length <= text.count else { return (0xFFFD, text.count - offset) }
        var value = first & (0x7F >> UInt32(length))
        for byte in text[(offset + 1)..<(offset + length)] { value = value << 6 | UInt32(byte & 0x3F) }
        return (value, length)
    }
}
