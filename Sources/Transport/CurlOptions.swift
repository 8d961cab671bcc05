import CCurl

/// Sets options of a handle and remembers the first that libcurl refuses.
struct CurlOptions {
    private let handle: UnsafeMutableRawPointer
    var problem: String?

    init(_ handle: UnsafeMutableRawPointer) { self.handle = handle }

    mutating func check(_ code: CURLcode) {
        if code != CURLE_OK, problem == nil { problem = String(cString: curl_easy_strerror(code)) }
    }

    mutating func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(handle, option, value)) }
    mutating func set(_ option: CURLoption, _ value: String) { check(ccurl_set_string(handle, option, value)) }
    mutating func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        check(ccurl_set_pointer(handle, option, value))
    }
    mutating func set(_ option: CURLoption, _ value: @escaping ccurl_data_callback) {
        check(ccurl_set_callback(handle, option, value))
    }
    mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
        check(ccurl_set_list(handle, option, list))
    }

    /// The body of any method; libcurl keeps a copy.
    mutating func setBody(_ bytes: [UInt8]) {
        let code = bytes.withUnsafeBytes { ccurl_set_body(handle, $0.baseAddress, curl_off_t($0.count)) }
        check(code)
    }

    mutating func set(_ pem: TLSOptions.PEM?, file: CURLoption, bytes: CURLoption) {
        switch pem {
        case nil: break
        case .file(let path): set(file, path)
        case .bytes(let content):
            let code = content.withUnsafeBytes { ccurl_set_blob(handle, bytes, $0.baseAddress, $0.count) }
            check(code)
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least 1, clamped to a month.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let limit: Int64 = 2_678_400
        if seconds >= limit { return Int(limit * 1_000) }
        return max(1, Int(seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
    }
}
