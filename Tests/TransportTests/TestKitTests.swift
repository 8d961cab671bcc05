import Glibc
import SluiceTestKit
import Testing

@Suite("What tests share") struct TestKitTests {
    @Test("a program that a test starts inherits nothing that another test holds") func inheritance() throws {
        var pipes: [Int32] = [0, 0]
        try #require(pipe(&pipes) == 0)
        defer { close(pipes[0]) }
        let process = try #require(ChildProgram.spawn(["sleep", "60"]))
        defer {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }
        close(pipes[1])
        var poll = pollfd(fd: pipes[0], events: Int16(POLLIN), revents: 0)
        #expect(Glibc.poll(&poll, 1, 20_000) == 1, "the pipe's end is still open somewhere")
    }

    @Test("output and exit status of a program") func output() async throws {
        let result = try #require(ChildProgram.run(["sh", "-c", "echo $A; exit 3"], environment: ["A": "b"]))
        #expect(result.status == 3 && result.bytes == Array("b\n".utf8))
        #expect(try await ChildProgram.end(of: #require(ChildProgram.spawn(["sh", "-c", "kill -9 $$"]))) == 137)
        #expect(ChildProgram.run(["/nonexistent"]) == nil)
    }

    @Test("a server that stopped lets its port go, and takes nobody else's connections") func listener() throws {
        let gone = LoopbackServer { _, _ in false }
        gone.stop()
        let other = LoopbackListener { _ in }
        defer { other.stop() }
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(UInt16(gone.port)).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(code == -1 && errno == ECONNREFUSED)
    }
}
