import Manifest
import Testing

@Suite("Counts and quantities") struct ScalarTests {
    @Test(
        "A count or a percentage of a total",
        arguments: [
            (3, 10, 3, 3), ("25%", 10, 3, 2), ("25%", 4, 1, 1), ("0%", 10, 0, 0), ("100%", 7, 7, 7), ("1%", 3, 1, 0),
            ("150%", 10, 15, 15), ("-25%", 10, -2, -3), ("9223372036854775807%", .max, .max, .max), (-1, 5, -1, -1),
        ] as [(JSON, Int64, Int64, Int64)])
    func intOrString(json: JSON, total: Int64, up: Int64, down: Int64) throws {
        let value = try #require(IntOrString(json))
        #expect(value.resolve(total: total, roundingUp: true) == up)
        #expect(value.resolve(total: total, roundingUp: false) == down)
        #expect(value.isValid)
        #expect(value.json == json)
    }

    @Test(
        "Other texts are kept, but mean nothing",
        arguments: ["", "%", "25", "a%", "+5%", "1.5%", "99999999999999999999%"])
    func unresolvable(text: String) throws {
        let value = try #require(IntOrString(.string(text)))
        #expect(value.resolve(total: 10, roundingUp: true) == nil)
        #expect(!value.isValid)
        #expect(IntOrString(.double(1.5)) == nil)
        #expect(IntOrString(.null) == nil)
    }

    @Test(
        "A quantity has one canonical text",
        arguments: [
            ("0", "0"), ("1", "1"), ("1.5", "1500m"), ("1000m", "1"), ("100m", "100m"), ("0.1", "100m"), ("1000", "1k"),
            ("1500", "1500"), ("1k", "1k"), ("12000000", "12M"), ("1Ki", "1Ki"), ("1024Ki", "1Mi"), ("1.5Gi", "1536Mi"),
            ("512", "512"), ("0.5Ki", "512"), ("1.5Ki", "1536"), ("1e3", "1e3"), ("1.5e3", "1500"), ("1E", "1E"),
            ("1E3", "1e3"),
            ("-2.5", "-2500m"), ("+1", "1"), ("1n", "1n"), ("0.0000000001", "1n"), (".5", "500m"), ("5.", "5"),
            ("1u", "1u"),
            ("9223372036854775807", "9223372036854775807"), ("1e100", "9223372036854775807"), ("1e-100", "1e-9"),
            ("100000000000000000000000000000000000000000000000", "9223372036854775807"), ("8Ei", "9223372036854775807"),
            ("0.00000000000000000000000000000000000000000000000001", "1n"),
            ("123456789.123456789", "123456789123456789n"),
        ])
    func quantities(text: String, canonical: String) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.description == canonical)
        #expect(Quantity(quantity.description) == quantity)
    }

    @Test(
        "What is no quantity is none",
        arguments: [
            "", "-", ".", "a", "1x", "1KI", "1 Gi", "1e", "1e1.5", "--1", "1ki", "1e999999999999999999999", "0x10",
            "1,5",
        ])
    func malformedQuantities(text: String) { #expect(Quantity(text) == nil) }

    @Test("Quantities are compared and added by amount")
    func comparison() throws {
        let half = try #require(Quantity("500m"))
        let gibi = try #require(Quantity("1Gi"))
        #expect(half == Quantity("0.5"))
        #expect(half < Quantity(1))
        #expect(try #require(Quantity("1G")) < gibi)
        #expect((half + half).description == "1")
        #expect((gibi + gibi).description == "2Gi")
        #expect(half.doubleValue == 0.5)
        #expect(try #require(Quantity(.int(5))).description == "5")
        #expect(Quantity(JSON.null) == nil)
    }

    @Test("Versions stand in order")
    func versionOrder() throws {
        let texts = [
            "0.1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
            "v1", "1.0.1", "1.2",
            "v1.10.0", "2.0.0+build",
        ]
        let versions = texts.compactMap(SemanticVersion.init)
        #expect(versions.count == texts.count)
        #expect(versions.shuffled().sorted() == versions)
        #expect(SemanticVersion("1.2.3+a") == SemanticVersion("v1.2.3+b"))
        #expect(SemanticVersion("v1.2")?.description == "1.2.0")
    }

    @Test(
        "What is no version is none",
        arguments: [
            "", "v", "1.", "1.2.3.4", "a", "1.x", "1.2.3-", "1.2.3-a..b", "1.2.3+", "99999999999999999999", "1.-2",
            "1.2.3-ü",
        ])
    func malformedVersions(text: String) { #expect(SemanticVersion(text) == nil) }

    @Test(
        "A range holds versions as Masterminds' does",
        arguments: [
            ("*", ["1.0.0", "0.0.1"], ["1.0.0-rc.1"]), ("1.2.3", ["1.2.3"], ["1.2.4"]), ("=1.2", ["1.2.9"], ["1.3.0"]),
            ("1.2.x", ["1.2.0", "1.2.9"], ["1.3.0"]), ("1", ["1.9.0"], ["2.0.0"]), ("!=1.2.3", ["1.2.4"], ["1.2.3"]),
            ("!=1.2", ["1.3.0"], ["1.2.7"]), (">1.2.3", ["1.2.4"], ["1.2.3"]), (">1.2", ["1.3.0"], ["1.2.9"]),
            (">=1.2", ["1.2.0"], ["1.1.9"]), ("<2", ["1.9.9"], ["2.0.0", "2.0.0-rc.1"]),
            ("<=1.2", ["1.2.9"], ["1.3.0"]),
            ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]), ("~1.2", ["1.2.9"], ["1.3.0"]),
            ("~1", ["1.9.0"], ["2.0.0"]),
            ("~>1.2.3", ["1.2.9"], ["1.3.0"]), ("^1.2.3", ["1.9.0"], ["2.0.0", "1.2.2"]),
            ("^0.2.3", ["0.2.9"], ["0.3.0"]),
            ("^0.0.3", ["0.0.3"], ["0.0.4"]), ("^0.0", ["0.0.9"], ["0.1.0"]), ("^0", ["0.9.0"], ["1.0.0"]),
            (">=1.2 <2", ["1.5.0"], ["2.0.0"]), (">=1.2, <2", ["1.5.0"], ["1.1.0"]), (">= 1.2", ["1.2.0"], ["1.0.0"]),
            ("1.2 - 1.4.5", ["1.2.0", "1.4.5"], ["1.4.6"]), ("~1.2 || ^3", ["1.2.1", "3.5.0"], ["2.0.0"]),
            (">=1.0.0-0", ["1.0.0-rc.1", "1.1.0"], ["0.9.0"]), ("=>1", ["1.0.0"], ["0.9.0"]),
        ])
    func ranges(range: String, inside: [String], outside: [String]) throws {
        let range = try #require(VersionRange(range))
        for text in inside { #expect(range.contains(try #require(SemanticVersion(text))), "\(text)") }
        for text in outside { #expect(!range.contains(try #require(SemanticVersion(text))), "\(text)") }
    }

    @Test("What is no range is none", arguments: ["", "||", "1 |2", ">", "a", ">>1", "1 - ", "!1", "<>1"])
    func malformedRanges(text: String) { #expect(VersionRange(text) == nil) }
}
