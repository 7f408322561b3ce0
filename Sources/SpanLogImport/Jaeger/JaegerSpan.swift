internal import SpanLogFormat
internal import SpanLogJSON

/// A span as Jaeger has it, in OTLP by OpenTelemetry's rules.
struct JaegerSpan {
    private(set) var record = SpanRecord(
        traceID: TraceID(high: 0, low: 0), spanID: SpanID(0), name: "", startNanoseconds: 0,
        endNanoseconds: 0)
    /// The name of its process in the trace.
    private(set) var processID: String?
    /// The resource, where the span has its process with it.
    private(set) var process: [Attribute]?
    private(set) var scope: InstrumentationScope

    private var references: [JaegerReference] = []
    private var warnings: [AttributeValue] = []
    private var durationNanoseconds: UInt64 = 0

    /// Reads one.
    init(_ reader: inout JSONReader) throws(JSONFault) {
        var none: [Attribute] = []
        scope = InstrumentationScope(taking: &none)
        let start = reader.position
        var members = try reader.object()
        while let index = try reader.next(&members, of: Self.names) { try take(index, &reader) }
        let (end, isTooLate) = record.startNanoseconds.addingReportingOverflow(durationNanoseconds)
        guard !isTooLate else { throw JSONFault(start, "the span ends after all time") }
        record.endNanoseconds = end
        scope = InstrumentationScope(taking: &record.attributes)
        setParent()
        setKindAndStatus()
        // What Jaeger found wrong with the span has no place in OTLP.
        guard !warnings.isEmpty else { return }
        record.attributes.append(Attribute("jaeger.warnings", .array(warnings)))
    }

    private static let names = JSONNames([
        "traceID", "spanID", "parentSpanID", "operationName", "references", "flags", "startTime",
        "duration", "tags", "logs", "processID", "process", "warnings",
    ])

    private mutating func take(_ index: Int, _ reader: inout JSONReader) throws(JSONFault) {
        switch index {
        case 0: record.traceID = try reader.traceID()
        case 1: record.spanID = try reader.spanID()
        case 2:
            let parent = try reader.spanID()
            record.parentSpanID = parent.isValid ? parent : nil
        case 3: record.name = try reader.text()
        case 4: references = try JaegerReference.list(&reader)
        // Of Jaeger's flags, W3C has the first alone: whether the span is sampled.
        case 5: record.flags = UInt32(truncatingIfNeeded: try reader.count() & 1)
        case 6: record.startNanoseconds = try reader.microseconds()
        case 7: durationNanoseconds = try reader.microseconds()
        case 8: record.attributes += try JaegerTags.attributes(&reader)
        case 9: record.events = try Self.events(&reader)
        case 10: processID = try reader.text()
        case 11: process = try JaegerProcess.resource(&reader)
        default: try takeWarnings(&reader)
        }
    }

    private mutating func takeWarnings(_ reader: inout JSONReader) throws(JSONFault) {
        var elements = try reader.array()
        while try reader.hasNext(&elements) { warnings.append(try reader.plainValue()) }
    }

    /// The logs of a span.
    private static func events(_ reader: inout JSONReader) throws(JSONFault) -> [SpanRecord.Event] {
        var events: [SpanRecord.Event] = []
        var elements = try reader.array()
        while try reader.hasNext(&elements) {
            var event = SpanRecord.Event(name: "", nanoseconds: 0)
            var members = try reader.object()
            while let name = try reader.next(&members) {
                switch logNames.index(of: name, in: reader.bytes) {
                case 0: event.nanoseconds = try reader.microseconds()
                case 1: event.attributes = try JaegerTags.attributes(&reader)
                default: try reader.skip()
                }
            }
            event.name = event.attributes.takeText("event") ?? ""
            events.append(event)
        }
        return events
    }

    private static let logNames = JSONNames(["timestamp", "fields"])
}

extension JaegerSpan {
    /// The parent is the first reference within the trace that says child, or else the last one that
    /// says follower; all other references are links.
    private mutating func setParent() {
        let own = references.filter { $0.traceID == record.traceID && $0.spanID.isValid }
        let parent = own.first { !$0.isFollower } ?? own.last
        if let parent { record.parentSpanID = parent.spanID }
        record.links = references.compactMap { reference in
            guard reference != parent || reference.isFollower else { return nil }
            return reference.link
        }
    }

    private mutating func setKindAndStatus() {
        if let name = record.attributes.text(for: "span.kind"),
            let kind = SpanRecord.Kind(name: name)
        {
            _ = record.attributes.take("span.kind")
            record.kind = kind
        }
        record.status = TagStatus.jaeger(taking: &record.attributes, record.kind)
        record.traceState = record.attributes.takeText("w3c.tracestate") ?? ""
    }
}
