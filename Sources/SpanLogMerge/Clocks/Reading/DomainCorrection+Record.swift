internal import SpanLogFormat

extension DomainCorrection {
    /// Corrects all times of a span.
    ///
    /// - Parameter seal: When its block was sealed, or `nil` if unknown.
    /// - Returns: What was done.
    func correct(_ record: inout SpanRecord, _ seal: BlockSeal?) -> SpanClock {
        let (recorded, end) = (record.startNanoseconds, record.endNanoseconds)
        let shift = line.shift(start: recorded, end: end, seal)
        let times = corrected(start: recorded, end: end, shift)
        record.startNanoseconds = times.startNanoseconds
        record.endNanoseconds = times.endNanoseconds
        // The recorder takes them from the same clock as the span's end.
        for index in record.events.indices where record.events[index].nanoseconds != 0 {
            let unstepped = ClockTime.moved(
                record.events[index].nanoseconds, by: shift.nanoseconds)
            record.events[index].nanoseconds = ClockTime.moved(
                unstepped, by: offset(at: unstepped))
        }
        let offset = ClockTime.clamped(Int128(times.startNanoseconds) - Int128(recorded))
        return SpanClock(
            method: method, offsetNanoseconds: offset,
            boundNanoseconds: times.boundNanoseconds,
            start: .init(
                unstepped: ClockTime.moved(recorded, by: shift.nanoseconds), domain: domain,
                ambiguityNanoseconds: shift.ambiguityNanoseconds))
    }
}
