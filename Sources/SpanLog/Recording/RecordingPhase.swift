internal import Glibc
internal import Synchronization

/// Whether a span is recording, and whether a thread is at its state: one word for both.
///
/// A `Mutex` costs two locked instructions each time and this costs one, which is a tenth of a span
/// with four attributes. It suits because changes take nanoseconds and threads hardly ever meet in
/// one span; who meets another one waits asleep, so that a thread of lower priority can finish.
struct RecordingPhase: ~Copyable, Sendable {
    private let phase: Atomic<UInt8>

    private static let over: UInt8 = 0
    private static let idle: UInt8 = 1
    private static let busy: UInt8 = 2

    init(isRecording: Bool) {
        phase = Atomic(isRecording ? Self.idle : Self.over)
    }

    /// Whether the span is recording.
    var isRecording: Bool { phase.load(ordering: .acquiring) != Self.over }

    /// Keeps other threads out of the span's state, if it is recording.
    ///
    /// - Returns: Whether it is. Then ``leave()`` must follow.
    @inline(__always)
    func enter() -> Bool { exchangeIdle(for: Self.busy) }

    /// Lets other threads in again.
    @inline(__always)
    func leave() { phase.store(Self.idle, ordering: .releasing) }

    /// Keeps other threads out for good.
    ///
    /// - Returns: Whether the span was recording. Then what it holds is the caller's.
    @inline(__always)
    func end() -> Bool { exchangeIdle(for: Self.over) }

    @inline(__always)
    private func exchangeIdle(for new: UInt8) -> Bool {
        while true {
            let (isDone, found) = phase.compareExchange(
                expected: Self.idle, desired: new,
                successOrdering: .acquiring, failureOrdering: .acquiring)
            if isDone { return true }
            if found == Self.over { return false }
            waitWhileBusy()
        }
    }

    @inline(never)
    private func waitWhileBusy() {
        for _ in 0..<Self.glanceCount where phase.load(ordering: .relaxed) != Self.busy {
            return
        }
        usleep(Self.napMicroseconds)
    }

    /// Together about as long as a change takes.
    private static let glanceCount = 100
    private static let napMicroseconds: UInt32 = 20
}
