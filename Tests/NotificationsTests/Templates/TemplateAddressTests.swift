import Manifest
import Notifications
import Testing

/// What Go 1.19's net/url says.
@Suite("Template addresses") struct TemplateAddressTests {
    @Test(
        "an address is taken apart and put together again",
        arguments: [
            (
                "https://user:p%40ss@example.org:8443/a%20b/c;d?x=1&y=%20#frag%21 b",
                "https|user:p%40ss|example.org:8443|example.org|/a b/c;d|x=1&y=%20||frag! b",
                "https://user:p%40ss@example.org:8443/a%20b/c;d?x=1&y=%20#frag!%20b"
            ), ("//cdn.example.org/x", "||cdn.example.org|cdn.example.org|/x|||", "//cdn.example.org/x"),
            (
                "mailto:ops@example.org?subject=hi", "mailto|||||subject=hi|ops@example.org|",
                "mailto:ops@example.org?subject=hi"
            ), ("/only/path?", "||||/only/path|||", "/only/path"), ("a/b", "||||a/b|||", "a/b"),
            ("http://[fe80::1%25en0]:80/", "http||[fe80::1%en0]:80|fe80::1%en0|/|||", "http://[fe80::1%25en0]:80/"),
            ("http://[::1]", "http||[::1]|::1||||", "http://[::1]"),
            ("HTTP://EXAMPLE.org", "http||EXAMPLE.org|EXAMPLE.org||||", "http://EXAMPLE.org"),
            ("*", "||||*|||", "*"), ("", "|||||||", ""), ("http://a@b@c/", "http|a%40b|c|c|/|||", "http://a%40b@c/"),
            ("///x", "||||///x|||", "///x"), ("http:///x", "http||||/x|||", "http:///x"),
            ("file:a:b", "file||||||a:b|", "file:a:b"), ("a1+.-:b", "a1+.-||||||b|", "a1+.-:b"),
            ("http://h:/", "http||h:|h|/|||", "http://h:/"), ("x y", "||||x y|||", "x%20y"),
            ("./a:b", "||||./a:b|||", "./a:b"),
            ("http://h/a?b#c?d#e", "http||h|h|/a|b||c?d#e", "http://h/a?b#c?d%23e"),
            ("http://ü.de/ü", "http||ü.de|ü.de|/ü|||", "http://%C3%BC.de/%C3%BC"),
            ("http://h?x/y", "http||h|h||x/y||", "http://h?x/y"),
        ])
    func parts(_ address: String, _ parts: String, _ joined: String) {
        let names = ["scheme", "userinfo", "host", "hostname", "path", "query", "opaque", "fragment"]
        let fields = names.map { "{{.\($0)}}" }.joined(separator: "|")
        #expect(rendered("{{with urlParse `\(address)`}}\(fields){{end}}") == parts)
        #expect(rendered("{{urlJoin (urlParse `\(address)`)}}") == joined)
    }

    @Test(
        "what is no address stops the template, and is not shown",
        arguments: [
            ("1a:b", "its first part has a colon"), ("http://ex ample.org/", "its host has a character"),
            ("http://h:80x/", "its port is no number"), ("http://[::1]80/", "its port is no number"),
            ("%zz", "a % is not followed"), ("/a%4", "a % is not followed"), ("http://[::1", "its host lacks a ]"),
            ("http://%41/", "escape of a plain character"), ("http://u%zz@h/", "a % is not followed"),
            (":a", "a scheme is missing"), ("a\u{1}b", "it has a control character"),
            ("http://us er:secret@h/", "its user has characters"),
        ])
    func wrong(_ address: String, _ reason: String) {
        let error = rendered("{{urlParse `\(address)`}}")
        #expect(error.contains("urlParse cannot read the address: ") && error.contains(reason))
        #expect(error.hasPrefix("error: ") && !error.contains("secret"))
    }

    @Test(
        "an address is put together of some parts",
        arguments: [
            ("\"host\" \"h\" \"path\" \"p\"", "//h/p"), ("\"path\" \"a:b\"", "./a:b"),
            ("\"scheme\" \"s\" \"path\" \"x\"", "s://x"), ("\"scheme\" \"https\"", "https:"),
            (
                "\"scheme\" \"https\" \"host\" \"h:1\" \"path\" \"/a b?c#d\" \"query\" \"q=1\" \"fragment\" \"f'(x)\"",
                "https://h:1/a%20b%3Fc%23d?q=1#f%27(x)"
            ), ("\"host\" \"ü x\"", "//%C3%BC%20x"), ("\"opaque\" \"a@b\" \"scheme\" \"mailto\"", "mailto:a@b"),
            ("\"scheme\" \"s\" \"host\" \"h\" \"userinfo\" \"a:b\"", "s://a:b@h"), ("", ""),
        ])
    func joined(_ parts: String, _ expected: String) { #expect(rendered("{{urlJoin (dict \(parts))}}") == expected) }

    @Test("a part that is no text stops the template") func notText() {
        #expect(rendered("{{urlJoin (dict \"host\" 1)}}").contains("urlJoin needs a text as host, not"))
        #expect(
            rendered("{{urlJoin (dict \"userinfo\" \"a b\")}}").contains("urlJoin cannot use the userinfo: its user"))
    }
}
