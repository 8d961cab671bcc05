import ArgumentParser

/// Why a command cannot do what it was asked for, in one line.
struct CommandError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

extension ParsableArguments {
    /// Runs a command's work; what goes wrong is said on standard error and ends with exit code 2: it could not be found out.
    func reporting(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let code as ExitCode {
            throw code
        } catch let error as ValidationError {
            throw error
        } catch {
            Terminal.complain("error: \(error)")
            throw ExitCode(2)
        }
    }
}
