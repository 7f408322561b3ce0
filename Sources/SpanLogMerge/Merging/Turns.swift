import Dispatch
import Synchronization

/// Lets threads that work side by side hand in their results in order.
///
/// Who is ready before its turn may leave its result to those in front of it, and go on.
final class Turns<Result: Sendable>: Sendable {
    private let gates: [DispatchSemaphore]
    private let leftMax: Int
    private let state = Mutex(State())

    private struct State {
        var next = 0
        var left: [Int: Result] = [:]
    }

    /// - Parameter leftMax: How many results may be left to others at a time.
    init(count: Int, leftMax: Int = 0) {
        gates = (0...count).map { _ in DispatchSemaphore(value: 0) }
        gates[0].signal()
        self.leftMax = leftMax
    }

    /// The turn of `number`, which has to be ended whatever happens.
    func turn(_ number: Int) -> Turn { Turn(number, of: self) }

    /// Leaves the result of `number` to others.
    ///
    /// - Returns: Whether it was left. It is not if it is its turn, or many are left already.
    private func leave(_ result: Result, of number: Int) -> Bool {
        state.withLock { state in
            guard state.next != number, state.left.count < leftMax else { return false }
            state.left[number] = result
            return true
        }
    }

    private func wait(for number: Int) { gates[number].wait() }

    /// Ends the turn of `number`, and those after it whose results were left.
    private func end(_ number: Int, _ take: (Result) -> Void) {
        var next = number + 1
        while let result = pass(to: next) {
            take(result)
            next += 1
        }
        gates[next].signal()
    }

    private func pass(to number: Int) -> Result? {
        state.withLock { state in
            state.next = number
            return state.left.removeValue(forKey: number)
        }
    }

    /// One thread's turn.
    final class Turn {
        private let number: Int
        private let turns: Turns
        private var isTaken = false
        private var isLeft = false

        fileprivate init(_ number: Int, of turns: Turns) {
            self.number = number
            self.turns = turns
        }

        /// Waits until all turns before this one have ended.
        func wait() {
            guard !isTaken else { return }
            turns.wait(for: number)
            isTaken = true
        }

        /// - Returns: Whether the result was left to others.
        private func leave(_ result: Result) -> Bool {
            isLeft = turns.leave(result, of: number)
            return isLeft
        }

        /// Leaves the only result of the turn to others, or takes it in its turn.
        func handIn(_ result: Result, _ take: (Result) throws -> Void) rethrows {
            guard !leave(result) else { return }
            wait()
            try take(result)
        }

        /// Lets the next one pass.
        ///
        /// - Parameter take: Called with the results that others have left, in order.
        func end(_ take: (Result) -> Void) {
            guard !isLeft else { return }
            wait()
            turns.end(number, take)
        }
    }
}
