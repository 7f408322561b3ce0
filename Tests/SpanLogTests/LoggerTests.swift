import Logging
import SpanLog
import Testing

@Suite struct LoggerTests {
    @Test func `a log line names the span that it was written in`() async throws {
        _ = try await Recording { tracer in
            tracer.withSpan("span") { span in
                #expect(
                    Logger.MetadataProvider.spanLog.get() == [
                        "trace_id": "\(span.identity.traceID)",
                        "span_id": "\(span.identity.spanID)",
                    ])
            }
            #expect(Logger.MetadataProvider.spanLog.get().isEmpty)
        }
    }
}
