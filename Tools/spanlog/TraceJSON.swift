import FoundationEssentials
import SpanLogFormat
import SpanLogMerge

/// A trace as `show --json` prints it.
struct TraceJSON: Encodable {
    let traceId: String
    let spans: [Span]

    init(_ trace: ArchivedTrace, _ corrections: ClockCorrections) {
        traceId = trace.id.description
        let order = SpanOrder(trace, corrections)
        spans = trace.spans.indices.map { Span(trace.spans[$0], order.doubt(at: $0)) }
    }

    /// A trace in a list.
    struct Summary: Encodable {
        let traceId: String
        let name: String
        let startTimeUnixNano: UInt64
        let endTimeUnixNano: UInt64
        let spanCount: Int
        let errorCount: Int
        let rootCount: Int
        let orphanCount: Int
        let services: [String]

        init(_ summary: TraceSummary) {
            traceId = summary.traceID.description
            name = summary.name
            startTimeUnixNano = summary.startNanoseconds
            endTimeUnixNano = summary.endNanoseconds
            spanCount = summary.spanCount
            errorCount = summary.errorCount
            rootCount = summary.rootCount
            orphanCount = summary.orphanCount
            services = summary.services
        }
    }

    /// A span of the trace.
    struct Span: Encodable {
        let spanId: String
        let parentSpanId: String?
        let name: String
        let service: String
        let kind: String
        let startTimeUnixNano: UInt64
        let endTimeUnixNano: UInt64
        let status: String
        let statusMessage: String?
        let attributes: [String: AttributeJSON]
        let events: [Event]
        let links: [Link]
        let recorderId: String
        let clock: Clock?
        let orderDoubt: Doubt?

        init(_ span: ArchivedSpan, _ doubt: SpanOrder.Doubt?) {
            let record = span.record
            spanId = record.spanID.description
            parentSpanId = record.parentSpanID?.description
            name = record.name
            service = span.resource.serviceName ?? ""
            kind = "\(record.kind)"
            startTimeUnixNano = record.startNanoseconds
            endTimeUnixNano = record.endNanoseconds
            status = "\(record.status.code)"
            statusMessage = record.status.message.isEmpty ? nil : record.status.message
            attributes = AttributeJSON.object(record.attributes)
            events = record.events.map(Event.init)
            links = record.links.map(Link.init)
            recorderId = span.recorderID.description
            clock = span.clock.map(Clock.init)
            orderDoubt = doubt.map(Doubt.init)
        }
    }

    /// How the times of a span were corrected.
    struct Clock: Encodable {
        let domain: String
        let method: String
        let offsetNs: Int64
        let boundNs: UInt64?

        init(_ clock: SpanClock) {
            domain = clock.domain.name
            method = clock.method.rawValue
            offsetNs = clock.offsetNanoseconds
            boundNs = clock.boundNanoseconds
        }
    }

    /// A span of another host that may have started before or after this one.
    struct Doubt: Encodable {
        let spanId: String
        /// How far off the difference of the starts may be.
        let uncertaintyNs: UInt64?

        init(_ doubt: SpanOrder.Doubt) {
            spanId = doubt.other.record.spanID.description
            uncertaintyNs = doubt.uncertaintyNanoseconds
        }
    }

    /// An event of a span.
    struct Event: Encodable {
        let name: String
        let timeUnixNano: UInt64
        let attributes: [String: AttributeJSON]

        init(_ event: SpanRecord.Event) {
            name = event.name
            timeUnixNano = event.nanoseconds
            attributes = AttributeJSON.object(event.attributes)
        }
    }

    /// A link of a span.
    struct Link: Encodable {
        let traceId: String
        let spanId: String
        let attributes: [String: AttributeJSON]

        init(_ link: SpanRecord.Link) {
            traceId = link.traceID.description
            spanId = link.spanID.description
            attributes = AttributeJSON.object(link.attributes)
        }
    }
}

/// The value of an attribute as JSON; bytes in base64.
struct AttributeJSON: Encodable {
    let value: AttributeValue

    static func object(_ attributes: [Attribute]) -> [String: AttributeJSON] {
        Dictionary(
            attributes.map { ($0.key, AttributeJSON(value: $0.value)) },
            uniquingKeysWith: { $1 })
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch value {
        case .empty: try container.encodeNil()
        case .string(let text): try container.encode(text)
        case .bool(let flag): try container.encode(flag)
        case .int(let number): try container.encode(number)
        case .double(let number): try container.encode(number)
        case .bytes(let bytes): try container.encode(Data(bytes).base64EncodedString())
        case .array(let values): try container.encode(values.map(AttributeJSON.init))
        case .map(let entries): try container.encode(Self.object(entries))
        }
    }
}
