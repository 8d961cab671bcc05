package import Manifest

/// A 64-bit digest of a pod template in which semantically equal templates agree.
///
/// One pass over the bytes, without a tree: members are combined so that their order does not matter, and what the API
/// server would default, empty values, the hash label and the deprecated `serviceAccount` are left out. So a desired
/// template and the live one, which the server has defaulted, have the same digest. Quantities count by value.
package enum TemplateDigest {
    /// - Throws: `JSONError` with the path of a field whose type is wrong.
    package static func read(_ reader: inout JSONReader) throws(JSONError) -> UInt64 {
        try readWithImages(&reader).digest
    }

    /// Also gives the images of `spec.containers`, in order, and whether the pods have an affinity.
    static func readWithImages(
        _ reader: inout JSONReader
    ) throws(JSONError) -> (digest: UInt64, images: [String], hasAffinity: Bool) {
        let memo = DigestMemo.borrow()
        defer { memo?.giveBack() }
        if let found = memo?.holes.skip(&reader) { return found }
        var pass = emptyPass
        pass.memo = memo
        let start = reader.position
        let digest = try pass.structure(&reader, templateStructure)
        pass.remember(reader, start)
        return (digest ?? 0, pass.images, pass.hasAffinity)
    }

    package static func of(_ template: JSON) throws(JSONError) -> UInt64 {
        var reader = JSONReader(template.serialized())
        return try read(&reader)
    }
}

/// Hashes of the names that are looked at apart.
enum DigestName {
    static let affinity = hashBytes("affinity".utf8)
    static let containers = hashBytes("containers".utf8)
    static let containerPort = hashBytes("containerPort".utf8)
    static let hashLabel = hashBytes(Keys.podTemplateHash.utf8)
    static let hostNetwork = hashBytes("hostNetwork".utf8)
    static let hostPort = hashBytes("hostPort".utf8)
    static let image = hashBytes("image".utf8)
    static let imagePullPolicy = hashBytes("imagePullPolicy".utf8)
    static let labels = hashBytes("labels".utf8)
    static let serviceAccount = hashBytes("serviceAccount".utf8)
    static let spec = hashBytes("spec".utf8)
    static let empty = hashBytes("".utf8)
}

/// Made once: a copy costs less than looking its constants up.
private let emptyPass = DigestPass()
private let templateStructure = podTemplateSchema.index(of: "PodTemplateSpec")

private struct DigestPass {
    private(set) var images: [String] = []
    private(set) var hasAffinity = false
    /// Where the pod's spec begins: ports of a host-network pod default `hostPort` to `containerPort`.
    private var podSpec: JSONReader?
    private var isInContainers = false
    /// What the digests of parts were last time; without it everything is read.
    var memo: DigestMemo?
    /// Set when a digest depended on more than its own text.
    private var didLookAround = false
    /// For ``DigestHoles``.
    private var sight = DigestHoles.Sight()
    private let fields = podTemplateSchema.digestFields
    private let containerStructure = podTemplateSchema.index(of: "Container")
    private let portStructure = podTemplateSchema.index(of: "ContainerPort")
    private let podSpecStructure = podTemplateSchema.index(of: "PodSpec")
    private let metadataStructure = podTemplateSchema.index(of: "ObjectMeta")
    private let emptyHash = DigestName.empty

    /// Keeps a template that was just read, so that it is known again.
    mutating func remember(_ reader: JSONReader, _ start: Int) {
        sight.hasAffinity = hasAffinity
        memo?.holes.keep(sight, images, reader.bytes.span, start..<reader.position)
    }

    /// The digest of a struct's members, or `nil` where all of them are empty or defaults.
    mutating func structure(_ reader: inout JSONReader, _ index: Int) throws(JSONError) -> UInt64? {
        guard try !reader.readNull() else { return nil }
        if index == podSpecStructure { podSpec = reader }
        if index == containerStructure { return try container(&reader) }
        if index == portStructure { return try port(&reader) }
        var members = Members()
        let isPodSpec = index == podSpecStructure
        let last = isPodSpec ? DigestName.containers : index == metadataStructure ? DigestName.labels : nil
        try reader.readHashedObject { reader, key throws(JSONError) in
            guard let field = fields.field(index, key) else { return }
            if isPodSpec {
                if key == DigestName.serviceAccount { return }
                isInContainers = key == DigestName.containers
                if key == DigestName.affinity {
                    hasAffinity = true
                    members.isTailAlone = false
                }
                if field.structure == containerStructure { members.isTailAlone = false }
            }
            if let value = try value(&reader, field) {
                let added = member(key, value)
                members.add(added)
                if isPodSpec, key == DigestName.containers { sight.podSpecSum &-= added }
                if index == templateStructure, key == DigestName.spec { sight.templateSum &-= added }
            }
            if key == last { beginTail(&reader, index, &members) }
        }
        endTail(reader, index, &members)
        if isPodSpec {
            sight.podSpecs += 1
            sight.podSpecSum &+= members.sum
        } else if index == templateStructure {
            sight.templateSum &+= members.sum
        }
        return members.digest
    }

