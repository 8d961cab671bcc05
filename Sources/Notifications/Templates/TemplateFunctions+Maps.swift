extension TemplateFunctions {
    static let maps: [String: Function] = [
        "dict": function(0...many) { call throws(TemplateError) in
            var members: [String: TemplateValue] = [:]
            for index in stride(from: 0, to: call.count, by: 2) { members[try call.string(index)] = call[index + 1] }
            return .map(try call.heap.map(members))
        },
        "get": function(2...2) { call throws(TemplateError) in
            try call.map(0).members[try call.string(1)] ?? .string("")
        },
        // Changes the map itself, as in Go, and gives it back.
        "set": function(3...3) { call throws(TemplateError) in
            try call.heap.hold(32)
            try call.map(0).members[try call.string(1)] = call[2]
            return call[0]
        },
        "unset": function(2...2) { call throws(TemplateError) in
            try call.map(0).members[try call.string(1)] = nil
            return call[0]
        },
        "hasKey": function(2...2) { call throws(TemplateError) in
            .bool(try call.map(0).members[try call.string(1)] != nil)
        },
        "pluck": function(1...many) { call throws(TemplateError) in
            let key = try call.string(0)
            var found: [TemplateValue] = []
            for index in call.arguments.indices.dropFirst() {
                if let value = try call.map(index).members[key] { found.append(value) }
            }
            return try call.heap.list(found)
        },
        // dig "a" "b" default map
        "dig": function(3...many) { call throws(TemplateError) in
            var map = try call.map(call.count - 1)
            let fallback = call[call.count - 2]
            for index in 0..<call.count - 2 {
                guard let value = map.members[try call.string(index)] else { return fallback }
                if index == call.count - 3 { return value }
                guard case .map(let inner) = value else { return fallback }
                map = inner
            }
            return fallback
        },
        "keys": function(1...many) { call throws(TemplateError) in
            var keys: [TemplateValue] = []
            for index in call.arguments.indices { keys += try call.map(index).keys.map { .string($0) } }
            return try call.heap.list(keys)
        },
        "values": function(1...1) { call throws(TemplateError) in
            let map = try call.map(0)
            return try call.heap.list(map.keys.map { map.members[$0] ?? .null })
        },
        "pick": function(1...many) { call throws(TemplateError) in
            let map = try call.map(0)
            var members: [String: TemplateValue] = [:]
            for index in call.arguments.indices.dropFirst() {
                let key = try call.string(index)
                members[key] = map.members[key]
            }
            return .map(try call.heap.map(members))
        },
        "omit": function(1...many) { call throws(TemplateError) in
            var members = try call.map(0).members
            for index in call.arguments.indices.dropFirst() { members[try call.string(index)] = nil }
            return .map(try call.heap.map(members))
        },
        // The first map keeps what it has.
        "merge": function(1...many) { call throws(TemplateError) in
            for index in call.arguments.indices.dropFirst() {
                try merge(try call.map(index), into: try call.map(0), overwrites: false, call.heap, depth: 0)
            }
            return call[0]
        },
        "mergeOverwrite": function(1...many) { call throws(TemplateError) in
            for index in call.arguments.indices.dropFirst() {
                try merge(try call.map(index), into: try call.map(0), overwrites: true, call.heap, depth: 0)
            }
            return call[0]
        },
        "deepCopy": function(1...1) { call throws(TemplateError) in try call.heap.copy(call[0]) },
    ]

    private static func merge(
        _ source: TemplateMap, into target: TemplateMap, overwrites: Bool, _ heap: TemplateHeap, depth: Int
    ) throws(TemplateError) {
        guard source !== target else { return }
        guard depth < TemplateHeap.maxDepth else { throw TemplateError("maps are nested too deep to be merged") }
        for key in source.keys {
            try heap.step()
            try heap.hold(32)
            let value = source.members[key] ?? .null
            switch (target.members[key], value) {
            case (.map(let inner)?, .map(let other)):
                try merge(other, into: inner, overwrites: overwrites, heap, depth: depth + 1)
            case (nil, _): target.members[key] = value
            case (let present?, _): if overwrites || !present.isTrue { target.members[key] = value }
            }
        }
    }
}
