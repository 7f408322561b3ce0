public import SpanLogFormat

/// What a list of traces shows of one, without reading its spans.
public struct TraceSummary: Hashable, Sendable {
    /// The trace.
    public let traceID: TraceID
    /// The name that a span gave the trace, the one that started last if several did. Otherwise
    /// the name of the main root, which is the first of the spans without a parent, or of the
    /// first span if there is no root.
    public let name: String
    /// The least start of a span, corrected unless raw times were asked for, in nanoseconds since 1970.
    public let startNanoseconds: UInt64
    /// The greatest end of a span, in nanoseconds since 1970.
    public let endNanoseconds: UInt64
    /// The least start as it was recorded: what the index is sorted by.
    let recordedStartNanoseconds: UInt64
    /// The number of spans.
    public let spanCount: Int
    /// The number of spans that ended with an error.
    public let errorCount: Int
    /// The number of spans without a parent.
    public let rootCount: Int
    /// The number of spans whose parent is not in the archive.
    public let orphanCount: Int
    /// The services that took part, sorted.
    public let services: [String]

    /// Whether the trace has exactly one root, and the parent of every other span.
    public var isWhole: Bool { rootCount == 1 && orphanCount == 0 }
}

extension TraceSummary {
    enum Field {
        static let name = 1
        static let start = 2
        static let end = 3
        static let spanCount = 4
        static let errorCount = 5
        static let rootCount = 6
        static let orphanCount = 7
        static let service = 8
        static let traceID = 9
        static let clockRange = 10
        static let clockName = 11
    }

    /// - Parameter clocks: What corrects the times, or `nil` to leave them as they were recorded.
    init(
        decoding bytes: [UInt8], _ range: Range<Int>, _ clocks: ClockCorrections? = nil
    ) throws(FormatError) {
        var (name, services) = ("", [String]())
        var (ranges, names) = ([Range<Int>](), [Range<Int>]())
        var traceID = TraceID(high: 0, low: 0)
        var numbers: [Int: UInt64] = [:]
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.traceID: traceID = try reader.traceID(field.value)
            case Field.name: name = try reader.text(field.value)
            case Field.service: services.append(try reader.text(field.value))
            case Field.clockRange: ranges.append(try reader.range(field.value))
            case Field.clockName: names.append(try reader.range(field.value))
            default: numbers[field.number] = try reader.number(field.value)
            }
        }
        func count(_ field: Int) -> Int { Int(clamping: numbers[field] ?? 0) }
        self.traceID = traceID
        self.services = services
        let (start, end) = (numbers[Field.start] ?? 0, numbers[Field.end] ?? 0)
        recordedStartNanoseconds = start
        if let clocks, !ranges.isEmpty {
            let ranges = try ranges.map { range throws(FormatError) in
                try ClockRange(decoding: bytes, range, from: start, to: end)
            }
            startNanoseconds = ranges.map { clocks.corrected($0.start, in: $0.domain) }.min() ?? 0
            endNanoseconds = ranges.map { clocks.corrected($0.end, in: $0.domain) }.max() ?? 0
            let names = try names.map { range throws(FormatError) in
                try ClockName(decoding: bytes, range, from: start)
            }
            self.name = clocks.chosen(of: names) ?? name
        } else {
            (startNanoseconds, endNanoseconds) = (start, end)
            self.name = name
        }
        spanCount = count(Field.spanCount)
        errorCount = count(Field.errorCount)
        rootCount = count(Field.rootCount)
        orphanCount = count(Field.orphanCount)
    }
}
