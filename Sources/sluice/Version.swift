/// What this build calls itself.
enum Version {
    static let number = "0.1.0"

    /// `sluice/0.1.0 (linux/amd64) controller`.
    static func userAgent(_ component: String) -> String { "sluice/\(number) (linux/\(architecture)) \(component)" }

    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}
