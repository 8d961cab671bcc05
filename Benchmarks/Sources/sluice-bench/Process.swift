import Glibc

/// Numbers that the kernel keeps of this process.
enum ProcessNumbers {
    /// A row of `/proc/self/status`, in bytes.
    static func status(_ row: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(row + ":") { return (Int(text.filter(\.isNumber)) ?? 0) * 1_024 }
        }
        return 0
    }

    /// What is resident now, and the most that ever was.
    static var resident: Int { status("VmRSS") }
    static var peak: Int { status("VmHWM") }

    /// CPU time that this process has used, in seconds.
    static var cpu: Double { Double(clock()) / 1e6 }

    /// This program's file.
    static var program: String { (try? readLink("/proc/self/exe")) ?? CommandLine.arguments[0] }

    /// Runs a command, and prints what CPU time it took and how many objects it wrote.
    static func costs(_ command: String) {
        let count = popen("\(command) 2>/dev/null | grep -c '^kind:'", "r")
        var line = [CChar](repeating: 0, count: 64)
        var objects = 0.0
        if let count {
            _ = fgets(&line, Int32(line.count), count)
            pclose(count)
            objects = Double(atoi(line))
        }
        var usage = rusage()
        getrusage(RUSAGE_CHILDREN.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        report("cpu", seconds(usage.ru_utime) + seconds(usage.ru_stime))
        report("objects", objects)
        report("failed", objects == 0 ? 1 : 0)
    }

    /// The program that measures the whole controller, beside this one.
    static var fleetProgram: String { program + "-fleet" }

    /// The program that it measures, beside both.
    static var controllerProgram: String {
        (program.split(separator: "/", omittingEmptySubsequences: false).dropLast() + ["sluice"])
            .joined(separator: "/")
    }

    /// Runs this program again, or another, with other arguments, and gives the numbers that it prints, by name.
    static func child(_ arguments: [String], of other: String? = nil) -> [String: Double] {
        guard let pipe = popen(([other ?? program] + arguments).map { "'\($0)'" }.joined(separator: " "), "r") else {
            return [:]
        }
        defer { pclose(pipe) }
        var numbers: [String: Double] = [:]
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), pipe) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let parts = text.split(separator: " ")
            if parts.count == 2 { numbers[String(parts[0])] = Double(parts[1]) }
        }
        return numbers
    }

    private static func readLink(_ path: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Prints a number for the parent.
func report(_ name: String, _ value: Double) { print("\(name) \(value)") }
