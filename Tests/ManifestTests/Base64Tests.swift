import Testing

@testable import Manifest

@Suite("Base64") struct Base64Tests {
    @Test(
        "is read and written as RFC 4648 says",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foob>?", "Zm9vYj4/"),
            ("\u{0}\u{7F}é😀", "AH/DqfCfmIA="),
        ])
    func roundTrip(_ text: String, _ encoded: String) {
        #expect(Base64.encode(text) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test("white space is passed over") func whiteSpace() {
        #expect(Base64.decode(" Zm9v\r\n\tYg= =\n") == Array("foob".utf8))
    }

    @Test(
        "anything else is no base64",
        arguments: ["a", "Zg", "Zg=", "Zg=a", "Zg==Zg==", "====", "Z===", "Zm9v-_==", "Zé9v", "Zm9v=", "Zm9v===="])
    func refused(_ text: String) { #expect(Base64.decode(text) == nil) }
}
