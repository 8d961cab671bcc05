import CTestKit
import Glibc
import Manifest

/// Accepts connections on a port of loopback and gives each to a closure, on threads of its own.
///
/// No program that another test starts inherits its sockets, and only its own thread closes the listening one: a
/// number that is closed elsewhere may be another server's by the time it is accepted from.
package final class LoopbackListener: Sendable {
    package let port: Int
    /// The listening socket until its thread closes it.
    private let socket: Lock<Int32?>

    /// - Parameters:
    ///   - isSerial: One connection after another.
    ///   - serve: Talks with one client; the connection is closed after it.
    package init(isSerial: Bool = false, _ serve: @escaping @Sendable (Int32) -> Void) {
        let (listener, port) = Self.bound()
        precondition(port > 0 && listen(listener, 64) == 0, "cannot listen on loopback: errno \(errno)")
        let socket = Lock<Int32?>(listener)
        self.socket = socket
        self.port = port
        let talk: @Sendable (Int32) -> Void = { connection in
            serve(connection)
            // Tells the client even where somebody else still holds the connection.
            shutdown(connection, Int32(SHUT_WR))
            close(connection)
        }
        Self.onThread {
            defer {
                socket.withLock { $0 = nil }
                close(listener)
            }
            while true {
                let connection = ctestkit_accept(listener)
                if connection < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                if isSerial { talk(connection) } else { Self.onThread { talk(connection) } }
            }
        }
    }

    /// Stops listening; connections go on.
    ///
    /// To be called: otherwise it listens until the process ends.
    package func stop() {
        socket.withLock { socket in
            if let socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// A port that nobody listens on at this moment.
    package static func freePort() -> Int {
        let (socket, port) = bound()
        close(socket)
        return port
    }

    private static func bound() -> (socket: Int32, port: Int) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(socket, pointer, length)
                _ = getsockname(socket, pointer, &length)
            }
        }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_detach(thread)
    }
}
