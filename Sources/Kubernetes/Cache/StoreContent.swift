import Manifest

/// The rules of ``Store``, without its lock and whatever its kind.
struct StoreContent {
    /// Gives the values under which an entry is found in an index.
    typealias Index = @Sendable (StoreEntry) -> [String]

    /// A change of one entry; a replaced object (another uid) is two.
    struct Change {
        var key: ObjectKey
        var old: StoreEntry?
        var new: StoreEntry?
    }

    /// What became of an entry that was taken in.
    enum Outcome {
        /// What is there is not older.
        case refused
        case added(StoreEntry)
        case replaced(StoreEntry, by: StoreEntry)

        var changes: [Change] {
            switch self {
            case .refused: return []
            case .added(let new): return [Change(key: new.key, old: nil, new: new)]
            case .replaced(let old, let new):
                let key = new.key
                if old.uid == new.uid { return [Change(key: key, old: old, new: new)] }
                return [Change(key: key, old: old, new: nil), Change(key: key, old: nil, new: new)]
            }
        }
    }

    /// Entries by name, a table for each namespace: names are stored once, and a namespace needs no index.
    private var tables: [EntryTable] = []
    private var namespaces: [String: Int] = [:]
    /// Tables whose namespace has emptied.
    private var free: [Int] = []
    /// The namespace of the last change: lists come ordered by it.
    private var last = (namespace: "", table: -1)
    /// Entries by the uid of their owner, a place in `lists` for each.
    private var owned: [String: Int] = [:]
    private var lists: [[StoreEntry]] = []
    /// Lists that have emptied.
    private var freeLists: [Int] = []
    /// The owner of the last change: its dependents come one after another.
    private var lastOwner = (uid: "", list: -1)
    private let indexers: [String: Index]
    private var indexes: [String: [String: Set<ObjectKey>]] = [:]
    /// Own writes that the watch has not shown yet.
    private var writes: [ObjectKey: String] = [:]
    /// How far the watch has come.
    private var seen = ""
    private var seenNumber: UInt64?
    private(set) var count = 0

    init(indexes: [String: Index]) { indexers = indexes }

    subscript(key: ObjectKey) -> StoreEntry? { namespaces[key.namespace].flatMap { tables[$0][key.name] } }

    var all: [StoreEntry] { tables.flatMap { $0.entries } }
    func inNamespace(_ namespace: String) -> [StoreEntry] {
        namespaces[namespace].map { tables[$0].entries } ?? []
    }
    func ownedBy(_ uid: String) -> [StoreEntry] { owned[uid].map { lists[$0] } ?? [] }
    func indexed(_ index: String, _ value: String) -> [StoreEntry] {
        indexes[index]?[value]?.compactMap { self[$0] } ?? []
    }

    // MARK: Own writes

    mutating func noteWrite(_ key: ObjectKey, _ resourceVersion: String) {
        guard !resourceVersion.isEmpty else { return }
        if let noted = writes[key], case .older = VersionOrder(resourceVersion, noted) { return }
        if hasSeen(key, resourceVersion) { return }
        writes[key] = resourceVersion
    }

    mutating func isBehind(_ key: ObjectKey) -> Bool {
        guard let noted = writes[key] else { return false }
        if hasSeen(key, noted) {
            writes[key] = nil
            return false
        }
        return true
    }

    private func hasSeen(_ key: ObjectKey, _ version: String) -> Bool {
        for shown in [self[key]?.resourceVersion ?? "", seen] where !shown.isEmpty {
            switch VersionOrder(shown, version) {
            case .same, .newer: return true
            case .older, .unknown: break
            }
        }
        return false
    }

    mutating func advance(to version: String) {
        let number = UInt64(version)
        // Versions of which one is no number have no order: the later one counts.
        if let number, let seenNumber, number < seenNumber { return }
        (seen, seenNumber) = (version, number)
    }

    // MARK: Changes

