/// A value in memory of its own: what few objects have, or many share, takes one word in each.
indirect enum Indirect<Value: Hashable & Sendable>: Hashable, Sendable {
    case value(Value)

    var value: Value {
        switch self {
        case .value(let value): value
        }
    }
}
