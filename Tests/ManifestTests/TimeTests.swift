import Manifest
import Testing

@Suite("Times, lengths and numbers as Go writes them") struct TimeTests {
    @Test(
        "A time is read and written",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0), ("2026-11-21T08:53:00Z", 1_795_251_180, 0),
            ("2026-11-21T09:53:00+01:00", 1_795_251_180, 0),
            ("2000-02-29T23:59:59.5Z", 951_868_799, 500_000_000), ("1969-12-31T23:59:59Z", -1, 0),
            ("1900-03-01T00:00:00-00:30", -2_203_889_400, 0),
            ("2026-11-21T08:53:00.123456789123Z", 1_795_251_180, 123_456_789),
        ] as [(String, Int64, Int32)])
    func timestamps(text: String, seconds: Int64, nanoseconds: Int32) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(Timestamp(rfc3339: time.rfc3339) == time.wholeSeconds)
        #expect(Timestamp(rfc3339: time.rfc3339Micro)?.seconds == seconds)
        if text.hasSuffix("00Z") { #expect(time.rfc3339 == text) }
    }

    @Test(
        "A time as HTTP's Date",
        arguments: [
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
            ("2024-02-29T12:00:00.9Z", "Thu, 29 Feb 2024 12:00:00 GMT"),
            ("2026-11-28T23:59:59Z", "Sat, 28 Nov 2026 23:59:59 GMT"),
        ])
    func httpDates(text: String, date: String) { #expect(Timestamp(rfc3339: text)?.httpDate == date) }

    @Test(
        "What is no time is none",
        arguments: [
            "", "2026-11-21", "2026-11-21T08:53:00", "2026-13-21T08:53:00Z", "2026-00-21T08:53:00Z",
            "2026-11-32T08:53:00Z",
            "2026-02-30T08:53:00Z", "2025-02-29T08:53:00Z", "2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z",
            "2026-11-21T08:53:00.Z",
            "2026-11-21T08:53:00+0100", "2026-11-21T08:53:00Zx", "2026-11-21X08:53:00Z", "x026-11-21T08:53:00Z",
            "2026-11-21T08:53:00+01:0",
        ])
    func malformedTimestamps(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test("Arithmetic on times carries and saturates")
    func arithmetic() {
        let time = Timestamp(seconds: 10, nanoseconds: 900_000_000)
        #expect(time + .milliseconds(200) == Timestamp(seconds: 11, nanoseconds: 100_000_000))
        #expect(time - .seconds(11) == Timestamp(seconds: -1, nanoseconds: 900_000_000))
        #expect(time - Timestamp(seconds: 9) == .milliseconds(1_900))
        #expect(Timestamp(seconds: .max) + .seconds(5) == Timestamp(seconds: .max))
        #expect(Timestamp(seconds: .min) - .seconds(5) == Timestamp(seconds: .min))
        #expect(Timestamp(seconds: .max) - Timestamp(seconds: .min) > .zero)
        #expect(!Timestamp(seconds: .max).rfc3339.isEmpty)
        #expect(!Timestamp(seconds: .min).rfc3339.isEmpty)
    }

    @Test(
        "A length is read and written as Go does",
        arguments: [
            ("1h30m", 5_400, "1h30m0s"), ("300ms", 0.3, "300ms"), ("-1.5h", -5_400, "-1h30m0s"), ("0", 0, "0s"),
            ("2m", 120, "2m0s"),
            ("1.5s", 1.5, "1.5s"), ("1m1.001s", 61.001, "1m1.001s"), ("+5s", 5, "5s"), ("10us", 0.00001, "10µs"),
            ("1ns", 1e-9, "1ns"),
            ("100h", 360_000, "100h0m0s"), (".5m", 30, "30s"), ("1.h", 3_600, "1h0m0s"),
        ] as [(String, Double, String)])
    func durations(text: String, seconds: Double, written: String) throws {
        let length = try #require(Duration(go: text))
        #expect((length.inSeconds - seconds).magnitude < 1e-9)
        #expect(length.go == written)
        #expect(Duration(go: length.go) == length)
    }

    @Test(
        "What is no length is none",
        arguments: [
            "", "5", "-", "s", "1x", "1h-2m", "1..5s", "1 h", "1d", "300000000h", "99999999999999999999s", "1e3s", "٣s",
        ])
    func malformedDurations(text: String) { #expect(Duration(go: text) == nil) }

    @Test(
        "A number has the digits that Go prints",
        arguments: [
            (0, "0", "0"), (1, "1", "1"), (0.1, "0.1", "0.1"), (1e-6, "0.000001", "1e-06"), (1e-7, "1e-7", "1e-07"),
            (123456789.25, "123456789.25", "1.2345678925e+08"), (1e20, "100000000000000000000", "1e+20"),
            (1e21, "1e+21", "1e+21"),
            (-2.5, "-2.5", "-2.5"), (.leastNonzeroMagnitude, "5e-324", "5e-324"), (0.0001, "0.0001", "0.0001"),
        ] as [(Double, String, String)])
    func floats(value: Double, json: String, g: String) {
        #expect(GoFloat.json(value) == json)
        if value.magnitude < 1e6 || value.magnitude >= 1e21 { #expect(GoFloat.general(value) == g) }
    }

    @Test("Infinity and no number have names")
    func special() {
        #expect(GoFloat.general(.nan) == "NaN")
        #expect(GoFloat.general(.infinity) == "+Inf")
        #expect(GoFloat.general(-.infinity) == "-Inf")
        #expect(GoFloat.json(.nan) == "null")
        #expect(GoFloat.json(-0.0) == "-0")
    }

    @Test(
        "FNV-1a gives the published values",
        arguments: [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968), ("b", 0xe70c_2de5)]
            as [(String, UInt32)])
    func fnv(text: String, value: UInt32) {
        var hash = FNV1a()
        hash.combine(text.utf8)
        #expect(hash.value == value)
        #expect(hash.safeEncoded.utf8.allSatisfy { "bcdfghjklmnpqrstvwxz2456789".utf8.contains($0) })
    }
}
