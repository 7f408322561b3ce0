import SpanLogFormat

/// When the spans of a trace began and ended by each clock that timed them, so that a summary can be
/// corrected without its spans.
struct ClockRanges {
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
        ranges.append(ClockRange(domain: domain, start: start, end: end))
    }

    mutating func formUnion(_ other: ClockRanges) {
        for range in other.ranges { add(range.domain, start: range.start, end: range.end) }
    }

    /// The clock that timed all of the trace, if it was one.
    var isOne: Bool { ranges.count <= 1 }

    /// Appends the ranges to a summary that says from when to when the trace went uncorrected.
    func encode(from start: UInt64, to end: UInt64, into writer: inout ProtobufWriter) {
        for range in ranges.sorted(by: { $0.domain < $1.domain }) where range.domain >= 0 {
            range.encode(from: start, to: end, into: &writer)
        }
    }
}

/// When spans of one clock domain began and ended, on its unstepped line.
struct ClockRange: Hashable, Sendable {
    /// The number of the domain.
    var domain: Int32
    var start: UInt64
    var end: UInt64

    private enum Field {
        static let domain = 1
        static let start = 2
        static let end = 3
    }

    /// Most fields are absent most of the time: that of the first domain, and of a domain's clock that
    /// timed the start or the end of the trace.
    fileprivate func encode(
        from start: UInt64, to end: UInt64, into writer: inout ProtobufWriter
    ) {
        writer.message(TraceSummary.Field.clockRange) { writer in
            if domain != 0 { writer.uint64(Field.domain, UInt64(domain)) }
            let starts = Int64(bitPattern: self.start &- start)
            if starts != 0 { writer.uint64(Field.start, ZigZag.encoded(starts)) }
            let ends = Int64(bitPattern: self.end &- end)
            if ends != 0 { writer.uint64(Field.end, ZigZag.encoded(ends)) }
        }
    }

    init(domain: Int32, start: UInt64, end: UInt64) {
        (self.domain, self.start, self.end) = (domain, start, end)
    }

    /// Reads a range of a summary; its times are differences to those of the summary.
    init(
        decoding bytes: [UInt8], _ range: Range<Int>, from start: UInt64, to end: UInt64
    ) throws(FormatError) {
        self.init(domain: 0, start: start, end: end)
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            let number = try reader.number(field.value)
            let difference = UInt64(bitPattern: ZigZag.decoded(number))
            switch field.number {
            case Field.domain: domain = Int32(clamping: number)
            case Field.start: self.start = start &+ difference
            case Field.end: self.end = end &+ difference
            default: break
            }
        }
    }
}
