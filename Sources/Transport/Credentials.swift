/// The text with `user:password@` of URLs and bearer tokens masked, for messages that people read.
package func withoutCredentials(_ text: String) -> String {
    guard text.contains("://") || text.contains("earer ") else { return text }
    var result = ""
    var rest = Substring(text)
    while let separator = rest.firstRange(of: "://") {
        result += rest[..<separator.upperBound]
        rest = rest[separator.upperBound...]
        let authority = rest.prefix { !$0.isWhitespace && !"/?#\"'<>".contains($0) }
        // The last @ ends the user part; a password may hold another.
        if let at = authority.lastIndex(of: "@") {
            result += "***@"
            rest = rest[rest.index(after: at)...]
        }
    }
    return maskingBearer(result + rest)
}

private func maskingBearer(_ text: String) -> String {
    var result = ""
    var rest = Substring(text)
    while let word = rest.firstRange(of: "earer ") {
        result += rest[..<word.upperBound]
        rest = rest[word.upperBound...]
        let token = rest.prefix { !$0.isWhitespace && !"\"',;".contains($0) }
        if token.utf8.count >= 8 {
            result += "***"
            rest = rest[token.endIndex...]
        }
    }
    return result + rest
}
