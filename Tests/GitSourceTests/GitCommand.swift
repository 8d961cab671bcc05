import Glibc

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

nonisolated(unsafe) private let spawning: UnsafeMutablePointer<pthread_mutex_t> = {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    return mutex
}()

/// Runs the real git (or another program) and waits for it; no configuration of this machine takes part.
@discardableResult
func run(_ program: String, _ arguments: [String], in folder: String = "/", environment: [String: String] = [:])
    -> CommandResult
{
    var pipes: [Int32] = [0, 0]
    // Alone from pipe to spawn: a pipe inherited by a child that another test starts would never end.
    pthread_mutex_lock(spawning)
    guard pipe(&pipes) == 0 else {
        pthread_mutex_unlock(spawning)
        return CommandResult(status: -1, bytes: [])
    }
    for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
    var variables = [
        "PATH": "/usr/bin:/bin:/usr/sbin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    ]
    variables.merge(environment) { $1 }
    var argumentList = ([program] + (program == "git" ? ["-C", folder] : []) + arguments).map { strdup($0) } + [nil]
    var variableList = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
        for text in argumentList + variableList { free(text) }
        posix_spawn_file_actions_destroy(&actions)
    }
    var child = pid_t()
    let code = posix_spawnp(&child, program, &actions, nil, &argumentList, &variableList)
    close(pipes[1])
    pthread_mutex_unlock(spawning)
    defer { close(pipes[0]) }
    guard code == 0 else { return CommandResult(status: -1, bytes: Array("cannot start \(program)".utf8)) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(pipes[0], &buffer, buffer.count)
        if count <= 0 { break }
        output += buffer[..<count]
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    return CommandResult(status: status >> 8 & 0xFF, bytes: output)
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
