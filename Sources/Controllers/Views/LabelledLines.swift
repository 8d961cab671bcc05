/// The lines above a tree: a label, and what belongs to it in column 17.
struct LabelledLines {
    private(set) var text = ""

    mutating func add(_ label: String, _ value: String) {
        text += label + String(repeating: " ", count: max(1, 17 - label.count)) + value + "\n"
    }

    mutating func add(images: [RolloutView.Image], _ style: TextStyle) {
        for (index, image) in images.enumerated() {
            let tags = image.tags.map { style.paint($0, RolloutView.color(of: $0)) }.joined(separator: ", ")
            add(index == 0 ? "Images:" : "", image.name + (tags.isEmpty ? "" : " (\(tags))"))
        }
    }

    mutating func add(heading: String) { text += heading + "\n" }
}
