import Manifest

/// How a digest is put together from those of its parts.
enum DigestSum {
    /// The digest of a list without items.
    static let listStart: UInt64 = 0x9E37_79B9

    /// A list's digest with one more item.
    static func item(_ list: UInt64, _ value: UInt64) -> UInt64 { mix(list &* 31 &+ value) }

    static func member(_ name: UInt64, _ value: UInt64) -> UInt64 { mix(name ^ mix(value &+ 0x9E37_79B9_7F4A_7C15)) }

    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The digest of a container that has an image.
    /// - Parameter sum: Of its members but for image and pull policy.
    static func container(_ sum: UInt64, image name: String, pullPolicy policy: String?) -> UInt64 {
        mix(sum &+ (image(name) ?? 0) &+ (pullPolicy(policy, image: name) ?? 0))
    }

    /// What an image adds to its container; `nil` for none.
    static func image(_ image: String) -> UInt64? {
        image.isEmpty ? nil : member(DigestName.image, hashBytes(image.utf8))
    }

    /// What a pull policy adds; `nil` for none and for what the API server defaults to.
    static func pullPolicy(_ policy: String?, image: String) -> UInt64? {
        guard let policy, !policy.isEmpty, policy != defaultPullPolicy(image) else { return nil }
        return member(DigestName.imagePullPolicy, hashBytes(policy.utf8))
    }

    /// `Always` for `latest`, also beside a digest, and for images with neither tag nor digest, as the API server defaults it.
    private static func defaultPullPolicy(_ image: String) -> String {
        let image = image.utf8
        return image.withContiguousStorageIfAvailable { isLatest($0) } ?? isLatest(Array(image))
            ? "Always" : "IfNotPresent"
    }

    private static func isLatest(_ image: some BidirectionalCollection<UInt8>) -> Bool {
        let end = image.firstIndex(of: UInt8(ascii: "@"))
        let isPinned = end != nil
        let image = image[..<(end ?? image.endIndex)]
        guard let mark = image.lastIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
            image[mark] == UInt8(ascii: ":")
        else { return !isPinned }
        return image[mark...].dropFirst().elementsEqual("latest".utf8)
    }
}
