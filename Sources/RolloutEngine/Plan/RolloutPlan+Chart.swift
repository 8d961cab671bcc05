import Manifest

extension RolloutPlan {
    private enum Layout {
        static let (width, height) = (960.0, 420.0)
        static let (left, right, top, bottom) = (60.0, 60.0, 48.0, 56.0)
        static let plotWidth = width - left - right
        static let plotHeight = height - top - bottom
    }

    /// A chart of weight and pods over time, as SVG.
    ///
    /// The horizontal axis gives every moment the same width: a pause of a day would leave no room for the rest.
    package func svg(title: String) -> String {
        let columns = max(1, moments.count)
        let step = Layout.plotWidth / Double(columns)
        let most = Double(max(1, moments.map { $0.canary + $0.stable + $0.others }.max() ?? 1))
        let x = { (index: Int) in Layout.left + Double(index) * step }
        let yPods = { (count: Int) in Layout.top + Layout.plotHeight * (1 - Double(count) / most) }
        let yWeight = { (weight: Int) in
            Layout.top + Layout.plotHeight * (1 - Double(weight) / Double(max(1, self.maxWeight)))
        }
        var lines: [String] = []
        for (index, moment) in moments.enumerated() {
            var base = 0
            for (count, color, name) in [
                (moment.stable, "#2f855a", "stable"), (moment.canary, "#d69e2e", "canary"),
                (moment.others, "#a0aec0", "other revisions"),
            ] where count > 0 {
                let (top, bottom) = (yPods(base + count), yPods(base))
                lines.append(
                    "<rect x=\"\(number(x(index)))\" y=\"\(number(top))\" width=\"\(number(step))\" "
                        + "height=\"\(number(bottom - top))\" fill=\"\(color)\" fill-opacity=\"0.55\">"
                        + "<title>\(escaped("\(count) \(name) pods: \(moment.text)"))</title></rect>")
                base += count
            }
        }
        var path = ""
        for (index, moment) in moments.enumerated() {
            let y = number(yWeight(moment.weight))
            path += "\(index == 0 ? "M" : "L")\(number(x(index))) \(y) L\(number(x(index + 1))) \(y) "
        }
        lines.append("<path d=\"\(path)\" fill=\"none\" stroke=\"#2b6cb0\" stroke-width=\"2.5\"/>")
        for (index, moment) in moments.enumerated() where columns <= 24 || index % (columns / 24 + 1) == 0 {
            lines.append(
                text(x(index), Layout.height - Layout.bottom + 18, Self.text(moment.after), size: 11, anchor: "start"))
            if moment.waitsFor != nil {
                lines.append(text(x(index) + 2, Layout.top - 6, "waits", size: 11, anchor: "start", color: "#c53030"))
            }
        }
        for part in 0...4 {
            let y = Layout.top + Layout.plotHeight * (1 - Double(part) / 4)
            lines.append(
                "<line x1=\"\(number(Layout.left))\" y1=\"\(number(y))\" x2=\"\(number(Layout.width - Layout.right))\" "
                    + "y2=\"\(number(y))\" stroke=\"#718096\" stroke-opacity=\"0.25\"/>")
            lines.append(
                text(Layout.left - 8, y + 4, number(most * Double(part) / 4), size: 11, anchor: "end"))
            lines.append(
                text(
                    Layout.width - Layout.right + 8, y + 4, "\(maxWeight * part / 4)%", size: 11, anchor: "start",
                    color: "#2b6cb0"))
        }
        let legend =
            "green: stable pods, yellow: canary pods, grey: other revisions, blue line: weight of the new revision"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(Layout.width))" height="\(number(Layout.height))" \
            viewBox="0 0 \(number(Layout.width)) \(number(Layout.height))" font-family="sans-serif">
            <rect width="100%" height="100%" fill="#ffffff"/>
            \(text(Layout.left, 22, title, size: 16, anchor: "start"))
            \(lines.joined(separator: "\n"))
            \(text(Layout.left, Layout.height - 16, summary, size: 11, anchor: "start"))
            \(text(Layout.width - Layout.right, 22, legend, size: 11, anchor: "end"))
            </svg>

            """
    }

    private func text(
        _ x: Double, _ y: Double, _ content: String, size: Int, anchor: String, color: String = "#1a202c"
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(size)\" text-anchor=\"\(anchor)\" fill=\"\(color)\">"
            + "\(escaped(content))</text>"
    }

    /// With one digit behind the point at most.
    private func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
    }

    private func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
