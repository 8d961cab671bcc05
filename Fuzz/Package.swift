// swift-tools-version: 6.2
import PackageDescription

// The parsers of foreign bytes under libFuzzer. A package of its own, so that nobody else resolves or builds it; the
// sources are linked rather than depended upon, for `package` access ends at a package and the instrumentation must not.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .unsafeFlags(["-sanitize=fuzzer,address"]),
]

let package = Package(
    name: "sluice-fuzz",
    targets: [
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CFuzzer"),
        .target(name: "CScan"),
        .target(name: "Manifest", dependencies: ["CScan", "CYAML"], swiftSettings: settings),
        .target(name: "Expressions", dependencies: ["Manifest"], swiftSettings: settings),
        .target(name: "Crypto"),
        .target(
            name: "Notifications", dependencies: ["Crypto", "Expressions", "Manifest"], swiftSettings: settings),
        .target(
            name: "FuzzTargets", dependencies: ["Expressions", "Manifest", "Notifications"], swiftSettings: settings),
        .executableTarget(
            name: "Fuzzer", dependencies: ["CFuzzer", "FuzzTargets"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
    ]
)
