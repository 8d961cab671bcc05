import CGit2
import Glibc
import Manifest
import SyncEngine

/// Carries one connection from a loopback port to a server, so that it can be cut at a deadline.
///
/// libgit2's ssh knows no timeouts and shows nobody its socket. It is therefore told to connect here; when the deadline
/// passes or the operation is cancelled, this side closes and the blocked call returns with an error. ssh's own
/// encryption and host key check run end to end through it.
final class LoopbackRelay: Sendable {
    let port: UInt16
    private let listener: Int32
    private let failureSlot = Lock<String?>(nil)

    /// Why the server could not be reached, once that is known.
    var failure: String? { failureSlot.withLock { $0 } }

    /// Listens, and starts the thread that carries the bytes.
    init?(to host: String, port target: UInt16, for operation: GitOperation) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        guard isBound else {
            close(listener)
            return nil
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let slot = failureSlot
        let work = ThreadWork { relay(listener, host, target, operation) { why in slot.withLock { $0 = why } } }
        guard work.start() else {
            close(listener)
            return nil
        }
    }
}

/// Accepts one connection, connects on, and copies both ways until an end, the deadline or a cancellation.
private func relay(
    _ listener: Int32, _ host: String, _ port: UInt16, _ operation: GitOperation, _ fail: (String) -> Void
) {
    guard waitFor(listener, Int16(POLLIN), operation) else {
        close(listener)
        return
    }
    let near = accept(listener, nil, nil)
    close(listener)
    guard near >= 0 else { return }
    _ = fcntl(near, F_SETFD, FD_CLOEXEC)
    _ = fcntl(near, F_SETFL, O_NONBLOCK)
    defer { close(near) }
    guard let far = connectOut(host, port, operation, fail) else { return }
    defer { close(far) }
    var toFar = Pipe(from: near, to: far)
    var toNear = Pipe(from: far, to: near)
    while !(toFar.isOver && toNear.isOver) {
        guard operation.interruption == nil else { return }
        // A side that nothing is wanted of is left out: a hang-up there would wake this loop again and again.
        var polls = [(near, toFar.wantsInput | toNear.wantsOutput), (far, toNear.wantsInput | toFar.wantsOutput)].map {
            pollfd(fd: $0.1 == 0 ? -1 : $0.0, events: $0.1, revents: 0)
        }
        let count = poll(&polls, 2, Int32(max(1, min(100, operation.millisecondsLeft))))
        if count < 0, errno != EINTR { return }
        guard toFar.move(), toNear.move() else { return }
        // A side that hung up without anything left to copy is over, whatever the other still wants.
        if polls.contains(where: { $0.revents & Int16(POLLERR | POLLNVAL) != 0 }) { return }
    }
}

/// One direction, with at most one buffer of bytes under way.
private struct Pipe {
    private let source: Int32
    private let sink: Int32
    private var bytes = [UInt8](repeating: 0, count: 64 << 10)
    private var pending = 0..<0
    private var sourceEnded = false
    private(set) var isOver = false

    init(from source: Int32, to sink: Int32) {
        self.source = source
        self.sink = sink
    }

    var wantsInput: Int16 { pending.isEmpty && !sourceEnded ? Int16(POLLIN) : 0 }
    var wantsOutput: Int16 { pending.isEmpty ? 0 : Int16(POLLOUT) }

    /// Copies what can be copied without waiting; false when the connection broke.
    mutating func move() -> Bool {
        if isOver { return true }
        if pending.isEmpty, !sourceEnded {
            let count = bytes.withUnsafeMutableBytes { recv(source, $0.baseAddress, $0.count, 0) }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            sourceEnded = count == 0
            pending = 0..<count
        }
        while !pending.isEmpty {
            let count = bytes[pending].withUnsafeBytes { send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            pending = (pending.lowerBound + count)..<pending.upperBound
        }
        if sourceEnded {
            shutdown(sink, Int32(SHUT_WR))
            isOver = true
        }
        return true
    }
}

/// A non-blocking connection to the first address that answers.
private func connectOut(_ host: String, _ port: UInt16, _ operation: GitOperation, _ fail: (String) -> Void) -> Int32? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    guard code == 0 else {
        fail("host \(host) cannot be resolved: \(String(cString: gai_strerror(code)))")
        return nil
    }
    defer { freeaddrinfo(found) }
    var why = "host \(host) has no address"
    var next = found
    while let entry = next?.pointee {
        next = entry.ai_next
        let out = socket(
            entry.ai_family, entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            entry.ai_protocol)
        guard out >= 0 else { continue }
        if connect(out, entry.ai_addr, entry.ai_addrlen) != 0 {
            guard errno == EINPROGRESS, waitFor(out, Int16(POLLOUT), operation) else {
                why = "no connection to port \(port)"
                close(out)
                continue
            }
            var problem: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(out, SOL_SOCKET, SO_ERROR, &problem, &size)
            guard problem == 0 else {
                why = "port \(port) refused the connection"
                close(out)
                continue
            }
        }
        return out
    }
    fail(why)
    return nil
}

private func waitFor(_ descriptor: Int32, _ events: Int16, _ operation: GitOperation) -> Bool {
    while operation.interruption == nil {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        if poll(&entry, 1, Int32(max(1, min(100, operation.millisecondsLeft)))) > 0 { return true }
    }
    return false
}
