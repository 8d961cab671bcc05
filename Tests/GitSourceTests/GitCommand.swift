import Glibc
import SluiceTestKit

/// What a child process printed and how it ended.
struct CommandResult {
    var status: Int32
    var bytes: [UInt8]
    /// What was printed, without newlines at its end.
    var output: String {
        var text = String(decoding: bytes, as: UTF8.self)
        while text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}

/// Runs the real git (or another program) and waits for it; no configuration of this machine takes part.
@discardableResult
func run(_ program: String, _ arguments: [String], in folder: String = "/", environment: [String: String] = [:])
    -> CommandResult
{
    var variables = [
        "PATH": "/usr/bin:/bin:/usr/sbin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    ]
    variables.merge(environment) { $1 }
    let words = [program] + (program == "git" ? ["-C", folder] : []) + arguments
    guard let result = ChildProgram.run(words, environment: variables) else {
        return CommandResult(status: -1, bytes: Array("cannot start \(program)".utf8))
    }
    return CommandResult(status: result.status, bytes: result.bytes)
}

/// A folder of its own for one test, removed at its end.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/sluice-git-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
    }

    deinit { if !path.isEmpty { run("rm", ["-rf", path]) } }
}

func write(_ text: String, to path: String) {
    guard let file = fopen(path, "w") else { return }
    fputs(text, file)
    fclose(file)
}

/// A bare repository and a work tree that pushes to it, both made by the real git.
struct Upstream {
    let folder = TemporaryFolder()
    var bare: String { folder.path + "/repo.git" }
    var work: String { folder.path + "/work" }
    var mirror: String { folder.path + "/mirror" }

    init() {
        run("git", ["init", "-q", "--bare", "-b", "main", bare])
        git("config", "http.receivepack", "true", in: bare)
        run("git", ["clone", "-q", bare, work])
        git("checkout", "-q", "-b", "main")
    }

    @discardableResult func git(_ arguments: String..., in folder: String? = nil) -> String {
        run("git", arguments, in: folder ?? work).output
    }

    /// Writes files, commits them and pushes; returns the commit.
    @discardableResult
    func commit(_ message: String, _ files: [String: String], push: Bool = true) -> String {
        for (name, text) in files {
            if let slash = name.lastIndex(of: "/") { run("mkdir", ["-p", work + "/" + name[..<slash]]) }
            write(text, to: work + "/" + name)
        }
        git("add", "-A")
        git("commit", "-q", "-m", message)
        if push { git("push", "-q", "origin", "HEAD:main") }
        return git("rev-parse", "HEAD")
    }
}
