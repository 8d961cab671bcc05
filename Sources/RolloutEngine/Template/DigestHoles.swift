import Manifest

/// The template that was read last, with holes: those of a Rollout's revisions come one after another, and most differ
/// only in the hash label and in images.
///
/// As in ``DigestMemo``, all text around the holes is known again byte for byte.
struct DigestHoles: Sendable {
    /// A container's members but for image and pull policy.
    struct Container: Sendable {
        var sum: UInt64
        var pullPolicy: String?
    }

    /// What is gathered while a template is read.
    struct Sight: Sendable {
        /// Texts of hash and images, in order.
        var holes: [(text: Range<Int>, isImage: Bool)] = []
        /// Of the pod's `containers`.
        var containers: [Container] = []
        /// Of the list of containers, also those that are none.
        var items = 0
        var hashes = 0
        var images = 0
        var podSpecs = 0
        /// The pod's members but for its containers.
        var podSpecSum: UInt64 = 0
        /// The template's members but for the pod's spec.
        var templateSum: UInt64 = 0
        var hasAffinity = false
    }

    /// What a template that is known but for its holes says.
    typealias Found = (digest: UInt64, images: [String], hasAffinity: Bool)

    /// Longer templates are read.
    private static let maxLength = 16_384

    /// The text before each hole and behind the last; empty where none is known.
    private var around: [[UInt8]] = []
    private var sight = Sight()
    /// The images of the last template.
    private var images: [String] = []

    /// Moves past a template that differs from the last one in the holes alone.
    mutating func skip(_ reader: inout JSONReader) -> Found? {
        guard let first = around.first, reader.skip(first) else { return nil }
        let start = reader.position - first.count
        var image = 0
        for index in sight.holes.indices {
            guard let text = reader.readPlainText(), !text.isEmpty, reader.skip(around[index + 1]) else {
                reader.rewind(to: start)
                return nil
            }
            guard sight.holes[index].isImage else { continue }
            let name = reader.sharedText(text)
            // Templates of equal images share a list of them.
            if images[image] != name { images[image] = name }
            image += 1
        }
        var list = DigestSum.listStart
        for (container, image) in zip(sight.containers, images) {
            list = DigestSum.item(
                list, DigestSum.container(container.sum, image: image, pullPolicy: container.pullPolicy))
        }
        let podSpec = DigestSum.mix(sight.podSpecSum &+ DigestSum.member(DigestName.containers, list))
        let digest = DigestSum.mix(sight.templateSum &+ DigestSum.member(DigestName.spec, podSpec))
        return (digest, images, sight.hasAffinity)
    }

    /// Keeps a template that was just read, unless its parts come twice or its containers have no plain images.
    mutating func keep(_ sight: Sight, _ images: [String], _ bytes: Span<UInt8>, _ text: Range<Int>) {
        around = []
        guard sight.hashes <= 1, sight.podSpecs == 1, text.count <= Self.maxLength, !images.isEmpty,
            sight.images == images.count, sight.containers.count == images.count, sight.items == images.count,
            sight.holes.count == sight.images + sight.hashes, sight.holes.allSatisfy({ !$0.text.isEmpty })
        else { return }
        var start = text.lowerBound
        var texts: [[UInt8]] = []
        for hole in sight.holes {
            // The quotes belong to the holes.
            texts.append(bytes.extracting(start..<hole.text.lowerBound - 1).withUnsafeBufferPointer { Array($0) })
            start = hole.text.upperBound + 1
        }
        texts.append(bytes.extracting(start..<text.upperBound).withUnsafeBufferPointer { Array($0) })
        (around, self.sight, self.images) = (texts, sight, images)
    }
}
