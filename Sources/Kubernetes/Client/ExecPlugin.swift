package import Manifest
import Subprocess

/// A program that gives credentials (`client.authentication.k8s.io`).
package struct ExecPlugin: Hashable, Sendable {
    package var command: String
    package var arguments: [String]
    package var environment: [String: String]
    package var apiVersion: String
    package var installHint: String
    /// `spec.cluster` of what the program is told, where it asks for it.
    package var cluster: JSON?

    init(_ exec: JSON, cluster: JSON, folder: String) throws(ConfigurationError) {
        command = exec["command"]?.stringValue ?? ""
        guard !command.isEmpty else { throw ConfigurationError("the kubeconfig's exec has no command") }
        // As kubectl does: a command with a slash is relative to the file, one without is looked up in the path.
        if command.contains("/"), !command.hasPrefix("/") { command = "\(folder)/\(command)" }
        arguments = exec["args"]?.arrayValue?.compactMap(\.stringValue) ?? []
        environment = [:]
        for entry in exec["env"]?.arrayValue ?? [] {
            if let name = entry["name"]?.stringValue { environment[name] = entry["value"]?.stringValue ?? "" }
        }
        apiVersion = exec["apiVersion"]?.stringValue ?? ""
        guard ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(apiVersion) else {
            throw ConfigurationError(
                "the kubeconfig's exec has apiVersion \"\(apiVersion)\"; use client.authentication.k8s.io/v1")
        }
        installHint = exec["installHint"]?.stringValue ?? ""
        if exec["provideClusterInfo"]?.boolValue == true {
            self.cluster = [
                "server": cluster["server"] ?? "",
                "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"] ?? false,
            ]
            for name in ["tls-server-name", "certificate-authority-data", "proxy-url"] {
                self.cluster?[name] = cluster[name]
            }
        }
    }

    /// What the program gave.
    package struct Credential: Hashable, Sendable {
        package var token: String?
        package var certificate: [UInt8]?
        package var key: [UInt8]?
        package var expires: Timestamp?
    }

    /// Runs the program, for at most a minute.
    ///
    /// Its output never becomes part of an error.
    func run() async throws(ConfigurationError) -> Credential {
        var spec: JSON = ["interactive": false]
        spec["cluster"] = cluster
        let info: JSON = ["apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": spec]
        var overrides: [Environment.Key: String?] = ["KUBERNETES_EXEC_INFO": info.description]
        for (name, value) in environment { overrides[Environment.Key(stringLiteral: name)] = value }
        let environment = Environment.inherit.updating(overrides)
        let output: String?
        do {
            output = try await withDeadline(.seconds(60)) {
                let result = try await Subprocess.run(
                    // env finds what has no slash in the path, and takes what has one as it is.
                    .name("env"), arguments: .init([command] + arguments),
                    environment: environment, output: .string(limit: 1 << 20), error: .discarded)
                guard result.terminationStatus.isSuccess else {
                    throw ConfigurationError("it ended with \(result.terminationStatus)")
                }
                return result.standardOutput
            }
        } catch {
            let hint = installHint.isEmpty ? "" : "; \(installHint)"
            throw ConfigurationError("cannot get credentials from \(command): \(error)\(hint)")
        }
        return try Self.credential(from: output ?? "", command: command)
    }

    /// Reads an `ExecCredential`.
    package static func credential(from text: String, command: String) throws(ConfigurationError) -> Credential {
        guard let json = try? JSON(parsing: text), json["kind"]?.stringValue == "ExecCredential",
            let status = json["status"], case .object = status
        else { throw ConfigurationError("cannot get credentials from \(command): it printed no ExecCredential") }
        let credential = Credential(
            token: status["token"]?.stringValue,
            certificate: status["clientCertificateData"]?.stringValue.map { Array($0.utf8) },
            key: status["clientKeyData"]?.stringValue.map { Array($0.utf8) },
            expires: status["expirationTimestamp"]?.stringValue.flatMap { Timestamp(rfc3339: $0) })
        guard credential.token != nil || (credential.certificate != nil && credential.key != nil) else {
            throw ConfigurationError(
                "cannot get credentials from \(command): it gave neither a token nor a certificate with its key")
        }
        return credential
    }
}
