package import SyncEngine

extension CommitTrailer {
    /// The trailers of a commit message: its last paragraph, when each of its lines is `Name: value` or continues one.
    ///
    /// The first paragraph is the subject and never holds trailers. At most 100 are read.
    package static func parse(_ message: String) -> [CommitTrailer] {
        let lines = message.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let end = lines.lastIndex(where: { !isBlank($0) }) else { return [] }
        guard let gap = lines[...end].lastIndex(where: isBlank), lines[..<gap].contains(where: { !isBlank($0) }) else {
            return []
        }
        var trailers: [CommitTrailer] = []
        for line in lines[(gap + 1)...end] {
            if line.first == " " || line.first == "\t", let last = trailers.indices.last {
                trailers[last].value += " " + trim(line)
                continue
            }
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy(isNameByte)
            else { return [] }
            trailers.append(CommitTrailer(name: String(line[..<colon]), value: trim(line[line.index(after: colon)...])))
            if trailers.count == 100 { break }
        }
        return trailers
    }

    private static func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || byte == UInt8(ascii: "-")
    }

    private static func trim(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }
}
