import Glibc
import Rendering

/// A Kustomize tree of 1,000 objects on disk: an overlay over 100 bases of ten objects each.
enum KustomizeTree {
    private static let bases = 100

    static func write(to root: String) {
        mkdir(root, 0o700)
        for (path, text) in files {
            let parts = path.split(separator: "/")
            if parts.count > 1 { mkdir("\(root)/\(parts[0])", 0o700) }
            guard let file = fopen("\(root)/\(path)", "w") else { fatalError("cannot write \(root)/\(path)") }
            fputs(text, file)
            fclose(file)
        }
    }

    static func remove(_ root: String) {
        for (path, _) in files { unlink("\(root)/\(path)") }
        for number in 0..<bases { rmdir("\(root)/service-\(number)") }
        rmdir(root)
    }

    /// Reads the tree from disk, builds it and prints it, as `kubectl kustomize` does.
    static func render(_ root: String) throws {
        var read: [String: [UInt8]] = [:]
        for (path, _) in files { read[path] = contents("\(root)/\(path)") }
        let result = try Rendering.render(
            RenderRequest(path: ".", tool: .kustomize), in: InMemoryFileTree(bytes: read))
        print(result.yaml)
    }

    private static func contents(_ path: String) -> [UInt8] {
        guard case let file = open(path, O_RDONLY), file >= 0 else { fatalError("cannot read \(path)") }
        defer { close(file) }
        var (all, buffer): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 65_536))
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { all += buffer[..<count] }
        return all
    }

    private static var files: [(String, String)] {
        var files: [(String, String)] = []
        var overlay = "namespace: shop\nnamePrefix: prod-\nlabels:\n- pairs: {tier: production}\n"
        overlay += "images:\n- name: registry.example.org/shop/service\n  newTag: \"2.0\"\nresources:\n"
        for number in 0..<bases {
            overlay += "- service-\(number)\n"
            var list = "resources:\n"
            for part in 0..<10 {
                list += "- object-\(part).yaml\n"
                files.append(("service-\(number)/object-\(part).yaml", object(number, part)))
            }
            files.append(("service-\(number)/kustomization.yaml", list))
        }
        overlay +=
            "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n"
        overlay += "      value: 3\n"
        files.append(("kustomization.yaml", overlay))
        return files
    }

    /// Two Deployments, two Services and six ConfigMaps in each base.
    private static func object(_ number: Int, _ part: Int) -> String {
        let name = "service-\(number)-\(part)"
        switch part {
        case 0, 1:
            return """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: \(name)}
                spec:
                  replicas: 1
                  selector: {matchLabels: {app: \(name)}}
                  template:
                    metadata: {labels: {app: \(name)}}
                    spec:
                      containers:
                      - name: app
                        image: registry.example.org/shop/service:1.0
                        ports:
                        - containerPort: 8080
                        envFrom:
                        - configMapRef: {name: service-\(number)-4}

                """
        case 2, 3:
            return """
                apiVersion: v1
                kind: Service
                metadata: {name: \(name)}
                spec:
                  selector: {app: service-\(number)-\(part - 2)}
                  ports:
                  - port: 80
                    targetPort: 8080

                """
        default:
            return """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: \(name)}
                data:
                  LOG_LEVEL: info
                  REGION: eu-central-1

                """
        }
    }
}
