/// Columns of text, two spaces apart.
package struct TextTable: Hashable, Sendable {
    package var rows: [[StyledText]]

    package init(_ rows: [[StyledText]] = []) { self.rows = rows }

    package init(header: [String]) { rows = [header.map { StyledText($0) }] }

    package mutating func add(_ cells: [String]) { rows.append(cells.map { StyledText($0) }) }

    /// The lines, without spaces at their ends.
    package func lines(_ style: TextStyle = .plain) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                // Symbols of the tree are one column wide each; combining marks belong to their character.
                let width = cell.text.count
                if column < widths.count { widths[column] = max(widths[column], width) } else { widths.append(width) }
            }
        }
        return rows.map { row in
            var line = ""
            let last = row.lastIndex { !$0.text.isEmpty } ?? -1
            for (column, cell) in row.enumerated() where column <= last {
                line += cell.styled(style)
                if column < last { line += String(repeating: " ", count: widths[column] - cell.text.count + 2) }
            }
            return line
        }
    }

    package func text(_ style: TextStyle = .plain) -> String { lines(style).map { $0 + "\n" }.joined() }
}
