import Synchronization

/// The first error of several threads.
final class FirstFailure: Sendable {
    private let error = Mutex<(any Error)?>(nil)
    private let flag = Atomic(false)

    var isThere: Bool { flag.load(ordering: .relaxed) }

    func catching(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            self.error.withLock { if $0 == nil { $0 = error } }
            flag.store(true, ordering: .relaxed)
        }
    }

    func rethrow() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}
