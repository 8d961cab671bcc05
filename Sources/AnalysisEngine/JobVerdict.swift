package import Manifest

/// How a Job stands.
package enum JobVerdict: Hashable, Sendable {
    case running
    case complete
    case failed(reason: String)

    /// By the Job's conditions; one whose status is not `True` says nothing.
    package init(_ job: JSON) {
        self = .running
        for condition in job.at("status", "conditions")?.arrayValue ?? []
        where condition["status"]?.stringValue == "True" {
            switch condition["type"]?.stringValue {
            case "Complete":
                self = .complete
                return
            case "Failed":
                let words = [condition["reason"]?.stringValue ?? "", condition["message"]?.stringValue ?? ""]
                self = .failed(reason: words.filter { !$0.isEmpty }.joined(separator: ": "))
                return
            default: break
            }
        }
    }

    private static let pullReasons: Set<String> = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"]

    /// Why the Job will not start by itself: the image of one of its pods cannot be pulled; `nil` where nothing is known.
    /// - Parameter pods: Those that carry the run's label; of others than the Job's none is looked at.
    package static func obstacle(_ job: JSON, pods: [JSON]) -> String? {
        for pod in pods.sorted(by: { $0.objectKey < $1.objectKey }) {
            let owners = pod.at("metadata", "ownerReferences")?.arrayValue ?? []
            guard owners.contains(where: { $0["uid"]?.stringValue == job.uid }),
                pod.at("metadata", "deletionTimestamp") == nil
            else { continue }
            for list in ["initContainerStatuses", "containerStatuses"] {
                for container in pod.at("status", list)?.arrayValue ?? [] {
                    let reason = container.at("state", "waiting", "reason")?.stringValue ?? ""
                    guard pullReasons.contains(reason) else { continue }
                    let name = container["name"]?.stringValue ?? ""
                    return "pod \(pod.objectKey.name), container \(name): \(reason)"
                }
            }
        }
        return nil
    }

    /// When to look at a running Job again: ever more seldom, for its end is told by an event.
    package static func resumeAt(startedAt: Timestamp?, now: Timestamp) -> Timestamp {
        let elapsed = max(0, (now - (startedAt ?? now)).inSeconds)
        return (now + .seconds(max(shortestWait, (2 * elapsed).squareRoot()))).wholeSeconds
    }

    private static let shortestWait = 2.0
}
