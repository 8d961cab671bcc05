/// Header fields in order; names are compared without case.
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}
    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first field of that name; setting replaces all of that name.
    package subscript(name: String) -> String? {
        get { fields.first { Self.isSame($0.name, name) }?.value }
        set {
            fields.removeAll { Self.isSame($0.name, name) }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    /// All fields of that name.
    package func all(_ name: String) -> [String] { fields.filter { Self.isSame($0.name, name) }.map(\.value) }

    /// Adds a field beside those of the same name.
    package mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }
}

/// One HTTP request, with its limits.
package struct HTTPRequest: Sendable {
    package var method: String
    /// `http://` or `https://`.
    package var url: String
    package var headers: HTTPHeaders
    package var body: [UInt8]?
    /// For the whole exchange; `nil` for watches, which the server ends.
    package var timeout: Duration?
    package var connectTimeout: Duration = .seconds(10)
    /// A longer decoded body is an error.
    package var maxBody: Int
    /// Slower than one byte a second for this long is an error; `nil` for watches, which may be quiet.
    package var stallTimeout: Duration? = .seconds(30)
    package var tls: TLSOptions
    /// `http://host:port`; `nil` takes what the environment says.
    ///
    /// Loopback is never sent through a proxy.
    package var proxy: String?
    /// How many redirects are followed, to http and https only; credentials stay with the first host.
    package var maxRedirects = 0

    package init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil,
        timeout: Duration? = .seconds(32), maxBody: Int = 16 << 20, tls: TLSOptions = TLSOptions()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maxBody = maxBody
        self.tls = tls
    }

    /// A GET.
    package init(_ url: String, headers: HTTPHeaders = [:], timeout: Duration? = .seconds(32)) {
        self.init("GET", url, headers: headers, timeout: timeout)
    }
}

/// How the peer is trusted, and how we show who we are.
package struct TLSOptions: Hashable, Sendable {
    /// Certificates or a key in PEM, in memory or in a file that is read anew for each connection.
    package enum PEM: Hashable, Sendable {
        case bytes([UInt8])
        case file(String)
    }

    /// Instead of the system's certificate authorities.
    package var authorities: PEM?
    package var certificate: PEM?
    package var key: PEM?
    /// The name to ask for and to check, instead of the URL's host.
    package var serverName: String?
    /// Trusts any certificate.
    package var isInsecure = false

    package init(
        authorities: PEM? = nil, certificate: PEM? = nil, key: PEM? = nil, serverName: String? = nil,
        isInsecure: Bool = false
    ) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.serverName = serverName
        self.isInsecure = isInsecure
    }
}

/// Status and header fields of a response.
package struct HTTPResponseHead: Sendable {
    package var status: Int
    package var headers: HTTPHeaders

    package init(status: Int, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }
}

/// A response with its whole body.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var text: String { String(decoding: body, as: UTF8.self) }
    package var isSuccess: Bool { (200..<300).contains(status) }
}
