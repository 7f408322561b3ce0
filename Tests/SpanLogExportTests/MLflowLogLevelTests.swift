import SpanLogFormat
import Testing

@testable import SpanLogExport

@Suite struct MLflowLogLevelTests {
    private func level(_ change: (inout SpanRecord) -> Void) -> AttributeValue? {
        Sample.exported(Sample.trace(Sample.span(1) { change(&$0) })).attributes
            .value(for: "mlflow.spanLogLevel")
    }

    @Test(
        arguments: [
            ("LLM", 20), ("CHAT_MODEL", 20), ("TOOL", 20), ("RETRIEVER", 20), ("AGENT", 20),
            ("EMBEDDING", 20), ("CHAIN", 10), ("PARSER", 10), ("MINE", 10), (nil, 10),
        ] as [(String?, Int64)])
    func `a span without a level has that of its type`(type: String?, number: Int64) {
        let level = level { record in
            if let type { record.attributes = [Attribute("mlflow.spanType", .string(type))] }
        }
        #expect(level == .int(number))
    }

    @Test(arguments: [(10, 40), (40, 40), (50, 50), (7, 40)] as [(Int64, Int64)])
    func `an exception raises a level, and never lowers it`(set: Int64, number: Int64) {
        let level = level { record in
            record.attributes = [Attribute("mlflow.spanLogLevel", .int(set))]
            record.events = [.init(name: "exception", nanoseconds: Sample.start)]
        }
        #expect(level == .int(number))
    }

    @Test func `a level that was set stays, unless MLflow has none such`() {
        let key = "mlflow.spanLogLevel"
        #expect(level { $0.attributes = [Attribute(key, .int(30))] } == .int(30))
        #expect(level { $0.attributes = [Attribute(key, .int(31))] } == .int(10))
        #expect(level { $0.attributes = [Attribute(key, .string("x"))] } == .int(10))
    }
}
