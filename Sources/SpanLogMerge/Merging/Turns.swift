import Dispatch

/// Lets threads that work side by side hand in their results in order.
struct Turns: Sendable {
    private let gates: [DispatchSemaphore]

    init(count: Int) {
        gates = (0...count).map { _ in DispatchSemaphore(value: 0) }
        gates[0].signal()
    }

    /// Waits for the turn of `number`, runs `body`, and lets the next one pass whatever happens.
    func take(_ number: Int, _ body: () throws -> Void) rethrows {
        gates[number].wait()
        defer { gates[number + 1].signal() }
        try body()
    }
}
