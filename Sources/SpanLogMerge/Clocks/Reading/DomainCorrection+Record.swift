internal import SpanLogFormat

extension DomainCorrection {
    /// Corrects all times of a span.
    ///
    /// - Parameter sealed: When its block was sealed; see ``corrected(start:end:sealed:)``.
    /// - Returns: What was done.
    func correct(_ record: inout SpanRecord, sealed: UInt64?) -> SpanClock {
        let (recorded, end) = (record.startNanoseconds, record.endNanoseconds)
        let shift = line.shift(start: recorded, end: end == 0 ? nil : end, sealed: sealed)
        let times = corrected(start: recorded, end: end, sealed: sealed)
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
            domain: domain, method: method, offsetNanoseconds: offset,
            boundNanoseconds: times.boundNanoseconds,
            start: .init(
                unstepped: ClockTime.moved(recorded, by: shift.nanoseconds), domain: domain,
                ambiguityNanoseconds: shift.ambiguityNanoseconds))
    }
}
