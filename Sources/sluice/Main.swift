import Glibc
import Kubernetes

/// The command line; `kubectl-sluice` and `kubectl-argo-rollouts` are the same program.
@main
enum Main {
    static func main() async {
        // Here no other thread has taken memory yet.
        CacheMemory.prepare()
        let arguments = CommandLine.arguments
        exit(await Program.run(Array(arguments.dropFirst()), as: Invocation(path: arguments.first ?? "")))
    }
}
