import SpanLogFormat

/// When the spans of a trace began and ended by each clock that timed them, so that a summary can be
/// corrected without its spans.
struct ClockRanges {
    /// By domain.
    private(set) var ranges: [ClockRange] = []

    /// Forgets everything but the memory.
    mutating func removeAll() { ranges.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func add(_ domain: Int32, start: UInt64, end: UInt64) {
        for index in ranges.indices where ranges[index].domain == domain {
            ranges[index].start = min(ranges[index].start, start)
            ranges[index].end = max(ranges[index].end, end)
            return
        }
        let place = ranges.firstIndex { $0.domain > domain } ?? ranges.count
        ranges.insert(ClockRange(domain: domain, start: start, end: end), at: place)
    }

    mutating func formUnion(_ other: ClockRanges) {
        for range in other.ranges { add(range.domain, start: range.start, end: range.end) }
    }

    /// The clock that timed all of the trace, if it was one.
    var isOne: Bool { ranges.count <= 1 }

    /// Appends the ranges to a summary that says from when to when the trace went uncorrected.
    func encode(from start: UInt64, to end: UInt64, into writer: inout ProtobufWriter) {
        for range in ranges where range.domain >= 0 {
            range.encode(from: start, to: end, into: &writer)
        }
    }
}
