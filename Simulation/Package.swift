// swift-tools-version: 6.2
import PackageDescription

// The rollout engine with its tests and nothing else, so that long simulations build in release within a minute or two.
// Sources and tests are links to the project's.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "sluice-simulation",
    targets: [
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CScan"),
        .target(name: "Manifest", dependencies: ["CScan", "CYAML"], swiftSettings: settings),
        .target(name: "RolloutEngine", dependencies: ["Manifest"], swiftSettings: settings),
        .target(name: "CTestKit"),
        .target(name: "SluiceTestKit", dependencies: ["CTestKit", "Manifest"], swiftSettings: settings),
        .testTarget(
            name: "RolloutEngineTests", dependencies: ["Manifest", "RolloutEngine", "SluiceTestKit"],
            swiftSettings: settings),
    ]
)
