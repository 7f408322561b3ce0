import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowTokenUsageTests {
    @Test func `calls are added up, and what a span above has included is not`() {
        let trace = Sample.trace(
            Sample.span(1),
            Self.span(2, parent: 1, #"{"input_tokens":1,"output_tokens":2,"total_tokens":3}"#),
            Sample.span(3, parent: 2),
            Self.span(4, parent: 3, #"{"input_tokens":1,"output_tokens":2,"total_tokens":3}"#),
            Self.span(
                5, parent: 99,
                #"{"input_tokens":10,"total_tokens":10,"cache_read_input_tokens":4}"#))
        #expect(
            MLflowTokenUsage.total(of: trace.spans) == """
                {"input_tokens": 11, "output_tokens": 2, "total_tokens": 13, \
                "cache_read_input_tokens": 4}
                """)
    }

    @Test func `a trace without usage has none`() {
        #expect(MLflowTokenUsage.total(of: Sample.trace(Sample.span(1)).spans) == nil)
    }

    @Test(arguments: ["", "5", "[]", #"{"input_tokens":"many","total_tokens":1.5}"#])
    func `what is no count is not counted`(usage: String) {
        let total = MLflowTokenUsage.total(of: [Self.span(1, parent: nil, usage)])
        #expect(
            [nil, #"{"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}"#].contains(total))
    }

    private static func span(_ id: UInt64, parent: UInt64?, _ usage: String) -> ArchivedSpan {
        Sample.span(id, parent: parent) {
            $0.attributes = [Attribute("mlflow.chat.tokenUsage", .string(usage))]
        }
    }
}
