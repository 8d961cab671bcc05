import Manifest

/// Pod templates that validation has passed already, so that each new status of a Rollout does not judge its template again.
///
/// Changes speed alone: an answer is given only for the very same bytes. Holds a bounded number of short templates, which
/// mostly are shared with the Rollouts that have them.
final class SoundTemplates: Sendable {
    static let shared = SoundTemplates()
    private static let count = 2_048
    private static let longest = 8 << 10

    private let slots = Lock<[[UInt8]]>(Array(repeating: [], count: count))

    /// - Parameter digest: The template's ``TemplateDigest``; chooses the place, and proves nothing.
    func contains(_ bytes: [UInt8], digest: UInt64) -> Bool {
        let known = slots.withLock { $0[Self.slot(digest)] }
        return known == bytes
    }

    func insert(_ bytes: [UInt8], digest: UInt64) {
        guard bytes.count <= Self.longest else { return }
        slots.withLock { $0[Self.slot(digest)] = bytes }
    }

    private static func slot(_ digest: UInt64) -> Int { Int(digest % UInt64(count)) }
}
