internal import SpanLogStore
internal import Tracing

/// A moment of a span: when the caller says it was, and what the host's clocks said then.
struct SpanInstant {
    /// Nanoseconds since 1970.
    let nanoseconds: UInt64
    /// The wall clock minus the clock since boot, which changes only when the wall clock is
    /// adjusted. `nil` if the caller goes by a clock of its own.
    private let offset: Int64?
    private let boottime: UInt64

    init<Instant: TracerInstant>(_ instant: Instant) {
        nanoseconds = instant.nanosecondsSinceEpoch
        guard Instant.self == DefaultTracerClock.Timestamp.self else {
            offset = nil
            boottime = 0
            return
        }
        boottime = Clocks.boottime()
        offset = Int64(bitPattern: Clocks.realtime() &- boottime)
    }

    /// The end of a span that started at `start`, in nanoseconds since 1970.
    ///
    /// Where the wall clock was stepped meanwhile, the step is taken back, so that the difference
    /// to the start is the time that passed. It is never before the start.
    func nanoseconds(since start: SpanInstant) -> UInt64 {
        guard let offset, let startOffset = start.offset else {
            return max(nanoseconds, start.nanoseconds)
        }
        let step = offset &- startOffset
        // Slewing changes a clock by at most 500 ppm (adjtimex(2)); what is more is a step.
        let slewMax = 1_000_000 + (boottime &- start.boottime) / 2_000
        let end = step.magnitude > slewMax ? nanoseconds &- UInt64(bitPattern: step) : nanoseconds
        return max(end, start.nanoseconds)
    }
}
