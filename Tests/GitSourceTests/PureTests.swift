import GitSource
import Manifest
import SyncEngine
import Testing

@Suite("Repository URLs") struct RepositoryURLTests {
    @Test(
        "a URL is taken apart, and shown without credentials",
        arguments: [
            ("https://ada:pa%40ss@git.example.org:8443/org/repo.git", "https://git.example.org:8443/org/repo.git"),
            ("https://git.example.org/repo", "https://git.example.org/repo"),
            ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
            ("ssh://git@host:2222/org/repo.git", "ssh://git@host:2222/org/repo.git"),
            ("file:///srv/repo.git", "file:///srv/repo.git"), ("/srv/repo.git", "/srv/repo.git"),
        ])
    func shown(_ text: String, _ expected: String) throws {
        #expect(try RepositoryURL(text).text == expected)
    }

    @Test("credentials in the URL are kept apart") func credentials() throws {
        let url = try RepositoryURL("https://ada:pa%40ss@git.example.org/org/repo.git")
        #expect(url.user == "ada")
        #expect(url.password == "pa@ss")
    }

    @Test(
        "what could be taken for something else is refused",
        arguments: [
            "", "ext::sh -c id", "git://host/x", "ftp://host/x", "https:///x", "ssh://-oProxyCommand=id/x",
            "git@-host:x", "file://host/x",
            "https://host/a b", "https://host/\u{1}", "relative/path", "ssh://host", "https://h:99999/x",
        ])
    func refused(_ text: String) {
        #expect(throws: SourceError.self) { try RepositoryURL(text) }
    }

    @Test("no error repeats a password") func redacted() {
        #expect { try RepositoryURL("ftp://ada:hunter2@host/x") } throws: { !"\($0)".contains("hunter2") }
        #expect(!"\(GitCredentials(password: "hunter2"))".contains("hunter2"))
        #expect(!String(reflecting: GitCredentials(password: "hunter2")).contains("hunter2"))
        var text = ""
        dump(GitCredentials(password: "hunter2"), to: &text)
        #expect(!text.contains("hunter2"))
    }
}

@Suite("known_hosts") struct KnownHostsTests {
    static let key: [UInt8] = Array("a public key".utf8)
    static let line = Base64.encode(key)

    @Test(
        "a line counts for the hosts it names",
        arguments: [
            ("host ssh-ed25519 KEY", "host", 22, KnownHosts.Verdict.known),
            ("other,host ssh-ed25519 KEY comment", "HOST", 22, .known),
            ("*.example.org ssh-ed25519 KEY", "git.example.org", 22, .known),
            ("*.example.org,!git.example.org ssh-ed25519 KEY", "git.example.org", 22, .unknown),
            ("host ssh-ed25519 KEY", "host", 2222, .unknown), ("[host]:2222 ssh-ed25519 KEY", "host", 2222, .known),
            ("host ssh-ed25519 AAAA", "host", 22, .differs),
            ("host ssh-rsa AAAA\nhost ssh-ed25519 KEY", "host", 22, .known),
            ("@revoked host ssh-ed25519 KEY\nhost ssh-ed25519 KEY", "host", 22, .revoked),
            ("@cert-authority host ssh-ed25519 KEY", "host", 22, .unknown),
            ("# host ssh-ed25519 KEY", "host", 22, .unknown), ("", "host", 22, .unknown),
        ] as [(String, String, UInt16, KnownHosts.Verdict)])
    func verdict(_ text: String, _ host: String, _ port: UInt16, _ expected: KnownHosts.Verdict) {
        let hosts = KnownHosts(
            text.split(separator: "KEY", omittingEmptySubsequences: false).joined(separator: Self.line))
        #expect(hosts.check(host: host, port: port, key: Self.key) == expected)
    }
}

@Suite("Commit trailers") struct CommitTrailerTests {
    @Test(
        "the last paragraph alone holds trailers",
        arguments: [
            ("subject", []), ("Sluice-Release: x", []), ("s\n\nbody: with colon in\nprose follows", []),
            ("s\n\nA: 1\n\nbody", []), ("s\n\nbody\n\nA: 1\nB-c: 2\n  more\n\n", ["A=1", "B-c=2 more"]),
            ("s\r\n\r\nA: 1\r\n", ["A=1"]), ("\n\nA: 1", []),
        ] as [(String, [String])])
    func parse(_ message: String, _ expected: [String]) {
        #expect(CommitTrailer.parse(message).map { "\($0.name)=\($0.value)" } == expected)
    }
}
