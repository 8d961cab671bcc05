// swift-tools-version: 6.2
import PackageDescription

// Reads like the module list of ARCHITECTURE.md: a module depends only on modules above it.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// One of our own modules: its sources stand in `Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module, in `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], data: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: ["SluiceTestKit", .byName(name: name)] + dependencies, exclude: data,
        swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        // Without its default trait, which would bring all of Foundation into the binary.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
        // Without its default traits: one of them alone brings all of Foundation and its 30 MB of Unicode data.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        // What the interfaces of Hummingbird and Subprocess are made of.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CScan"),
        .target(name: "CCurl", dependencies: ["CLibCurl"]),
        .target(name: "CGit2", dependencies: ["CLibGit2"]),

        // Pure: no I/O, no clock, no global state.
        module("Manifest", ["CScan", "CYAML"]),
        module("Expressions", ["Manifest"]),
        module("RolloutEngine", ["Manifest"]),
        module("AnalysisEngine", ["Manifest", "Expressions"]),
        module("TrafficEngine", ["Manifest"]),
        module("Rendering", ["Manifest", crypto]),
        module("SyncEngine", ["Manifest", crypto]),

        // Adapters.
        module("Transport", ["CCurl", "Manifest", logging]),
        module("Kubernetes", ["CScan", "Manifest", "Transport", logging, collections, heap, subprocess]),
        module("GitSource", ["CGit2", "CCurl", "Manifest", "Rendering", "SyncEngine", "Transport", logging]),
        module("MetricProviders", ["Manifest", "Expressions", "AnalysisEngine", "Transport", logging]),
        module("Notifications", ["Manifest", "Expressions", "Transport", crypto, cryptoExtras, logging]),
        module(
            "Controllers",
            [
                "Manifest", "Expressions", "RolloutEngine", "AnalysisEngine", "TrafficEngine", "Rendering",
                "SyncEngine", "Transport", "Kubernetes", "GitSource", "MetricProviders", "Notifications",
                logging, metrics, lifecycle, crypto,
            ]),
        module(
            "EmbeddedCluster",
            ["Manifest", "Transport", "Kubernetes", hummingbird, httpTypes, nio, logging, subprocess, system]),
        module(
            "Console",
            [
                "Manifest", "RolloutEngine", "Kubernetes", "Controllers", hummingbird, hummingbirdCore, httpTypes, nio,
                nioHTTP, nioPosix, lifecycle, logging, metrics, crypto,
            ]),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "Manifest", "Expressions", "RolloutEngine", "AnalysisEngine", "TrafficEngine", "Rendering",
                "SyncEngine", "Transport", "Kubernetes", "GitSource", "MetricProviders", "Notifications",
                "Controllers", "EmbeddedCluster", "Console", arguments, logging, lifecycle, signals,
            ],
            swiftSettings: settings),

        .target(name: "CTestKit"),
        .target(name: "SluiceTestKit", dependencies: ["CTestKit", "Manifest"], swiftSettings: settings),
        // Apart, so that a change of the languages does not build every test anew.
        .target(
            name: "FuzzTargets", dependencies: ["Manifest", "Expressions", "Notifications"], swiftSettings: settings),
        tests("Manifest", ["FuzzTargets"]),
        tests("Expressions", ["Manifest"]),
        tests("RolloutEngine", ["Manifest"]),
        tests("AnalysisEngine", ["Manifest"]),
        tests("TrafficEngine", ["Manifest"]),
        tests("Rendering", ["Manifest"], data: ["Cases"]),
        tests("SyncEngine", ["Manifest"]),
        tests("Transport", ["Manifest"]),
        tests("Kubernetes", ["CScan", "Manifest", "Transport", logging]),
        tests("GitSource", ["Manifest", "Rendering", "SyncEngine"]),
        tests("MetricProviders", ["Manifest", "AnalysisEngine", "Transport"]),
        tests("Notifications", ["Manifest", "Transport", crypto, cryptoExtras]),
        tests("EmbeddedCluster", ["Manifest", "Kubernetes"]),
        tests(
            "Controllers",
            [
                "Manifest", "RolloutEngine", "AnalysisEngine", "TrafficEngine", "Rendering", "SyncEngine",
                "Kubernetes", "EmbeddedCluster", "Notifications",
            ]),
        tests("Console", ["Manifest", "Transport", hummingbird, logging]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "SluiceTestKit", "sluice", "Manifest", "Transport", "Kubernetes", "Controllers", "EmbeddedCluster",
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "SluiceTestKit", "Manifest", "Transport", "Kubernetes", "EmbeddedCluster", logging, subprocess,
            ],
            swiftSettings: settings),
    ]
)
