extension Invocation {
    /// A text with commands in backquotes that can be run as they stand: called as the caller calls us, and with the namespace.
    /// - Parameter namespace: That of the object the commands are about; empty where none is known.
    func runnable(_ text: String, in namespace: String) -> String {
        let prefix = "kubectl sluice "
        return text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            guard index % 2 == 1, part.hasPrefix(prefix) else { return String(part) }
            let command = "\(typed) \(part.dropFirst(prefix.count))"
            return namespace.isEmpty ? command : "\(command) -n \(namespace)"
        }.joined(separator: "`")
    }
}