    mutating func apply(_ entry: StoreEntry) -> Outcome {
        let (key, version) = (entry.key, entry.resourceVersion)
        defer { caughtUp(key, version) }
        let table = table(key.namespace)
        let (isPut, old) = tables[table].put(entry, key.name) { old in
            switch VersionOrder(version, old.resourceVersion) {
            case .older, .same: false
            case .newer, .unknown: true
            }
        }
        guard isPut else { return .refused }
        if let old { unfile(old) } else { count += 1 }
        file(entry, key)
        return old.map { .replaced($0, by: entry) } ?? .added(entry)
    }

    /// The table of a namespace, a new one where it has none.
    private mutating func table(_ namespace: String) -> Int {
        if last.table >= 0, last.namespace == namespace { return last.table }
        if let known = namespaces[namespace] {
            last = (namespace, known)
            return known
        }
        let place = free.popLast() ?? tables.count
        if place == tables.count { tables.append(EntryTable()) }
        namespaces[namespace] = place
        last = (namespace, place)
        return place
    }

    mutating func remove(_ key: ObjectKey, resourceVersion: String) -> [Change] {
        defer { caughtUp(key, resourceVersion) }
        guard let old = self[key] else { return [] }
        if case .older = VersionOrder(resourceVersion, old.resourceVersion) { return [] }
        return [take(old)]
    }

    mutating func sweep(keeping keys: Set<ObjectKey>) -> [Change] {
        let gone = all.map { (key: $0.key, entry: $0) }.filter { !keys.contains($0.key) }.sorted { $0.key < $1.key }
        return gone.map { take($0.entry) }
    }

    private mutating func take(_ entry: StoreEntry) -> Change {
        let key = entry.key
        unfile(entry)
        if let place = namespaces[key.namespace] {
            tables[place].remove(key.name)
            if tables[place].isEmpty {
                tables[place] = EntryTable()
                namespaces[key.namespace] = nil
                free.append(place)
                last = ("", -1)
            }
        }
        count -= 1
        writes[key] = nil
        return Change(key: key, old: entry, new: nil)
    }

    /// Events come in order of versions, so one of version n means that all writes up to n have been shown.
    private mutating func caughtUp(_ key: ObjectKey, _ version: String) {
        advance(to: version)
        guard !writes.isEmpty, let noted = writes[key] else { return }
        // Of versions that are not numbers only this much is known: the watch has moved since the write.
        if hasSeen(key, noted) || UInt64(version) == nil { writes[key] = nil }
    }

    // MARK: Indexes

    private mutating func file(_ entry: StoreEntry, _ key: ObjectKey) {
        if let owner = entry.ownerUID { lists[list(owner)].append(entry) }
        for (name, values) in indexers {
            for value in values(entry) { indexes[name, default: [:]][value, default: []].insert(key) }
        }
    }

    /// The place of an owner's list, a new one where it has none.
    private mutating func list(_ owner: String) -> Int {
        if lastOwner.list >= 0, lastOwner.uid == owner { return lastOwner.list }
        let known = owned[owner]
        let place = known ?? freeLists.popLast() ?? lists.count
        if known == nil {
            if place == lists.count { lists.append([]) }
            owned[owner] = place
        }
        lastOwner = (owner, place)
        return place
    }

    private mutating func unfile(_ entry: StoreEntry) {
        if let owner = entry.ownerUID, let place = owned[owner] {
            lists[place].removeAll { $0 === entry }
            if lists[place].isEmpty {
                lists[place] = []
                owned[owner] = nil
                freeLists.append(place)
                lastOwner = ("", -1)
            }
        }
        guard !indexers.isEmpty else { return }
        let key = entry.key
        for (name, values) in indexers {
            for value in values(entry) {
                indexes[name]?[value]?.remove(key)
                if indexes[name]?[value]?.isEmpty == true { indexes[name]?[value] = nil }
            }
        }
    }
}
