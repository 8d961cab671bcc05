package import Manifest

/// How an informer's list and watch are doing.
package struct InformerHealth: Hashable, Sendable {
    /// Since when no list or watch has worked; `nil` while one does.
    package var failingSince: Timestamp?
    package var lastError: KubernetesError?
    /// The kind does not exist on the server: its CRD is not installed.
    package var isMissing = false
    /// Complete lists and started watches so far.
    package var lists = 0
    package var watches = 0

    package init() {}
}
