import AnalysisEngine
import Kubernetes
import Manifest

/// The secrets of one batch of measurements, read when it is taken and forgotten with it.
struct AnalysisSecrets: Sendable {
    private var values: [SecretReference: String] = [:]
    private var problems: [SecretReference: String] = [:]

    /// Reads each Secret once; what cannot be read becomes an error of the metrics that use it, and is tried again.
    static func read(_ tasks: [MeasurementTask], api: any KubernetesAPI) async -> AnalysisSecrets {
        var found = AnalysisSecrets()
        guard let namespace = tasks.first?.run.namespace else { return found }
        let wanted = Dictionary(grouping: Set(tasks.flatMap(\.secrets)), by: \.name)
        for (name, references) in wanted.sorted(by: { $0.key < $1.key }) {
            let secret: JSON?
            do throws(KubernetesError) {
                secret = try await api.get(.secrets, ObjectKey(namespace: namespace, name: name), subresource: nil)
            } catch {
                for reference in references {
                    found.problems[reference] = "cannot read Secret \"\(name)\" in namespace \"\(namespace)\": \(error)"
                }
                continue
            }
            for reference in references {
                if let text = secret?.at("data", reference.key)?.stringValue, let bytes = Base64.decode(text) {
                    found.values[reference] = String(decoding: bytes, as: UTF8.self)
                } else {
                    found.problems[reference] =
                        secret == nil
                        ? "Secret \"\(name)\" does not exist in namespace \"\(namespace)\""
                        : "Secret \"\(name)\" in namespace \"\(namespace)\" has no key \"\(reference.key)\""
                }
            }
        }
        return found
    }

    /// The task with its secrets filled in.
    func resolve(_ task: MeasurementTask) throws(MetricFailure) -> MeasurementTask {
        for reference in task.secrets {
            if let problem = problems[reference] { throw MetricFailure(.unavailable, problem) }
        }
        do throws(AnalysisError) { return try task.resolving(values) } catch {
            throw MetricFailure(.misconfigured, error.description)
        }
    }
}
