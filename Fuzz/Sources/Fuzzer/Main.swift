import CFuzzer
import FuzzTargets
import Glibc

/// The target that this process fuzzes; set once, before the first call.
nonisolated(unsafe) private var target = FuzzTarget.json

/// What libFuzzer calls with each input.
///
/// Its own main refers to it by name, though ours is the one that runs.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    target.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// `Fuzzer TARGET [libFuzzer's options and corpus folders]`.
@main enum Main {
    static func main() {
        var arguments = CommandLine.arguments
        guard arguments.count > 1, let chosen = FuzzTarget(rawValue: arguments[1]) else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
            let usage = "usage: Fuzzer TARGET [options] [corpus]; targets: \(names)\n"
            _ = write(STDERR_FILENO, usage, usage.utf8.count)
            exit(64)
        }
        target = chosen
        arguments.remove(at: 1)
        var count = Int32(arguments.count)
        // libFuzzer keeps the arguments for its whole life, which is that of the process.
        let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { copies[index] = strdup(argument) }
        copies[arguments.count] = nil
        var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = copies
        exit(LLVMFuzzerRunDriver(&count, &values, testOneInput))
    }
}
