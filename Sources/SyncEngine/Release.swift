package import Manifest

/// What became of one commit of one application: `sluice.dev/v1alpha1` Release.
package struct Release: Hashable, Sendable {
    package static let groupVersionKind = GroupVersionKind(group: "sluice.dev", version: "v1alpha1", kind: "Release")
    /// Label with which an application's Releases are found.
    package static let applicationLabel = "sluice.dev/application"

    package enum Phase: String, Hashable, Sendable {
        /// Recorded; its objects are being applied.
        case syncing = "Syncing"
        /// Applied; the Rollouts that it changed are on their way.
        case progressing = "Progressing"
        case released = "Released"
        case rejected = "Rejected"
        case superseded = "Superseded"

        package var isOpen: Bool { self == .syncing || self == .progressing }
    }

    /// Why a commit was rejected.
    package enum Rejection: String, Hashable, Sendable {
        case analysisFailed = "AnalysisFailed"
        case deadlineExceeded = "DeadlineExceeded"
        case abortedByUser = "AbortedByUser"
    }

    /// One thing that speaks for or against the commit: a measured value, an aborted Rollout.
    package struct Evidence: Hashable, Sendable {
        package var object: ObjectReference
        package var metric: String
        package var value: String
        package var condition: String
        package var phase: String
        package var message: String

        package init(
            object: ObjectReference, metric: String = "", value: String = "", condition: String = "",
            phase: String = "", message: String = ""
        ) {
            self.object = object
            self.metric = metric
            self.value = value
            self.condition = condition
            self.phase = phase
            self.message = message
        }
    }

    /// One object that the commit added, modified or removed.
    package struct Change: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable {
            case added = "Added", modified = "Modified", removed = "Removed"
        }

        package var object: ObjectReference
        package var kind: Kind

        package init(_ object: ObjectReference, _ kind: Kind) {
            self.object = object
            self.kind = kind
        }
    }

    package struct Spec: Hashable, Sendable {
        package var application: String
        package var revision: String
        /// Digest of the rendered manifests: the same commit rendered with other overrides is another release.
        package var digest: String
        /// The source as it was, so that the same manifests can be rendered again.
        package var source: JSON
        package var onRejection: OnRejection
        /// Whether what the commit removes may be deleted once it is released.
        package var prune: Bool
        package var initiatedBy: String
        /// Rollouts whose verdict decides: those whose pods the commit changes.
        package var rollouts: [ObjectReference]
        /// Counts an application's Releases: the highest is the current one, whatever clocks say.
        package var sequence: Int64

        package init(
            application: String, revision: String, digest: String, source: JSON = .emptyObject,
            onRejection: OnRejection = .restore, prune: Bool = false, initiatedBy: String = "",
            rollouts: [ObjectReference] = [], sequence: Int64 = 0
        ) {
            self.application = application
            self.revision = revision
            self.digest = digest
            self.source = source
            self.onRejection = onRejection
            self.prune = prune
            self.initiatedBy = initiatedBy
            self.rollouts = rollouts
            self.sequence = sequence
        }
    }

    package struct Status: Hashable, Sendable {
        package var phase: Phase
        package var reason: String
        package var message: String
        package var evidence: [Evidence]
        package var changed: [Change]
        package var startedAt: Timestamp
        package var progressingAt: Timestamp?
        package var endedAt: Timestamp?
        /// When the last released commit was back in place after a rejection.
        package var restoredAt: Timestamp?
        /// When the Rollouts were healthy again after that.
        package var settledAt: Timestamp?
        /// The commit that undoes this one on its branch.
        package var revertedBy: String

        package init(
            phase: Phase, reason: String = "", message: String = "", evidence: [Evidence] = [], changed: [Change] = [],
            startedAt: Timestamp, progressingAt: Timestamp? = nil, endedAt: Timestamp? = nil,
            restoredAt: Timestamp? = nil, settledAt: Timestamp? = nil, revertedBy: String = ""
        ) {
            self.phase = phase
            self.reason = reason
            self.message = message
            self.evidence = evidence
            self.changed = changed
            self.startedAt = startedAt
            self.progressingAt = progressingAt
            self.endedAt = endedAt
            self.restoredAt = restoredAt
            self.settledAt = settledAt
            self.revertedBy = revertedBy
        }
    }

    package var key: ObjectKey
    package var uid: String
    package var resourceVersion: String
    package var ownerUID: String?
    package var spec: Spec
    package var status: Status

    package init(
        key: ObjectKey, uid: String = "", resourceVersion: String = "", ownerUID: String = "", spec: Spec,
        status: Status
    ) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.ownerUID = ownerUID
        self.spec = spec
        self.status = status
    }

    package var reference: ObjectReference {
        ObjectReference(group: "sluice.dev", kind: "Release", namespace: key.namespace, name: key.name)
    }

    /// `<app>-<first 12 digits of the commit>`, with a counter from the second attempt on.
    package static func name(application: String, revision: String, attempt: Int) -> String {
        let suffix = "-\(revision.prefix(12))" + (attempt > 1 ? "-\(attempt)" : "")
        return application.prefix(max(1, 253 - suffix.utf8.count)) + suffix
    }
}
