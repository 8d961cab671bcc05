// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that users never resolve or build it. The modules that it measures are links to the
// project's sources: they share one package here, and with it `package` access.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// One of the project's modules, in `../Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "sluice-benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CCurl", dependencies: ["CLibCurl"]),
        module("Manifest", ["CYAML"]),
        module("RolloutEngine", ["Manifest"]),
        module("Rendering", ["Manifest", .product(name: "Crypto", package: "swift-crypto")]),
        module("Transport", ["CCurl", "Manifest", logging]),
        module(
            "Kubernetes",
            [
                "Manifest", "Transport", logging, .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        .executableTarget(
            name: "sluice-bench", dependencies: ["Manifest", "RolloutEngine", "Rendering", "Transport", "Kubernetes"],
            swiftSettings: settings),
    ]
)
