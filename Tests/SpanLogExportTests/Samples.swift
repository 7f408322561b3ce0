import SpanLogFormat
import SpanLogMerge

@testable import SpanLogExport

/// Traces made by hand.
enum Sample {
    static let traceID = TraceID(high: 0xA, low: 0xB)
    static let start: UInt64 = 1_700_000_000_123_456_789

    static func recorder(_ number: UInt8 = 1) -> RecorderID {
        RecorderID(bytes: [UInt8](repeating: number, count: RecorderID.byteCount))!
    }

    /// A span of a millisecond, recorded by the service of `recorder`.
    static func span(
        _ id: UInt64, parent: UInt64? = nil, recorder: UInt8 = 1, trace: TraceID = traceID,
        clock: SpanClock? = nil, _ change: (inout SpanRecord) -> Void = { _ in }
    ) -> ArchivedSpan {
        var record = SpanRecord(
            traceID: trace, spanID: SpanID(id), parentSpanID: parent.map { SpanID($0) },
            name: "span \(id)", startNanoseconds: start, endNanoseconds: start + 1_000_000)
        record.kind = .internal
        change(&record)
        return ArchivedSpan(
            record: record, resource: resource(recorder), recorderID: self.recorder(recorder),
            clock: clock)
    }

    /// A clock that was corrected by so much.
    static func clock(
        _ method: ClockMethod, offset: Int64 = 0, bound: UInt64? = nil
    ) -> SpanClock {
        SpanClock(
            method: method, offsetNanoseconds: offset, boundNanoseconds: bound,
            start: .init(unstepped: start, domain: ClockDomain(name: "boot:\(offset)")))
    }

    static func resource(_ number: UInt8) -> Resource {
        Resource(attributes: [
            Attribute("service.name", .string("service \(number)")),
            Attribute("host.name", .string("host")), Attribute("process.pid", .int(Int64(number))),
            Attribute("service.version", .string("1.2")),
            Attribute("telemetry.sdk.name", .string("spanlog")),
        ])
    }

    static func trace(_ spans: ArchivedSpan..., id: TraceID = traceID) -> ArchivedTrace {
        ArchivedTrace(id: id, spans: spans)
    }

    /// The record that MLflow is told for the span at `index`.
    static func exported(_ trace: ArchivedTrace, at index: Int = 0) -> SpanRecord {
        let (trace, context) = prepared(trace)
        return MLflowSpan.record(at: index, of: trace, context)
    }

    static func info(_ trace: ArchivedTrace) -> MLflowTraceInfo {
        let (trace, context) = prepared(trace)
        return MLflowTraceInfo(trace, context)
    }

    private static func prepared(_ trace: ArchivedTrace) -> (ArchivedTrace, MLflowTraceContext) {
        let spans = trace.withoutNotes.withGenAIFields
        return (spans, MLflowTraceContext(spans, MLflowTraceValues(trace)))
    }
}

/// Traces in memory.
struct SampleSource: TraceSource {
    var traces: [ArchivedTrace]
    var spanCount: UInt64 { UInt64(traces.reduce(0) { $0 + $1.spans.count }) }

    /// So many traces of so many spans each.
    init(traceCount: Int, spanCount: Int) {
        traces = (0..<traceCount).map { number in
            let id = TraceID(high: 1, low: UInt64(number + 1))
            let spans = (1...spanCount).map {
                Sample.span(UInt64($0), parent: $0 == 1 ? nil : 1, trace: id)
            }
            return ArchivedTrace(id: id, spans: spans)
        }
    }

    func forEachTrace(_ body: (ArchivedTrace) async throws -> Void) async throws {
        for trace in traces { try await body(trace) }
    }
}

extension ArchivedTrace {
    /// The trace with each of its spans changed.
    func changed(_ change: (inout SpanRecord) -> Void) -> ArchivedTrace {
        ArchivedTrace(
            id: id,
            spans: spans.map { span in
                var record = span.record
                change(&record)
                return ArchivedSpan(
                    record: record, resource: span.resource, recorderID: span.recorderID)
            })
    }
}
