import Manifest

/// A text in Go's template language, with the functions of the sprig library that touch nothing outside of it.
///
/// Reading and filling in are bounded, whatever the text says.
package struct Template: Hashable, Sendable {
    static let maxSource = 64 << 10
    static let maxDepth = 48

    package let source: String
    let nodes: [TemplateNode]
    /// What `define` and `block` name.
    let definitions: [String: [TemplateNode]]

    /// Reads a template.
    /// - Throws: ``TemplateError`` with the line; an unknown function is named.
    package init(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= Template.maxSource else {
            throw TemplateError("the template is longer than \(Template.maxSource >> 10) KiB")
        }
        source = text
        var lexer = TemplateLexer(text)
        var parser = TemplateParser(try lexer.pieces())
        nodes = try parser.parse()
        definitions = parser.definitions
    }

    package static func == (left: Template, right: Template) -> Bool { left.source == right.source }
    package func hash(into hasher: inout Hasher) { hasher.combine(source) }
}
