/// How the times of a span were corrected.
public struct SpanClock: Hashable, Sendable {
    /// Whose clock the recorder went by.
    public let domain: ClockDomain
    /// How the correction came about.
    public let method: ClockMethod
    /// What was added to the recorded start, in nanoseconds.
    public let offsetNanoseconds: Int64
    /// How far off the corrected start may be against the archive's reference, in nanoseconds, or `nil`
    /// if nobody knows.
    public let boundNanoseconds: UInt64?
    /// The start on the unstepped line of the domain.
    public let start: ClockCorrections.Moment

    package init(
        method: ClockMethod, offsetNanoseconds: Int64, boundNanoseconds: UInt64?,
        start: ClockCorrections.Moment
    ) {
        domain = start.domain
        self.method = method
        self.offsetNanoseconds = offsetNanoseconds
        self.boundNanoseconds = boundNanoseconds
        self.start = start
    }

    /// A time of the span that is none of the record's, such as an attribute's, corrected.
    public func corrected(_ recorded: UInt64) -> UInt64 {
        ClockTime.moved(recorded, by: offsetNanoseconds)
    }
}
