import Manifest

/// A part of an expression.
struct Node: Sendable {
    indirect enum Kind: Sendable {
        case literal(Value)
        /// A variable of the environment.
        case name(String)
        /// A variable that a `let` around it declares.
        case local(String)
        case environment
        case pointer(Pointer)
        case unary(String, Node)
        case binary(String, Node, Node)
        case matches(Node, RegularExpression)
        case conditional(Node, Node, Node)
        case list([Node])
        case map([(key: Node, value: Node)])
        case member(Node, String, optional: Bool)
        case index(Node, Node, optional: Bool)
        case slice(Node, from: Node?, to: Node?)
        /// Ends what a `?.` that met nil skips.
        case chain(Node)
        case call(String, [Node])
        case predicate(String, Node, Node?, extra: Node?)
        case method(Node, String, optional: Bool)
        case declaration(String, Node, body: Node)
        case sequence([Node])
    }

    enum Pointer: Sendable { case element, index, accumulator }

    var kind: Kind
    var offset: Int
    /// Levels of nodes, this one included.
    var depth: Int
}
