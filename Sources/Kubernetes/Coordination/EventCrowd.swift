package import Manifest

/// Whether so many objects have Events waiting that those which others imply are better left out.
///
/// A burst is one crowd from its beginning to its end, however quickly parts of it are written in between.
package struct EventCrowd: Sendable {
    /// More objects than this begin a crowd.
    package static let size = 128
    /// Fewer than this end it.
    package static let rest = 4

    private var waiting: [ObjectKey: Int] = [:]
    package private(set) var isCrowded = false

    /// So few objects that somebody may be looking at each of them.
    package var isQuiet: Bool { waiting.count <= Self.rest }

    package init() {}

    /// Whether Events of an object wait.
    package func isWaiting(_ object: ObjectKey) -> Bool { waiting[object] != nil }

    /// An Event of an object waits.
    package mutating func begin(_ object: ObjectKey) {
        waiting[object, default: 0] += 1
        if waiting.count > Self.size { isCrowded = true }
    }

    /// One of an object waits no more.
    package mutating func finish(_ object: ObjectKey) {
        guard let count = waiting[object] else { return }
        waiting[object] = count > 1 ? count - 1 : nil
        if waiting.count < Self.rest { isCrowded = false }
    }
}
