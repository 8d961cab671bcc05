package import Manifest

/// A route that a Rollout's steps have set beside the weighted ones: some requests go to the canary whatever the weights
/// say, or are copied to it.
package struct ManagedRoute: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Requests that fit every match go to the canary; never empty.
        case header([HeaderMatch])
        /// Requests that fit any match are answered as the weights say, and this percentage of them, 0 to 100, is copied
        /// to the canary; never empty.
        case mirror([MirrorMatch], percentage: Int)
    }

    /// One of `managedRoutes`.
    package var name: String
    package var kind: Kind

    package init(name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    package var isMirror: Bool { if case .mirror = kind { true } else { false } }
}

/// How a text is compared.
package enum TextMatch: Hashable, Sendable {
    case exact(String)
    case prefix(String)
    /// A regular expression of the router's own dialect; it is passed on as the user wrote it.
    case regex(String)
}

/// One header of a header route.
package struct HeaderMatch: Hashable, Sendable {
    package var name: String
    package var value: TextMatch

    package init(_ name: String, _ value: TextMatch) {
        self.name = name
        self.value = value
    }
}

/// One entry of a mirror route's matches; requests fit where every part that is given fits.
package struct MirrorMatch: Hashable, Sendable {
    package var method: TextMatch?
    package var path: TextMatch?
    package var headers: [String: TextMatch]

    package init(method: TextMatch? = nil, path: TextMatch? = nil, headers: [String: TextMatch] = [:]) {
        self.method = method
        self.path = path
        self.headers = headers
    }
}

// MARK: Reading steps

extension ManagedRoute {
    /// A `setHeaderRoute` as the user wrote it.
    ///
    /// `nil` where it sets nothing: without a match it removes the route, and what validation refuses is no match.
    package init?(setHeaderRoute step: JSON) {
        let matches = (step["match"]?.arrayValue ?? []).compactMap { entry -> HeaderMatch? in
            guard let name = entry["headerName"]?.stringValue, !name.isEmpty,
                let value = TextMatch(entry["headerValue"])
            else { return nil }
            return HeaderMatch(name, value)
        }
        guard !matches.isEmpty else { return nil }
        self.init(name: step["name"]?.stringValue ?? "", .header(matches))
    }

    /// A `setMirrorRoute` as the user wrote it; `nil` as for a header route.
    package init?(setMirrorRoute step: JSON) {
        let matches = (step["match"]?.arrayValue ?? []).map { entry in
            MirrorMatch(
                method: TextMatch(entry["method"]), path: TextMatch(entry["path"]),
                headers: (entry["headers"]?.objectValue ?? [:]).compactMapValues { TextMatch($0) })
        }
        guard !matches.isEmpty else { return nil }
        let percentage = step["percentage"]?.intValue.map { Int(clamping: $0) } ?? 100
        self.init(
            name: step["name"]?.stringValue ?? "", .mirror(matches, percentage: min(max(percentage, 0), 100)))
    }
}

extension TextMatch {
    /// The first kind that says something; validation sees to it that there is no other.
    fileprivate init?(_ json: JSON?) {
        func text(_ kind: String) -> String? {
            guard let text = json?[kind]?.stringValue, !text.isEmpty else { return nil }
            return text
        }
        if let text = text("exact") {
            self = .exact(text)
        } else if let text = text("prefix") {
            self = .prefix(text)
        } else if let text = text("regex") {
            self = .regex(text)
        } else {
            return nil
        }
    }
}