    /// What is known so far of a struct whose last members may be remembered as one text.
    private struct Members {
        private(set) var sum: UInt64 = 0
        private var isEmpty = true
        var pullPolicy: String?
        private var tail: Tail?
        /// Whether the tail's digest depends on nothing but its text.
        var isTailAlone = true

        /// Where the tail begins, and what was known before it.
        private struct Tail {
            var slot: Int
            var start: Int
            var sum: UInt64
            var isEmpty: Bool
            var pullPolicy: String?
        }

        var digest: UInt64? { isEmpty ? nil : mix(sum) }
        var hasTail: Bool { tail != nil }

        mutating func add(_ member: UInt64) {
            sum &+= member
            isEmpty = false
        }

        mutating func beginTail(_ slot: Int, _ start: Int) {
            tail = Tail(slot: slot, start: start, sum: sum, isEmpty: isEmpty, pullPolicy: pullPolicy)
            (sum, isEmpty, pullPolicy) = (0, true, nil)
            isTailAlone = true
        }

        mutating func add(_ known: DigestTails.Meaning) {
            sum &+= known.sum
            isEmpty = isEmpty && known.isEmpty
            pullPolicy = known.pullPolicy ?? pullPolicy
        }

        /// The tail, while one is open; what was before it counts again.
        mutating func endTail() -> (slot: Int, start: Int, meaning: DigestTails.Meaning)? {
            guard let before = tail else { return nil }
            let meaning = DigestTails.Meaning(sum: sum, isEmpty: isEmpty, pullPolicy: pullPolicy)
            (sum, isEmpty, pullPolicy) = (before.sum, before.isEmpty, before.pullPolicy)
            tail = nil
            add(meaning)
            return (before.slot, before.start, meaning)
        }
    }

    /// Moves past all members that follow where their text is known, else notes where they begin.
    private mutating func beginTail(_ reader: inout JSONReader, _ structure: Int, _ members: inout Members) {
        guard memo != nil, !members.hasTail, let hash = reader.hashAhead() else {
            members.isTailAlone = false
            return
        }
        let slot = DigestTails.slot(structure, hash)
        if let known = memo?.tails.skip(&reader, slot, structure) { return members.add(known) }
        members.beginTail(slot, reader.position)
        didLookAround = false
    }

    /// Remembers a tail that was just read to its end.
    private mutating func endTail(_ reader: JSONReader, _ structure: Int, _ members: inout Members) {
        guard let (slot, start, meaning) = members.endTail(), members.isTailAlone, !didLookAround else { return }
        memo?.tails.keep(meaning, slot, structure, reader.bytes.span, start..<reader.position)
    }

    /// A container: what its pull policy defaults to depends on its image.
    private mutating func container(_ reader: inout JSONReader) throws(JSONError) -> UInt64? {
        var members = Members()
        var image = ""
        try reader.readHashedObject { reader, key throws(JSONError) in
            guard let field = fields.field(containerStructure, key) else { return }
            if key == DigestName.image {
                if isInContainers {
                    sight.images += 1
                    if let text = reader.plainTextAhead() { sight.holes.append((text, isImage: true)) }
                }
                image = try reader.readSharedString() ?? ""
                if isInContainers { images.append(image) }
                // Containers that differ in their image alone are common.
                beginTail(&reader, containerStructure, &members)
            } else if key == DigestName.imagePullPolicy {
                members.pullPolicy = try reader.readOptionalString()
            } else if let value = try remembered(&reader, field) {
                members.add(member(key, value))
            }
        }
        endTail(reader, containerStructure, &members)
        if isInContainers { sight.containers.append(.init(sum: members.sum, pullPolicy: members.pullPolicy)) }
        if let image = DigestSum.image(image) { members.add(image) }
        if let pullPolicy = DigestSum.pullPolicy(members.pullPolicy, image: image) { members.add(pullPolicy) }
        return members.digest
    }

    /// The value of a container's field, from the memo where its text is known.
    private mutating func remembered(_ reader: inout JSONReader, _ field: DigestField) throws(JSONError) -> UInt64? {
        guard field.kind == .structure, memo != nil else { return try value(&reader, field) }
        let start = reader.position
        // Text that cannot be skipped is read, which tells better what is wrong with it.
        guard let text = try? reader.skipValue(), DigestMemo.lengths.contains(text.count) else {
            reader.rewind(to: start)
            return try value(&reader, field)
        }
        let slot = DigestMemo.slot(field.nameHash, reader.bytes.span, text)
        if let known = memo?.find(slot, field.nameHash, reader.bytes.span, text) { return known }
        reader.rewind(to: start)
        let lookedAround = didLookAround
        didLookAround = false
        defer { didLookAround = didLookAround || lookedAround }
        let digest = try value(&reader, field)
        if !didLookAround { memo?.keep(digest, slot, field.nameHash, reader.bytes.span, text) }
        return digest
    }

