import Manifest

/// The rules of ``Store``, without its lock.
struct StoreContent<Object: CachedObject> {
    typealias Change = Store<Object>.Change

    /// Objects are large, and a dictionary keeps a third of its places free.
    private final class Box: Sendable {
        let object: Object
        init(_ object: Object) { self.object = object }
    }

    /// Namespace to name to object: names are stored once, and a namespace needs no index.
    private var objects: [String: [String: Box]] = [:]
    private var owned: [String: [ObjectKey]] = [:]
    private let indexers: [String: Store<Object>.Index]
    private var indexes: [String: [String: Set<ObjectKey>]] = [:]
    /// Own writes that the watch has not shown yet.
    private var writes: [ObjectKey: String] = [:]
    /// How far the watch has come.
    private var seen = ""
    private(set) var count = 0

    init(indexes: [String: Store<Object>.Index]) { indexers = indexes }

    subscript(key: ObjectKey) -> Object? { objects[key.namespace]?[key.name]?.object }

    var all: [Object] { objects.values.flatMap { $0.values.map(\.object) } }
    func inNamespace(_ namespace: String) -> [Object] { objects[namespace]?.values.map(\.object) ?? [] }
    func ownedBy(_ uid: String) -> [Object] { owned[uid]?.compactMap { self[$0] } ?? [] }
    func indexed(_ index: String, _ value: String) -> [Object] { indexes[index]?[value]?.compactMap { self[$0] } ?? [] }

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
        if case .older = VersionOrder(version, seen) { return }
        seen = version
    }

    // MARK: Changes

    mutating func apply(_ object: Object) -> [Change] {
        let key = object.key
        defer { caughtUp(key, object.resourceVersion) }
        let old = self[key]
        if let old {
            switch VersionOrder(object.resourceVersion, old.resourceVersion) {
            case .older, .same: return []
            case .newer, .unknown: unfile(old)
            }
        }
        objects[key.namespace, default: [:]][key.name] = Box(object)
        if old == nil { count += 1 }
        file(object)
        if let old, old.uid != object.uid {
            return [Change(key: key, old: old, new: nil), Change(key: key, old: nil, new: object)]
        }
        return [Change(key: key, old: old, new: object)]
    }

    mutating func remove(_ key: ObjectKey, resourceVersion: String) -> [Change] {
        defer { caughtUp(key, resourceVersion) }
        guard let old = self[key] else { return [] }
        if case .older = VersionOrder(resourceVersion, old.resourceVersion) { return [] }
        return [take(old)]
    }

    mutating func sweep(keeping keys: Set<ObjectKey>) -> [Change] {
        let gone = all.filter { !keys.contains($0.key) }.sorted { $0.key < $1.key }
        return gone.map { take($0) }
    }

    private mutating func take(_ object: Object) -> Change {
        let key = object.key
        unfile(object)
        objects[key.namespace]?[key.name] = nil
        if objects[key.namespace]?.isEmpty == true { objects[key.namespace] = nil }
        count -= 1
        writes[key] = nil
        return Change(key: key, old: object, new: nil)
    }

    /// Events come in order of versions, so one of version n means that all writes up to n have been shown.
    private mutating func caughtUp(_ key: ObjectKey, _ version: String) {
        advance(to: version)
        guard let noted = writes[key] else { return }
        // Of versions that are not numbers only this much is known: the watch has moved since the write.
        if hasSeen(key, noted) || UInt64(version) == nil { writes[key] = nil }
    }

    // MARK: Indexes

    private mutating func file(_ object: Object) {
        if let owner = object.ownerUID { owned[owner, default: []].append(object.key) }
        for (name, values) in indexers {
            for value in values(object) { indexes[name, default: [:]][value, default: []].insert(object.key) }
        }
    }

    private mutating func unfile(_ object: Object) {
        if let owner = object.ownerUID {
            owned[owner]?.removeAll { $0 == object.key }
            if owned[owner]?.isEmpty == true { owned[owner] = nil }
        }
        for (name, values) in indexers {
            for value in values(object) {
                indexes[name]?[value]?.remove(object.key)
                if indexes[name]?[value]?.isEmpty == true { indexes[name]?[value] = nil }
            }
        }
    }
}
