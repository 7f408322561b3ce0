import SpanLogFormat
import Testing

@testable import SpanLogExport
@testable import SpanLogMerge

/// Spans of a host whose clock was found to be wrong.
@Suite struct MLflowClockTests {
    /// A span whose times are corrected already, by so many nanoseconds.
    private func span(
        _ id: UInt64, correctedBy offset: Int64, _ attributes: [Attribute]
    ) -> ArchivedSpan {
        let span = Sample.span(id, parent: id == 1 ? nil : 1) { $0.attributes = attributes }
        let domain = ClockDomain(instance: "host \(id)")
        let start = ClockCorrections.Moment(unstepped: Sample.start, domain: domain)
        return ArchivedSpan(
            record: span.record, resource: span.resource, recorderID: span.recorderID,
            clock: SpanClock(
                method: .bounded, offsetNanoseconds: offset, boundNanoseconds: 1,
                start: start))
    }

    @Test func `who said it last by corrected time wins, whatever its own clock said`() {
        func said(_ name: String, at time: Int64) -> [Attribute] {
            let key = "mlflow.traceTag.mlflow.traceName"
            return [
                Attribute(key, .string(name)),
                Attribute("spanlog.said_at.\(key)", .int(Int64(Sample.start) + time)),
            ]
        }
        // The first host's clock is an hour fast.
        let hour: Int64 = 3_600_000_000_000
        let trace = Sample.trace(
            span(1, correctedBy: -hour, said("early", at: hour + 100)),
            span(2, correctedBy: 0, said("late", at: 200)))
        #expect(Sample.info(trace).tags["mlflow.traceName"] == "late")
    }

    @Test func `fields of other instrumentation do not cost a span what is known of its clock`() {
        let trace = Sample.trace(
            span(1, correctedBy: 7, [Attribute("gen_ai.operation.name", .string("chat"))]))
        let attributes = Sample.exported(trace).attributes
        #expect(attributes.text(for: "mlflow.spanType") == "CHAT_MODEL")
        #expect(attributes.value(for: "clock.offset_ns") == .int(7))
    }
}
