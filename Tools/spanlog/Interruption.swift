import Dispatch
import Glibc

/// Cleans up before the process ends because somebody asked it to (Ctrl-C, `kill`).
struct Interruption {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter message: What is said once `cleanUp` has run.
    init(
        _ cleanUp: @escaping @Sendable () -> Void,
        message: String = "Interrupted: nothing was left behind."
    ) {
        sources = [SIGINT, SIGTERM].map { number in
            // The default would end the process before anything here runs.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                cleanUp()
                StandardError.print("\n\(message)")
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    /// Gives the signals their usual effect back.
    func cancel() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
