import Dispatch

/// Lets threads that work side by side hand in their results in order.
struct Turns: Sendable {
    private let gates: [DispatchSemaphore]

    init(count: Int) {
        gates = (0...count).map { _ in DispatchSemaphore(value: 0) }
        gates[0].signal()
    }

    /// The turn of `number`, which has to be ended whatever happens.
    func turn(_ number: Int) -> Turn { Turn(gate: gates[number], next: gates[number + 1]) }

    /// One thread's turn.
    final class Turn {
        private let gate: DispatchSemaphore
        private let next: DispatchSemaphore
        private var isTaken = false

        fileprivate init(gate: DispatchSemaphore, next: DispatchSemaphore) {
            self.gate = gate
            self.next = next
        }

        /// Waits until all turns before this one have ended.
        func wait() {
            guard !isTaken else { return }
            gate.wait()
            isTaken = true
        }

        /// Lets the next one pass.
        func end() {
            wait()
            next.signal()
        }
    }
}
