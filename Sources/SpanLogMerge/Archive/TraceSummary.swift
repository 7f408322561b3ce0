public import SpanLogFormat

/// What a list of traces shows of one, without reading its spans.
public struct TraceSummary: Hashable, Sendable {
    /// The trace.
    public let traceID: TraceID
    /// The name that a span gave the trace, the one that started last if several did. Otherwise
    /// the name of the main root, which is the first of the spans without a parent, or of the
    /// first span if there is no root.
    public let name: String
    /// The least start of a span, in nanoseconds since 1970.
    public let startNanoseconds: UInt64
    /// The greatest end of a span, in nanoseconds since 1970.
    public let endNanoseconds: UInt64
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
    }

    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        var (name, services) = ("", [String]())
        var traceID = TraceID(high: 0, low: 0)
        var numbers: [Int: UInt64] = [:]
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.traceID: traceID = try reader.traceID(field.value)
            case Field.name: name = try reader.text(field.value)
            case Field.service: services.append(try reader.text(field.value))
            default: numbers[field.number] = try reader.number(field.value)
            }
        }
        func count(_ field: Int) -> Int { Int(clamping: numbers[field] ?? 0) }
        self.traceID = traceID
        self.name = name
        self.services = services
        startNanoseconds = numbers[Field.start] ?? 0
        endNanoseconds = numbers[Field.end] ?? 0
        spanCount = count(Field.spanCount)
        errorCount = count(Field.errorCount)
        rootCount = count(Field.rootCount)
        orphanCount = count(Field.orphanCount)
    }
}
