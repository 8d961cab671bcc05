/// How much one repository may take of time and memory.
package struct GitLimits: Sendable, Hashable {
    /// For one fetch or push, from the first packet to the last.
    package var timeout: Duration
    /// Bytes of one fetch.
    package var fetchBytes: Int64
    /// Bytes of one push; a revert is small.
    package var pushBytes: Int64
    /// Bytes of one file that is read.
    package var blobBytes: Int
    /// Entries of one folder.
    package var treeEntries: Int
    /// Folders below each other.
    package var depth: Int
    /// How far back a history is searched.
    package var historyLength: Int
    /// Pack files of a mirror; more are joined after a fetch.
    package var packs: Int

    package init(
        timeout: Duration = .seconds(90), fetchBytes: Int64 = 4 << 30, pushBytes: Int64 = 256 << 20,
        blobBytes: Int = 16 << 20, treeEntries: Int = 100_000, depth: Int = 64, historyLength: Int = 10_000,
        packs: Int = 64
    ) {
        self.timeout = timeout
        self.fetchBytes = fetchBytes
        self.pushBytes = pushBytes
        self.blobBytes = blobBytes
        self.treeEntries = treeEntries
        self.depth = depth
        self.historyLength = historyLength
        self.packs = packs
    }
}
