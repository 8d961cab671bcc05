package import Logging

extension Logger {
    /// A logger that says nothing; the default of parts that are used alone.
    package static var silent: Logger { Logger(label: "sluice", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
