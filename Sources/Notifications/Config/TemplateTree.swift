package import Manifest

/// A block of a notification template: YAML whose texts are templates.
package indirect enum TemplateTree: Hashable, Sendable {
    case text(Template)
    case value(JSON)
    case list([TemplateTree])
    case object([String: TemplateTree])

    private static let maxNodes = 1_000

    /// - Parameter field: Where it stands, for errors: `slack.attachments`.
    init(_ yaml: JSON, _ field: String) throws(ConfigProblem) {
        var count = 0
        self = try TemplateTree.read(yaml, field, &count)
    }

    private static func read(_ yaml: JSON, _ field: String, _ count: inout Int) throws(ConfigProblem) -> TemplateTree {
        count += 1
        guard count <= maxNodes else { throw ConfigProblem("\(field) has more than \(maxNodes) values") }
        switch yaml {
        case .string(let text):
            do throws(TemplateError) { return .text(try Template(text)) } catch {
                throw ConfigProblem("\(field): \(error)")
            }
        case .array(let elements):
            var trees: [TemplateTree] = []
            for (index, element) in elements.enumerated() {
                trees.append(try read(element, "\(field)[\(index)]", &count))
            }
            return .list(trees)
        case .object(let members):
            var trees: [String: TemplateTree] = [:]
            for (name, member) in members.sorted(by: { utf8Order($0.key, $1.key) }) {
                trees[name] = try read(member, "\(field).\(name)", &count)
            }
            return .object(trees)
        default: return .value(yaml)
        }
    }

    package subscript(name: String) -> TemplateTree? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// Fills all texts in.
    /// - Throws: ``TemplateError`` that begins with the field.
    func render(_ field: String, _ fill: (Template) throws(TemplateError) -> String) throws(TemplateError) -> JSON {
        switch self {
        case .text(let template):
            do throws(TemplateError) { return .string(try fill(template)) } catch {
                throw TemplateError("\(field): \(error)")
            }
        case .value(let value): return value
        case .list(let trees):
            var elements: [JSON] = []
            for (index, tree) in trees.enumerated() { elements.append(try tree.render("\(field)[\(index)]", fill)) }
            return .array(elements)
        case .object(let trees):
            var members: [String: JSON] = [:]
            for (name, tree) in trees { members[name] = try tree.render("\(field).\(name)", fill) }
            return .object(members)
        }
    }
}
