import Manifest

/// The entries of one namespace by name.
///
/// Smaller and quicker than a dictionary: names stand in the entries alone, and are hashed once.
struct EntryTable {
    private struct Slot {
        var hash = 0
        var entry: StoreEntry?
    }

    /// A power of two, of which at least a quarter is free.
    private var slots: [Slot] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var entries: [StoreEntry] { slots.compactMap(\.entry) }

    subscript(name: String) -> StoreEntry? {
        slots.isEmpty ? nil : slots[place(name, name.hashValue)].entry
    }

    /// Puts an entry under its name where `mayReplace` says so of the one that is there, which it gives.
    mutating func put(
        _ entry: StoreEntry, _ name: String, mayReplace: (StoreEntry) -> Bool
    ) -> (isPut: Bool, old: StoreEntry?) {
        if count &* 4 >= slots.count &* 3 { grow() }
        let hash = name.hashValue
        let place = place(name, hash)
        let old = slots[place].entry
        if let old {
            guard mayReplace(old) else { return (false, old) }
        } else {
            count += 1
        }
        slots[place] = Slot(hash: hash, entry: entry)
        return (true, old)
    }

    mutating func remove(_ name: String) {
        guard !slots.isEmpty, case var hole = place(name, name.hashValue), slots[hole].entry != nil else { return }
        let mask = slots.count - 1
        var next = (hole + 1) & mask
        // Those behind it move up, but none to before where a search for it begins.
        while slots[next].entry != nil {
            if (next &- slots[next].hash) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = Slot()
        count -= 1
    }

    /// Where a name is, or belongs.
    private func place(_ name: String, _ hash: Int) -> Int {
        let mask = slots.count &- 1
        var place = hash & mask
        while let entry = slots[place].entry {
            if slots[place].hash == hash, entry.key.name == name { return place }
            place = (place &+ 1) & mask
        }
        return place
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: max(4, old.count * 2))
        let mask = slots.count - 1
        for slot in old where slot.entry != nil {
            var place = slot.hash & mask
            while slots[place].entry != nil { place = (place + 1) & mask }
            slots[place] = slot
        }
    }
}
