import Glibc
import NIOCore

/// A port that another program has.
package struct ListenError: Error, CustomStringConvertible {
    package var address: String
    package var port: Int

    package var description: String {
        "cannot listen on \(address):\(port): another program has the port; choose another one, or 0 for any"
    }
}

/// Runs a server, and says in words that its port is taken.
func listening(on address: String, _ port: Int, _ run: () async throws -> Void) async throws {
    do { try await run() } catch let error as IOError where error.errnoCode == EADDRINUSE {
        throw ListenError(address: address, port: port)
    }
}
