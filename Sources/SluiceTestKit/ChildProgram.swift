import CTestKit
import Glibc

/// Programs that tests start beside themselves.
package enum ChildProgram {
    /// Where a program's standard output and error go together.
    package enum Output {
        case file(String)
        case descriptor(Int32)
    }

    /// Starts a program of the path with nothing to read, and gives its process; `nil` where it cannot be started.
    ///
    /// It inherits none of the sockets and pipes that other tests hold at that moment: one that outlives them keeps
    /// the other end waiting for an end that never comes.
    package static func spawn(
        _ words: [String], environment: [String: String]? = nil, output: Output = .file("/dev/null")
    ) -> Int32? {
        guard let program = words.first else { return nil }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        switch output {
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        case .descriptor(let descriptor):
            posix_spawn_file_actions_adddup2(&actions, descriptor, STDOUT_FILENO)
        }
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        ctestkit_close_from(&actions, STDERR_FILENO + 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? [:]).map { strdup("\($0.key)=\($0.value)") }
        variables.append(nil)
        defer { for text in arguments + variables { free(text) } }
        var process = pid_t()
        let code = variables.withUnsafeMutableBufferPointer { own in
            posix_spawnp(&process, program, &actions, nil, &arguments, environment == nil ? environ : own.baseAddress)
        }
        return code == 0 ? process : nil
    }

    /// Runs a program to its end and gives its exit status and what it printed; `nil` where it cannot be started.
    ///
    /// Blocks the thread.
    package static func run(_ words: [String], environment: [String: String]? = nil) -> (
        status: Int32, bytes: [UInt8]
    )? {
        var pipes: [Int32] = [0, 0]
        guard ctestkit_pipe(&pipes) == 0 else { return nil }
        defer { close(pipes[0]) }
        let process = spawn(words, environment: environment, output: .descriptor(pipes[1]))
        close(pipes[1])
        guard let process else { return nil }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(pipes[0], &buffer, buffer.count)
            if count <= 0 { break }
            output += buffer[..<count]
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { if errno != EINTR { return nil } }
        return (exitStatus(status), output)
    }

    /// Waits for a program's end and gives its exit status, 128 and more after a signal; kills it when cancelled.
    ///
    /// Asks now and then: a thread that blocks here would be missing for what the program may wait for.
    package static func end(of process: Int32) async throws -> Int32 {
        var status: Int32 = 0
        while true {
            switch waitpid(process, &status, WNOHANG) {
            case process: return exitStatus(status)
            case 0: break
            default: if errno != EINTR { throw NeverCame(description: "process \(process) is no child of this one") }
            }
            do { try await Task.sleep(for: .milliseconds(10)) } catch {
                kill(process, SIGKILL)
                waitpid(process, &status, 0)
                throw error
            }
        }
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
