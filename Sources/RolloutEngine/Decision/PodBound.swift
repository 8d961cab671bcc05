import Manifest

/// How many pods of a ReplicaSet may be believed in until its own controller has seen a generation.
///
/// A ReplicaSet that shrinks from 4 to 3 and grows to 4 again may have a status that still counts the first 4, of which one is
/// going. The sizes in between are nowhere to be found later, so the growth itself carries the note: its generation is known
/// before it is written, because the write fails where the ReplicaSet is no longer the one that was seen.
struct PodBound: Equatable {
    var pods: Int
    /// A status that has observed this generation counted after the growth.
    var generation: Int64

    /// For a ReplicaSet that grows now; `nil` where its status counts no pod that may be on its way out.
    init?(growing set: WorkingReplicaSet) {
        guard !set.isNew, set.reportedAvailable > set.available else { return nil }
        let next = set.seen.generation.addingReportingOverflow(1)
        guard !next.overflow else { return nil }
        (pods, generation) = (set.available, next.partialValue)
    }

    /// `nil` for a text that is none.
    init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let pods = Int(parts[0]), pods >= 0, let generation = Int64(parts[1]) else {
            return nil
        }
        (self.pods, self.generation) = (pods, generation)
    }

    var text: String { "\(pods)@\(generation)" }
}

extension ReplicaSet {
    /// With no more available pods than its status can be believed in.
    var believed: ReplicaSet {
        guard let bound = annotations[Keys.podBound].flatMap(PodBound.init), observedGeneration < bound.generation,
            // A generation that the ReplicaSet does not have itself would never be observed.
            bound.generation <= generation, bound.pods < availableReplicas
        else { return self }
        var set = self
        set.availableReplicas = bound.pods
        return set
    }
}
