import EmbeddedCluster
import Glibc
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

private let kubeconfig = environmentVariable("SLUICE_COMPARE").flatMap { $0.isEmpty ? nil : $0 }

/// `SLUICE_COMPARE=<kubeconfig>` sends the same requests to the embedded cluster and to a real one.
@Suite("Compared with a real API server", .enabled(if: kubeconfig != nil, "not run, SLUICE_COMPARE is not set"))
struct CompareTests {
    @Test("Both give the same status, reason, causes and object") func compares() async throws {
        let path = try #require(kubeconfig)
        let real = KubernetesClient(try Kubeconfig.load(path: path).configuration())
        let server = EmbeddedClusterServer(ClusterAPI())
        let port = try await server.start()
        let embedded = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(port)"))
        let namespace = "compare-\(UInt32.random(in: 0 ... .max))"
        for api in [real, embedded] { try await CompareSteps.prepare(api, namespace) }
        var differences = 0
        for step in CompareSteps.all {
            let expected = await step.outcome(real, namespace)
            let found = await step.outcome(embedded, namespace)
            if expected == found { continue }
            if let why = MeantDifferences.steps[step.name] {
                print("compare: \(step.name): differs on purpose, \(why)")
                continue
            }
            differences += 1
            Issue.record("\(step.name): \(Self.difference(expected, found))")
        }
        print("compare: \(CompareSteps.all.count) steps, \(differences) differences that are not meant")
        for api in [real, embedded] { await CompareSteps.clean(api, namespace) }
        await server.stop()
    }

    /// What differs, field by field where both are objects.
    private static func difference(_ real: String, _ embedded: String) -> String {
        guard let left = try? JSON(parsing: real), let right = try? JSON(parsing: embedded) else {
            return "real \(real.prefix(500)), embedded \(embedded.prefix(500))"
        }
        let (a, b) = (left.leaves(""), right.leaves(""))
        let changed = Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
        return changed.prefix(40).map { "\n  \($0): real \(a[$0] ?? "-"), embedded \(b[$0] ?? "-")" }.joined()
    }
}

/// One request and what makes its answer comparable.
struct CompareStep: Sendable {
    var name: String
    var request: @Sendable (any KubernetesAPI, _ namespace: String) async throws -> JSON

    /// The answer in one line: the object's comparable part, or code, reason and causes.
    func outcome(_ api: any KubernetesAPI, _ namespace: String) async -> String {
        do {
            let text = try await request(api, namespace).comparable.description
            return text.replacing(namespace, with: "NAMESPACE")
        } catch let error as KubernetesError {
            // Older servers repeat causes.
            let causes = Set(error.causes.map { "\($0.reason) \($0.field)" }).sorted().joined(separator: ", ")
            return "\(error.code) \(error.reason) [\(causes)]"
        } catch {
            return "\(error)"
        }
    }
}

extension JSON {
    /// The values at the ends of all paths.
    fileprivate func leaves(_ path: String) -> [String: String] {
        var all: [String: String] = [:]
        switch self {
        case .object(let members) where !members.isEmpty:
            for (name, child) in members { all.merge(child.leaves("\(path).\(name)")) { $1 } }
        case .array(let elements) where !elements.isEmpty:
            for (index, child) in elements.enumerated() { all.merge(child.leaves("\(path)[\(index)]")) { $1 } }
        default: all[path] = description
        }
        return all
    }
}
