import Glibc
import Manifest
import SluiceTestKit
import Testing
import Transport

@Suite("What tests share") struct TestKitTests {
    @Test("a program that a test starts inherits nothing that another test holds") func inheritance() throws {
        var pipes: [Int32] = [0, 0]
        try #require(pipe(&pipes) == 0)
        defer { close(pipes[0]) }
        let process = try #require(ChildProgram.spawn(["sleep", "60"]))
        // Programs that are not started by these means are none of this test's business.
        _ = fcntl(pipes[1], F_SETFD, FD_CLOEXEC)
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

    @Test("a server that stopped is not heard of again, however often it is stopped") func listener() async throws {
        let served = Lock(0)
        let gone = LoopbackListener { _ in served.withLock { $0 += 1 } }
        gone.stop()
        let others = (0..<8).map { _ in LoopbackListener { _ in } }
        gone.stop()
        let client = HTTPClient()
        for other in others {
            // Answers nothing, but takes the connection.
            await #expect(throws: TransportError.self) {
                try await client.send(HTTPRequest("http://127.0.0.1:\(other.port)/"))
            }
            other.stop()
        }
        #expect(served.withLock { $0 } == 0)
    }
}