    private mutating func port(_ reader: inout JSONReader) throws(JSONError) -> UInt64? {
        var sum: UInt64 = 0
        var isEmpty = true
        var containerPort: UInt64?
        var hostPort: UInt64?
        try reader.readHashedObject { reader, key throws(JSONError) in
            guard let field = fields.field(portStructure, key), let value = try value(&reader, field) else { return }
            if key == DigestName.hostPort {
                hostPort = value
                return
            }
            if key == DigestName.containerPort { containerPort = value }
            sum &+= member(key, value)
            isEmpty = false
        }
        if let hostPort {
            let isDefault = hostPort == containerPort ? try usesHostNetwork() : false
            if !isDefault {
                sum &+= member(DigestName.hostPort, hostPort)
                isEmpty = false
            }
        }
        return isEmpty ? nil : mix(sum)
    }

    private mutating func value(_ reader: inout JSONReader, _ field: DigestField) throws(JSONError) -> UInt64? {
        if try reader.readNull() { return nil }
        switch field.shape {
        case .single: return try single(&reader, field, keepsZero: field.isPointer)
        case .list:
            var hash = DigestSum.listStart
            var isEmpty = true
            let isContainers = isInContainers && field.structure == containerStructure
            try reader.readArray { reader throws(JSONError) in
                if isContainers { sight.items += 1 }
                hash = DigestSum.item(hash, try single(&reader, field, keepsZero: true) ?? 1)
                isEmpty = false
            }
            return isEmpty ? nil : hash
        case .map:
            var sum: UInt64 = 0
            var isEmpty = true
            try reader.readHashedObject { reader, key throws(JSONError) in
                if key == DigestName.hashLabel, field.nameHash == DigestName.labels {
                    sight.hashes += 1
                    if let text = reader.plainTextAhead() { sight.holes.append((text, isImage: false)) }
                    return
                }
                sum &+= member(key, try single(&reader, field, keepsZero: true) ?? 1)
                isEmpty = false
            }
            return isEmpty ? nil : mix(sum)
        }
    }

    private mutating func single(
        _ reader: inout JSONReader, _ field: DigestField, keepsZero: Bool
    ) throws(JSONError) -> UInt64? {
        switch field.kind {
        case .structure:
            let digest = try structure(&reader, field.structure)
            if digest == nil, keepsZero, !field.hasDefault { return 2 }
            return digest
        case .string:
            let hash = try reader.readNull() ? emptyHash : reader.readStringHash()
            if field.hasDefault, hash == field.defaultHash { return nil }
            if hash == emptyHash, !keepsZero { return nil }
            return hash
        case .quantity:
            let kind = try reader.peek()
            guard kind == .string || kind == .number else { _ = try reader.readString(); return nil }
            let json = try reader.readJSON()
            guard let quantity = Quantity(json) else { return hashBytes((json.stringValue ?? json.description).utf8) }
            if quantity.nanos == 0, !keepsZero { return nil }
            return mix(
                UInt64(truncatingIfNeeded: quantity.nanos) ^ mix(UInt64(truncatingIfNeeded: quantity.nanos >> 64)))
        case .integer:
            let number = try reader.readInt()
            if field.hasDefault, number == field.defaultNumber { return nil }
            if number == 0, !keepsZero { return nil }
            return mix(UInt64(bitPattern: number))
        case .boolean:
            let flag = try reader.readBool()
            if field.hasDefault, flag == (field.defaultNumber == 1) { return nil }
            return flag ? 3 : keepsZero ? 4 : nil
        case .intOrString:
            if try reader.peek() == .string { return try reader.readStringHash() }
            return mix(UInt64(bitPattern: try reader.readInt()))
        case .raw:
            return hashBytes(try reader.readJSON().serialized())
        }
    }

    private mutating func usesHostNetwork() throws(JSONError) -> Bool {
        didLookAround = true
        guard var reader = podSpec else { return false }
        var found = false
        try reader.readHashedObject { reader, key throws(JSONError) in
            if key == DigestName.hostNetwork, try reader.peek() == .bool { found = try reader.readBool() }
        }
        return found
    }
}

private func member(_ name: UInt64, _ value: UInt64) -> UInt64 { DigestSum.member(name, value) }
private func mix(_ value: UInt64) -> UInt64 { DigestSum.mix(value) }
