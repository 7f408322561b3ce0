import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowTraceValuesTests {
    /// A span that says something, at a time of its own or when it starts.
    private func span(
        _ id: UInt64, _ key: String, _ value: String, at time: Int64? = nil, start: UInt64 = 0,
        parent: UInt64? = 1
    ) -> ArchivedSpan {
        Sample.span(id, parent: parent) {
            $0.startNanoseconds = Sample.start + start
            $0.attributes = [Attribute(key, .string(value))]
            if let time {
                $0.attributes.append(Attribute("spanlog.said_at.\(key)", .int(time)))
            }
        }
    }

    private func note(_ id: UInt64, _ attributes: Attribute...) -> ArchivedSpan {
        Sample.span(id) {
            $0.name = "spanlog.note"
            $0.attributes = attributes
        }
    }

    @Test(arguments: ["spanlog.trace.client_request_id", "session.id", "mlflow.traceTag.a"])
    func `who said it last wins, on whatever host and in whatever order`(key: String) {
        let now = Int64(Sample.start)
        let spans = [
            span(1, key, "at the start", parent: nil), span(2, key, "last", at: now + 500),
            span(3, key, "late, but said early", at: now + 400, start: 900),
            span(4, key, "from baggage", at: 0, start: 1000),
        ]
        for order in [spans, spans.reversed()] {
            let info = Sample.info(ArchivedTrace(id: Sample.traceID, spans: order))
            let found = [
                info.clientRequestID, info.metadata["mlflow.trace.session"], info.tags["a"],
            ]
            #expect(found.compactMap(\.self) == ["last"])
        }
    }

    @Test func `what came in baggage counts if nobody says anything else`() {
        let trace = Sample.trace(Sample.span(1), span(2, "session.id", "s", at: 0))
        #expect(Sample.info(trace).metadata["mlflow.trace.session"] == "s")
    }

    @Test func `everything that is said of a trace is in the call that stores it`() throws {
        let trace = Sample.trace(
            Sample.span(1),
            Sample.span(2, parent: 1) {
                $0.attributes = [
                    Attribute("spanlog.trace.client_request_id", .string("r-1")),
                    Attribute("spanlog.trace.request_preview", .string("question")),
                    Attribute("spanlog.trace.response_preview", .string("answer")),
                    Attribute("spanlog.trace.state", .string("IN_PROGRESS")),
                    Attribute("spanlog.trace.metadata.version", .string("7")),
                    Attribute("spanlog.trace.metadata.mlflow.modelId", .string("m-1")),
                    Attribute("spanlog.trace.metadata.mlflow.trace.sizeStats", .string("lies")),
                ]
            })
        let info = Sample.info(trace)
        #expect(info.clientRequestID == "r-1" && info.state == .inProgress)
        #expect(info.requestPreview == "question" && info.responsePreview == "answer")
        #expect(info.metadata["version"] == "7" && info.metadata["mlflow.modelId"] == "m-1")
        let body = String(
            decoding: try info.body(experimentID: "1", spanSizes: [1, 1]), as: UTF8.self)
        #expect(body.contains(#""client_request_id":"r-1""#))
        #expect(body.contains(#""state":"IN_PROGRESS""#) && !body.contains("lies"))
    }

    @Test func `what cannot be told to MLflow is named, with the reason`() {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.attributes = [
                    Attribute("spanlog.trace.assessment.a-1", .string("{}")),
                    .tag("mlflow.trace.spansLocation", "nowhere"), .tag("mine", "kept"),
                ]
            })
        let info = Sample.info(trace)
        #expect(info.tags["mlflow.trace.spansLocation"] == nil)
        #expect(
            info.metadata["spanlog.left_out"] == """
                assessment a-1, which is none of SpanLog's or nests too deep; \
                tag mlflow.trace.spansLocation, in which MLflow keeps books
                """)
        let long = Sample.trace(
            Sample.span(1) {
                $0.attributes = (0..<9).map { .tag("mlflow.\($0)", "nowhere") }
            })
        #expect(Sample.info(long).metadata["spanlog.left_out"]?.count == 250)
    }

    @Test func `a state that MLflow has not is none`() {
        let trace = Sample.trace(Sample.span(1), span(2, "spanlog.trace.state", "FINE"))
        #expect(Sample.info(trace).state == .ok)
    }

    @Test func `what is for the export is no attribute in MLflow`() {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.attributes = [
                    Attribute("spanlog.trace.state", .string("OK")),
                    Attribute("session.id", .string("s")),
                    Attribute("spanlog.said_at.session.id", .int(1)),
                    Attribute("spanlog.stream.end", .string("abandoned")),
                ]
            })
        let keys = Sample.exported(trace).attributes.map(\.key)
        #expect(keys.contains("session.id") && keys.contains("spanlog.stream.end"))
        #expect(!keys.contains { $0.hasPrefix("spanlog.trace.") })
        #expect(!keys.contains { $0.hasPrefix("spanlog.said_at.") })
    }

    @Test func `a note speaks for the trace, and is none of its spans`() throws {
        let archived = Sample.trace(
            note(9, Attribute("mlflow.traceTag.mlflow.traceName", .string("late"))),
            Sample.span(1) { $0.startNanoseconds += 1 })
        let trace = try #require(MLflowTrace(archived))
        #expect(trace.spans.map(\.id) == [SpanID(1)])
        #expect(trace.info.tags["mlflow.traceName"] == "late")
        #expect(trace.info.state == .ok)
    }

    @Test func `a trace of which there are only notes is counted, and not sent`() async throws {
        let server = FakeServer()
        let key = "mlflow.traceTag.mlflow.traceName"
        var source = SampleSource(traceCount: 1, spanCount: 1)
        source.traces.append(Sample.trace(note(9, Attribute(key, .string("late")))))
        let result = try await MLflowExporter(server.client, toExperiment: "e").export(source)
        #expect(result.traceCount == 1 && result.traceWithoutSpansCount == 1)
        #expect(server.spanCounts == [1])
    }
}
