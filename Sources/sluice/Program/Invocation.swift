/// The name that the program was called by; it decides its exit codes and what its texts call it.
package enum Invocation: String, Sendable {
    case sluice = "sluice"
    case plugin = "kubectl-sluice"
    /// In the place of Argo Rollouts' plugin: scripts that were written for it go on.
    case argoRollouts = "kubectl-argo-rollouts"

    @TaskLocal package static var current = Invocation.sluice

    /// - Parameter path: The program's path as it was called; a symbolic link counts by its own name.
    package init(path: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        // Downloads carry the platform in their name: `kubectl-argo-rollouts-linux-amd64`.
        if name.hasPrefix(Invocation.argoRollouts.rawValue) {
            self = .argoRollouts
        } else {
            self = name.hasPrefix(Invocation.plugin.rawValue) ? .plugin : .sluice
        }
    }

    /// What a person types to call it.
    package var typed: String {
        switch self {
        case .sluice: "sluice"
        case .plugin: "kubectl sluice"
        case .argoRollouts: "kubectl argo rollouts"
        }
    }

    /// Argo Rollouts' plugin knows two codes only.
    package func exitCode(_ code: Int32) -> Int32 { self == .argoRollouts && code != 0 ? 1 : code }
}
