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
    init(_ trace: ArchivedTrace) {
        let ids = Set(trace.spans.map(\.record.spanID))
        let roots = trace.spans.filter { $0.record.parentSpanID == nil }
        traceID = trace.id
        name =
            trace.spans.reversed().lazy.compactMap {
                $0.record.attributes.text(for: AttributeKey.traceName)
            }.first ?? (roots.first ?? trace.spans.first)?.record.name ?? ""
        startNanoseconds = trace.spans.map(\.record.startNanoseconds).min() ?? 0
        endNanoseconds =
            trace.spans.map { max($0.record.startNanoseconds, $0.record.endNanoseconds) }.max() ?? 0
        spanCount = trace.spans.count
        errorCount = trace.spans.count { $0.record.status.code == .error }
        rootCount = roots.count
        orphanCount = trace.spans.count { span in
            span.record.parentSpanID.map { !ids.contains($0) } ?? false
        }
        services = Set(trace.spans.map { $0.resource.serviceName ?? "" }).sorted()
    }

    private enum Field {
        static let name = 1
        static let start = 2
        static let end = 3
        static let spanCount = 4
        static let errorCount = 5
        static let rootCount = 6
        static let orphanCount = 7
        static let service = 8
    }

    func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.string(Field.name, name)
        writer.fixed64(Field.start, startNanoseconds)
        writer.fixed64(Field.end, endNanoseconds)
        writer.uint64(Field.spanCount, UInt64(spanCount))
        writer.uint64(Field.errorCount, UInt64(errorCount))
        writer.uint64(Field.rootCount, UInt64(rootCount))
        writer.uint64(Field.orphanCount, UInt64(orphanCount))
        for service in services { writer.string(Field.service, service) }
        return writer.bytes
    }

    init(traceID: TraceID, decoding bytes: [UInt8]) throws(FormatError) {
        var (name, services) = ("", [String]())
        var numbers: [Int: UInt64] = [:]
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch field.number {
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
