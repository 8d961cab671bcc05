import Subprocess

/// A bare repository and a clone that commits to it, made with the git command.
package struct GitFixture: Sendable {
    /// Path of the bare repository; clones and Applications name it as `file://` URL.
    package let bare: String
    private let clone: String

    /// `file:///…` of the bare repository.
    package var url: String { "file://\(bare)" }

    /// Makes both below `folder`.
    package init(in folder: String, name: String = "shop") async throws {
        bare = "\(folder)/\(name).git"
        clone = "\(folder)/\(name)-work"
        try await GitFixture.git(["init", "-q", "--bare", "-b", "main", bare])
        try await GitFixture.git(["clone", "-q", bare, clone])
        try await GitFixture.git(["-C", clone, "checkout", "-q", "-B", "main"])
    }

    /// Writes files, commits and pushes them on top of what the branch holds now.
    /// - Parameter files: Text by path; `nil` removes the file.
    /// - Returns: The commit's id.
    @discardableResult
    package func commit(_ message: String, _ files: [String: String?]) async throws -> String {
        if try await head() != nil {
            try await GitFixture.git(["-C", clone, "fetch", "-q", "origin"])
            try await GitFixture.git(["-C", clone, "reset", "-q", "--hard", "origin/main"])
        }
        for (path, text) in files.sorted(by: { $0.key < $1.key }) {
            if let text {
                try writeFile(text, to: "\(clone)/\(path)")
            } else {
                try await GitFixture.git(["-C", clone, "rm", "-q", path])
            }
        }
        try await GitFixture.git(["-C", clone, "add", "-A"])
        try await GitFixture.git([
            "-C", clone, "-c", "user.name=Demo", "-c", "user.email=demo@localhost", "commit", "-q", "-m", message,
        ])
        try await GitFixture.git(["-C", clone, "push", "-q", "origin", "main"])
        return try await head() ?? ""
    }

    /// The head of the branch in the bare repository; `nil` while it has no commit.
    package func head() async throws -> String? {
        let text = try? await GitFixture.git(["-C", bare, "rev-parse", "-q", "--verify", "refs/heads/main"])
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The whole message of a commit.
    package func message(of revision: String) async throws -> String {
        try await GitFixture.git(["-C", bare, "show", "-s", "--format=%B", revision])
    }

    /// Ids of the branch's commits whose message holds a text, newest first.
    package func commits(mentioning text: String) async throws -> [String] {
        let log = try await GitFixture.git([
            "-C", bare, "log", "--format=%H", "--fixed-strings", "--grep", text, "main",
        ])
        return log.split(separator: "\n").map(String.init)
    }

    /// The text of a file at a revision.
    package func file(_ path: String, at revision: String = "main") async throws -> String {
        try await GitFixture.git(["-C", bare, "show", "\(revision):\(path)"])
    }

    @discardableResult
    private static func git(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .name("git"), arguments: Arguments(arguments),
            environment: .inherit.updating(["GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"]),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
        guard case .exited(0) = result.terminationStatus else {
            throw CommandError(command: "git \(arguments.joined(separator: " "))", output: result.standardError)
        }
        var text = result.standardOutput
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}

/// A command that failed.
package struct CommandError: Error, CustomStringConvertible {
    package var command: String
    package var output: String
    package var description: String { "\(command) failed: \(output)" }
}
