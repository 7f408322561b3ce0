import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowTraceInfoTests {
    @Test func `the body says what MLflow's SDK would say`() throws {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.name = "root"
                $0.attributes = [
                    Attribute("mlflow.spanInputs", .string("{\"q\":1}")),
                    Attribute("mlflow.spanOutputs", .string("\"a/b\"")),
                    Attribute("user.id", .string("u")),
                ]
            },
            Sample.span(2, parent: 1, recorder: 2) {
                $0.status.code = .error
                $0.attributes = [
                    Attribute("session.id", .string("s")),
                    Attribute("mlflow.traceTag.team", .string("swift")),
                ]
            })
        let body = try Sample.info(trace).body(experimentID: "6", spanSizes: [100, 50])
        #expect(
            String(decoding: body, as: UTF8.self) == """
                {"trace":{"trace_info":{"execution_duration":"0.001s","request_preview":"{\\"q\\": 1}",\
                "request_time":"2023-11-14T22:13:20.123Z","response_preview":"\\"a/b\\"","state":"OK",\
                "tags":{"mlflow.traceName":"root","team":"swift"},\
                "trace_id":"tr-000000000000000a000000000000000b",\
                "trace_location":{"mlflow_experiment":{"experiment_id":"6"},"type":"MLFLOW_EXPERIMENT"},\
                "trace_metadata":{"mlflow.source.name":"service 1","mlflow.source.type":"LOCAL",\
                "mlflow.trace.session":"s","mlflow.trace.sizeBytes":"150",\
                "mlflow.trace.sizeStats":"{\\"total_size_bytes\\": 150, \\"num_spans\\": 2, \
                \\"max\\": 100, \\"p25\\": 62, \\"p50\\": 75, \\"p75\\": 87}",\
                "mlflow.trace.user":"u","mlflow.traceInputs":"{\\"q\\": 1}",\
                "mlflow.traceOutputs":"\\"a/b\\"","mlflow.trace_schema.version":"3"}}}}
                """)
    }

    @Test func `the first root speaks for the trace`() {
        let trace = Sample.trace(
            Sample.span(2, parent: 9), Sample.span(3) { $0.name = "main" },
            Sample.span(4) {
                $0.name = "other"
                $0.status.code = .error
            })
        let info = Sample.info(trace)
        #expect(info.tags["mlflow.traceName"] == "main")
        #expect(info.state == .ok)
    }

    @Test func `a trace without a root is an error over all of its time`() {
        let trace = Sample.trace(
            Sample.span(2, parent: 1) { $0.name = "first" },
            Sample.span(3, parent: 2) { $0.endNanoseconds += 6_000_000 })
        let info = Sample.info(trace)
        #expect(info.state == .error)
        #expect(info.durationMilliseconds == 7)
        #expect(info.tags["mlflow.traceName"] == "first")
        #expect(info.requestPreview == nil)
    }

    @Test func `an unfinished root is an error`() {
        #expect(Sample.info(Sample.trace(Sample.span(1) { $0.endNanoseconds = 0 })).state == .error)
    }

    @Test func `long values are cut as MLflow's columns are`() {
        let long = String(repeating: "é", count: 9000)
        let trace = Sample.trace(
            Sample.span(1) {
                $0.name = long
                $0.attributes = [
                    Attribute("session.id", .string(long)), Attribute("user.id", .string(long)),
                    Attribute("mlflow.spanInputs", .string("\"\(long)\"")),
                    Attribute("mlflow.traceTag.\(long)", .string(long)),
                ]
            })
        let info = Sample.info(trace)
        #expect(info.metadata["mlflow.trace.session"]?.count == 250)
        #expect(info.metadata["mlflow.trace.user"]?.count == 250)
        #expect(info.metadata["mlflow.traceInputs"]?.count == 250)
        #expect(info.metadata["mlflow.traceInputs"]?.hasSuffix("é...") == true)
        #expect(info.tags["mlflow.traceName"]?.count == 4096)
        #expect(info.tags[String(repeating: "é", count: 250)]?.count == 4096)
        #expect(info.requestPreview?.count == 1000)
    }

    @Test func `the session that was said last wins`() {
        let trace = Sample.trace(
            Sample.span(1) { $0.attributes = [Attribute("session.id", .string("old"))] },
            Sample.span(2, parent: 1) { $0.attributes = [Attribute("session.id", .string("new"))] },
            Sample.span(3, parent: 1) { $0.attributes = [Attribute("session.id", .string(""))] })
        #expect(Sample.info(trace).metadata["mlflow.trace.session"] == "new")
    }
}
