extension TemplateFunctions {
    static let addresses: [String: Function] = [
        "urlParse": function(1...1) { call throws(TemplateError) in
            let text = try call.string(0)
            let url: TemplateURL
            do throws(TemplateURL.Problem) {
                url = try TemplateURL(text)
            } catch {
                throw call.failure("cannot read the address: \(error.reason)")
            }
            let parts = [
                "scheme": url.scheme, "userinfo": url.userInfo, "host": url.host, "hostname": url.hostname,
                "path": url.path, "query": url.query, "opaque": url.opaque, "fragment": url.fragment,
            ]
            try call.heap.hold(parts.values.reduce(0) { $0 + $1.utf8.count })
            return .map(try call.heap.map(parts.mapValues { .string($0) }))
        },
        "urlJoin": function(1...1) { call throws(TemplateError) in
            let map = try call.map(0)
            func part(_ name: String) throws(TemplateError) -> String {
                switch map.members[name] {
                case nil: return ""
                case .string(let text)?: return text
                case let value?: throw call.failure("needs a text as \(name), not \(value.name)")
                }
            }
            var url = TemplateURL()
            url.scheme = try part("scheme")
            url.host = try part("host")
            url.path = try part("path")
            url.query = try part("query")
            url.opaque = try part("opaque")
            url.fragment = try part("fragment")
            let user = try part("userinfo")
            if !user.isEmpty {
                do throws(TemplateURL.Problem) { try url.readUser(user) } catch {
                    throw call.failure("cannot use the userinfo: \(error.reason)")
                }
            }
            return try call.heap.string(url.text)
        },
    ]
}
