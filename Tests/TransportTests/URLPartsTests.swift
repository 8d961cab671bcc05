import Testing
import Transport

@Suite("URLs and messages") struct URLPartsTests {
    @Test(
        "parts",
        arguments: [
            ("https://host", "https://host:443"), ("http://u:p@host:81/x?y", "http://host:81"),
            ("https://[::1]:6443/api", "https://[::1]:6443"), ("HTTPS://Host/", "https://Host:443"),
            ("ftp://host", nil), ("https://", nil), ("https://host:99999/", nil), ("https://host/a b", nil),
        ])
    func origin(_ url: String, _ expected: String?) {
        #expect(URLParts(url)?.origin == expected)
    }

    @Test(
        "credentials never stay in a message",
        arguments: [
            ("clone https://me:secret@git.example.org/x.git failed", "clone https://***@git.example.org/x.git failed"),
            ("a://b and http://t@h", "a://b and http://***@h"), ("https://p@ss:w@rd@host/", "https://***@host/"),
            ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
            ("mail me@example.org", "mail me@example.org"),
        ])
    func masked(_ text: String, _ expected: String) {
        #expect(withoutCredentials(text) == expected)
    }
}
