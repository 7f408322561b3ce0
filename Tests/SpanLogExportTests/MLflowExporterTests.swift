import SpanLogFormat
import SpanLogMerge
import Synchronization
import Testing

@testable import SpanLogExport

@Suite struct MLflowExporterTests {
    @Test func `whole traces go together, then each is described`() async throws {
        let server = FakeServer()
        let result = try await Self.export(SampleSource(traceCount: 3, spanCount: 4), to: server)
        #expect(
            server.requests.map(\.path) == [
                "/api/2.0/mlflow/experiments/get-by-name?experiment_name=e%20%26",
                "/v1/traces", "/api/3.0/mlflow/traces", "/api/3.0/mlflow/traces",
                "/api/3.0/mlflow/traces",
            ])
        let spans = try #require(server.requests.dropFirst().first)
        #expect(spans.headers["x-mlflow-experiment-id"] == "7")
        #expect(spans.headers["Content-Type"] == "application/x-protobuf")
        #expect(spans.spans.map(\.id.value) == [2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1])
        #expect(server.requests.last?.body.contains("\\\"num_spans\\\": 4") == true)
        #expect(result.traceCount == 3)
        #expect(result.spanCount == 12)
        #expect(result.experimentID == "7")
    }

    @Test func `a request holds as many whole traces as fit`() async throws {
        let server = FakeServer()
        let source = SampleSource(traceCount: 7, spanCount: 4)
        try await Self.export(source, to: server) { $0.spansPerRequestMax = 10 }
        #expect(server.spanCounts == [8, 8, 8, 4])
    }

    @Test func `a request stays below the limit of bytes, unless a span is larger`() async throws {
        let server = FakeServer()
        let source = SampleSource(traceCount: 3, spanCount: 2)
        try await Self.export(source, to: server) { $0.bytesPerRequestMax = 1 }
        #expect(server.spanCounts == [1, 1, 1, 1, 1, 1])
    }

    @Test func `a trace too large for a request comes in parts, its root last`() async throws {
        let server = FakeServer()
        let source = SampleSource(traceCount: 1, spanCount: 25)
        try await Self.export(source, to: server) { $0.spansPerRequestMax = 10 }
        #expect(server.spanCounts == [10, 10, 5])
        #expect(server.requests.flatMap(\.spans).last?.id == SpanID(1))
        #expect(server.requests.last?.body.contains("\\\"num_spans\\\": 25") == true)
    }

    @Test func `a refused span is found and named, and the others are stored`() async throws {
        let bad = TraceID(high: 1, low: 3)
        let server = FakeServer { request, _ in
            let isRefused = request.spans.contains { $0.trace == bad && $0.id == SpanID(2) }
            return isRefused ? FakeServer.json(422, "{\"detail\":\"Cannot convert\"}") : nil
        }
        let result = try await Self.export(SampleSource(traceCount: 4, spanCount: 4), to: server)
        #expect(
            result.refusals.map(\.description) == [
                "trace \(bad), span 0000000000000002: HTTP 422: Cannot convert"
            ])
        #expect(result.traceCount == 3)
        #expect(result.spanCount == 15)
        #expect(server.spanCounts == [16, 8, 8, 4, 2, 1, 1, 2, 4])
        let described = server.requests.filter { $0.path == "/api/3.0/mlflow/traces" }
        #expect(described.count == 4)
        #expect(described.count { $0.body.contains("\\\"num_spans\\\": 3") } == 1)
    }

    @Test func `a trace that is refused as a whole is not searched to its end`() async throws {
        let bad = TraceID(high: 1, low: 1)
        let server = FakeServer { request, _ in
            guard request.spans.contains(where: { $0.trace == bad }) else { return nil }
            return FakeServer.error(500, "INVALID_STATE", "archived")
        }
        let result = try await Self.export(SampleSource(traceCount: 2, spanCount: 400), to: server)
        #expect(result.refusals.map(\.description) == ["trace \(bad): HTTP 500: archived"])
        #expect(server.requests.count < 40)
        #expect(server.requests.count { $0.path == "/api/3.0/mlflow/traces" } == 1)
        #expect(server.pauses.isEmpty)
    }

    @Test func `what a description is refused for is said`() async throws {
        let server = FakeServer { request, _ in
            request.path == "/api/3.0/mlflow/traces"
                ? FakeServer.error(400, "INVALID_PARAMETER_VALUE", "no") : nil
        }
        let result = try await Self.export(SampleSource(traceCount: 1, spanCount: 2), to: server)
        #expect(result.refusals.map(\.reason) == ["HTTP 400: no"])
        #expect(result.traceCount == 0)
        #expect(result.spanCount == 2)
    }

    @Test func `progress counts every span once`() async throws {
        let steps = Mutex<[Int]>([])
        let exporter = MLflowExporter(FakeServer().client, toExperiment: "e")
        _ = try await exporter.export(SampleSource(traceCount: 5, spanCount: 3)) { done, total in
            #expect(total == 15)
            steps.withLock { $0.append(done) }
        }
        #expect(steps.withLock { $0 } == [3, 6, 9, 12, 15])
    }

    @Test
    func `spans alone are sent if so asked, and a trace without a root is ended all the same`()
        async throws
    {
        var source = SampleSource(traceCount: 3, spanCount: 2)
        source.traces[1] = source.traces[1].changed { $0.parentSpanID = SpanID(99) }
        let server = FakeServer { request, _ in
            request.method == .get && request.path.hasPrefix("/api/3.0/mlflow/traces/")
                ? FakeServer.error(404, "RESOURCE_DOES_NOT_EXIST", "no trace") : nil
        }
        let result = try await Self.export(source, to: server) { $0.sendsSpansOnly = true }
        #expect(result.traceCount == 3 && result.refusals.isEmpty)
        let described = server.requests.filter { $0.path == "/api/3.0/mlflow/traces" }
        #expect(described.map { $0.body.contains("\(source.traces[1].id)") } == [true])
        #expect(described.map { $0.body.contains("\"spanlog.headless\":\"true\"") } == [true])
    }

    @Test func `a trace whose root somebody else brought is completed, and not overwritten`()
        async throws
    {
        var source = SampleSource(traceCount: 1, spanCount: 2)
        source.traces[0] = source.traces[0].changed { span in
            span.parentSpanID = SpanID(99)
            span.attributes.append(Attribute("mlflow.traceTag.team", .string("history")))
        }
        func requests(stored info: String) async throws -> [String] {
            let server = FakeServer { request, _ in
                request.method == .get && request.path.hasPrefix("/api/3.0/mlflow/traces/")
                    ? FakeServer.json(200, "{\"trace\":{\"trace_info\":\(info)}}") : nil
            }
            let result = try await Self.export(source, to: server)
            #expect(result.traceCount == 1 && result.refusals.isEmpty)
            return server.requests.dropFirst(2).map {
                "\($0.method.rawValue) \($0.path.split(separator: "/").last!) \($0.body.count < 99 ? $0.body : "")"
            }
        }
        let completed = [
            "POST traces ", "PATCH tags {\"key\":\"team\",\"value\":\"history\"}",
        ]
        let described = ["POST traces ", "POST traces "]
        #expect(try await requests(stored: "{\"state\":\"OK\"}") == completed)
        #expect(
            try await requests(stored: "{\"state\":\"ERROR\",\"trace_metadata\":{}}") == completed)
        // As an earlier export left it, or one that was interrupted.
        #expect(
            try await requests(
                stored: "{\"state\":\"ERROR\",\"trace_metadata\":{\"spanlog.headless\":\"true\"}}")
                == described)
        #expect(try await requests(stored: "{\"state\":\"IN_PROGRESS\"}") == described)
    }

    @Test func `assessments of a trace that somebody else brought are added once, and updated`()
        async throws
    {
        let stored = #"""
            {"kind":"feedback","name":"n","source":{"type":"CODE","id":"x"},"value":1,
             "rationale":"r","metadata":{"k":"v"}}
            """#
        var source = SampleSource(traceCount: 1, spanCount: 1)
        source.traces[0] = source.traces[0].changed { span in
            span.parentSpanID = SpanID(99)
            span.attributes = ["a-1", "a-2", "a-3"].map {
                Attribute("spanlog.trace.assessment.\($0)", .string(stored))
            }
        }
        let info = #"""
            {"state":"OK","assessments":[
                {"assessment_id":"a-1","feedback":{"value":1.0},"rationale":"r",
                 "metadata":{"k":"v","theirs":"too"}},
                {"assessment_id":"a-3","feedback":{"value":2},"rationale":"r",
                 "metadata":{"k":"w"}}]}
            """#
        let server = FakeServer { request, _ in
            request.method == .get && request.path.hasPrefix("/api/3.0/mlflow/traces/")
                ? FakeServer.json(200, "{\"trace\":{\"trace_info\":\(info)}}") : nil
        }
        try await Self.export(source, to: server)
        let sent = server.requests.filter { $0.path.contains("/assessments") }
        #expect(sent.map(\.method) == [.post, .patch])
        #expect(sent[0].body.hasPrefix(#"{"assessment":{"assessment_id":"a-2","#))
        #expect(sent[1].path.hasSuffix("/assessments/a-3"))
        #expect(sent[1].body.hasSuffix(#""valid":true},"update_mask":"feedback,metadata"}"#))
    }

    @Test func `only traces of the state that is asked for are sent`() async throws {
        var source = SampleSource(traceCount: 4, spanCount: 2)
        source.traces[2] = source.traces[2].changed { $0.endNanoseconds = 0 }
        for (state, ids) in [(MLflowState.error, [3]), (.ok, [1, 2, 4])] as [(_, [UInt64])] {
            let server = FakeServer()
            try await Self.export(source, to: server) { $0.state = state }
            #expect(Set(server.requests.flatMap(\.spans).map(\.trace.low)) == Set(ids))
        }
    }

    @Test func `a repeated export sends the same bytes`() async throws {
        let source = SampleSource(traceCount: 3, spanCount: 3)
        let (first, second) = (FakeServer(), FakeServer())
        try await Self.export(source, to: first)
        try await Self.export(source, to: second)
        #expect(first.requests.map(\.body) == second.requests.map(\.body))
    }

    @discardableResult
    static func export(
        _ source: SampleSource, to server: FakeServer,
        _ change: (inout MLflowExporter.Options) -> Void = { _ in }
    ) async throws -> MLflowExportResult {
        var options = MLflowExporter.Options()
        options.connectionCount = 1
        change(&options)
        let exporter = MLflowExporter(server.client, toExperiment: "e &", options: options)
        return try await exporter.export(source)
    }
}
