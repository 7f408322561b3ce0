internal import SpanLogStore

/// A moment of a span: when it was, and what the host's clocks said then.
struct SpanInstant {
    /// Nanoseconds since 1970.
    let nanoseconds: UInt64
    /// Nanoseconds since boot, and what was to be added to them for the wall clock; `nil` if the
    /// caller goes by a clock of its own, or speaks of another moment.
    private let reading: HostClock.Reading?

    /// No moment, for a span that records none.
    static let unknown = SpanInstant()

    private init() {
        nanoseconds = 0
        reading = nil
    }

    /// This moment.
    init(now clock: borrowing HostClock) {
        let reading = clock.read()
        nanoseconds = reading.boottime &+ reading.offset
        self.reading = reading
    }

    /// A moment that the caller has read from its clock.
    ///
    /// - Parameter isWallClock: Whether that is the wall clock, so that its steps can be undone.
    init(_ nanoseconds: UInt64, isWallClock: Bool, _ clock: borrowing HostClock) {
        self.nanoseconds = nanoseconds
        reading = isWallClock ? clock.read(whenWallClockSays: nanoseconds) : nil
    }

    /// The end of a span that started at `start`, in nanoseconds since 1970.
    ///
    /// The difference to the start is the time that passed by a clock that is never stepped, unless
    /// the caller goes by its own. It is never before the start.
    func nanoseconds(since start: SpanInstant) -> UInt64 {
        guard let reading, let startReading = start.reading else {
            return max(nanoseconds, start.nanoseconds)
        }
        // What the wall clock was set by in between is taken back.
        let end = nanoseconds &- (reading.offset &- startReading.offset)
        return max(end, start.nanoseconds)
    }
}
