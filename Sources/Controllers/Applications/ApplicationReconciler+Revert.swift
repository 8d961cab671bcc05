import Kubernetes
import Logging
import Manifest
import Rendering
import SyncEngine

extension ApplicationReconciler {
    private static let revertRetry = Duration.seconds(60)
    private static let revertedCommits = 100

    /// The commit that undoes the rejected one, where it is known: pushed by us, or found on the branch.
    func revertCommit(_ look: Look, head: String) async -> String? {
        guard let current = look.ledger.current, current.status.phase == .rejected, current.status.revertedBy.isEmpty,
            current.spec.onRejection == .revert
        else { return nil }
        let rejected = current.spec.revision
        if let known = memory.withLock({ $0[look.application.key]?.revertedBy[rejected] }) { return known }
        guard head != rejected, let repository = try? sources.repository(look.source.repoURL),
            let commits = try? await repository.commits(rejected, head, Self.revertedCommits)
        else { return nil }
        return commits.first { $0.sluiceReverts.contains(rejected) }?.id
    }

    /// Why the last try to revert a commit failed.
    func revertProblem(_ key: ObjectKey, commit: String) -> String? {
        memory.withLock { $0[key]?.revertProblem }.flatMap { $0.commit == commit ? $0.message : nil }
    }

    /// Pushes the revert of a rejected commit where that is asked for.
    /// - Returns: When to look again; `nil` where there is nothing to do.
    func revertIfRejected(_ look: Look, head: String) async -> Duration? {
        let branch = look.source.targetRevision
        guard let release = RevertRule.shouldRevert(look.ledger, head: head, isOwnRevert: false, branch: branch),
            let released = look.ledger.lastReleased
        else { return nil }
        let key = look.application.key
        if memory.withLock({ $0[key]?.revertedBy[head] }) != nil { return .milliseconds(50) }
        if let problem = memory.withLock({ $0[key]?.revertProblem }), problem.commit == head,
            look.now < problem.tryAgainAt
        {
            return problem.tryAgainAt - look.now
        }
        do throws(SourceError) {
            let repository = try sources.repository(look.source.repoURL)
            // A revert of our own that was rejected in turn is not undone: that would never end.
            if try await !repository.commit(head).sluiceReverts.isEmpty { return nil }
            let commits = try await culprits(look, repository, from: released.spec.revision, to: head)
            let outcome = try await repository.revert(
                RevertRequest(
                    commits: commits, branch: branch.isEmpty ? "HEAD" : branch, release: release.key.description,
                    reason: "\(release.status.reason): \(release.status.message)", now: look.now))
            let commit =
                switch outcome {
                case .pushed(let commit), .alreadyReverted(let commit): commit
                case .nothingToRevert: "none"
                }
            memory.withLock { memory in
                memory[key, default: Memory()].revertedBy[head] = commit
                memory[key]?.revertProblem = nil
                memory[key]?.isRefreshRequested = true
            }
            let message = "commit \(head.prefix(12)) is undone on \(branch) by \(commit.prefix(12))"
            recorder.record(
                .normal, "CommitReverted", message,
                regarding: ObjectEvent.Target(
                    apiVersion: "argoproj.io/v1alpha1", kind: "Application", key: key, uid: look.application.uid))
            logger.info("reverted", metadata: ["application": "\(key)", "commit": "\(head)", "by": "\(commit)"])
            return .milliseconds(20)
        } catch {
            let message = "the rejected commit \(head.prefix(12)) could not be reverted: \(error)"
            memory.withLock {
                $0[key, default: Memory()].revertProblem = (head, message, look.now + Self.revertRetry)
            }
            logger.warning("cannot revert", metadata: ["application": "\(key)", "error": "\(error)"])
            return .milliseconds(20)
        }
    }

    /// The commits since the last released one that this application reads, newest first: others' work stays.
    private func culprits(
        _ look: Look, _ repository: SourceRepository, from base: String, to head: String
    ) async throws(SourceError) -> [String] {
        let range = try await repository.commits(base, head, Self.revertedCommits)
        guard range.count > 1 else { return [head] }
        let request = RenderRequest.of(look.source).request
        var result: [String] = []
        for commit in range {
            guard let parent = commit.parents.first else { continue }
            guard let manifests = try? await sources.render(look.source.repoURL, commit.id, request) else {
                result.append(commit.id)
                continue
            }
            if try await !repository.isSame(manifests.footprint, parent) { result.append(commit.id) }
        }
        return result.isEmpty ? [head] : result
    }
}
