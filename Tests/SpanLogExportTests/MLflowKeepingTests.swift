import Foundation
import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

/// MLflow 3.9 takes what is said of a trace for all there is, and fails where it has more.
@Suite struct MLflowKeepingTests {
    @Test func `a server that fails for it is told again what it has of a trace`() async throws {
        let server = Self.server { request, _ in !request.body.contains("\"theirs\":\"1\"") }
        let result = try await MLflowExporterTests.export(Self.source(traceCount: 1), to: server)
        #expect(result.refusals.isEmpty && result.traceCount == 1)
        let said = try #require(server.requests.last).body
        // Books that the server keeps are not for others to write.
        #expect(said.contains(#""tags":{"mlflow.traceName":"span 1","theirs":"1"}"#))
        #expect(said.contains(#""mlflow.trace.cost":"{}""#))
        #expect(said.contains(#""mlflow.trace.sizeBytes""#))
        // What it has added up may be what is sent for the second time.
        let usage = #"{\"input_tokens\": 3, \"output_tokens\": 4, \"total_tokens\": 7}"#
        #expect(said.contains(#""mlflow.trace.tokenUsage":"\#(usage)""#))
        let kept = #"{"assessment_id":"theirs","assessment_name":"n","feedback":{"value":true}}"#
        #expect(said.contains(#""feedback":{"value":1}"#))
        #expect(said.contains(kept + "]"))
        #expect(said.components(separatedBy: #""assessment_id":"a-1""#).count == 2)
    }

    @Test func `what is learnt of the server holds for the next trace`() async throws {
        let server = Self.server { request, _ in !request.body.contains("\"theirs\":\"1\"") }
        let result = try await MLflowExporterTests.export(Self.source(traceCount: 3), to: server)
        #expect(result.traceCount == 3)
        let steps = server.requests.dropFirst(2).map(\.method.rawValue)
        // The first failure might be a matter of chance.
        #expect(steps == ["POST", "POST", "GET", "POST", "GET", "POST", "GET", "POST"])
        #expect(server.pauses.count == 1)
    }

    @Test func `a server that fails once is not believed to be such a one`() async throws {
        let server = Self.server { _, count in count == 3 }
        try await MLflowExporterTests.export(Self.source(traceCount: 2), to: server)
        #expect(server.requests.allSatisfy { !$0.body.contains("theirs") })
    }

    @Test func `a server that fails at it all the same is not believed to be such a one`()
        async throws
    {
        let server = Self.server { request, _ in true }
        let result = try await MLflowExporterTests.export(Self.source(traceCount: 2), to: server)
        #expect(result.refusals.map(\.reason) == ["HTTP 500: Dependency rule"] * 2)
        let described = server.requests.filter { $0.path == "/api/3.0/mlflow/traces" }
        #expect(described.count { !$0.body.contains("theirs") } == 4)
    }

    @Test func `other servers add up by themselves, over the spans of others, too`() async throws {
        let server = FakeServer()
        try await MLflowExporterTests.export(Self.source(traceCount: 1), to: server)
        #expect(server.requests.last?.body.contains("tokenUsage") == false)
    }

    private static func server(
        _ fails: @escaping @Sendable (FakeServer.Request, Int) -> Bool
    ) -> FakeServer {
        let info = """
            {"tags":{"theirs":"1","mlflow.trace.spansLocation":"x","mlflow.artifactLocation":"y"},
             "trace_metadata":{"mlflow.trace.cost":"{}","mlflow.trace.sizeBytes":"0",
                               "mlflow.trace.tokenUsage":"twice"},
             "assessments":[{"assessment_id":"a-1","feedback":{"value":2}},
                {"assessment_id":"theirs","assessment_name":"n","feedback":{"value":true}}]}
            """
        return FakeServer { request, count in
            guard request.path.hasPrefix("/api/3.0/mlflow/traces") else { return nil }
            if request.method == .get {
                return FakeServer.json(200, "{\"trace\":{\"trace_info\":\(info)}}")
            }
            return fails(request, count)
                ? FakeServer.error(500, "INTERNAL_ERROR", "Dependency rule") : nil
        }
    }

    private static func source(traceCount: Int) -> SampleSource {
        let stored = #"{"kind":"feedback","name":"n","source":{"type":"CODE","id":"x"},"value":1}"#
        var source = SampleSource(traceCount: traceCount, spanCount: 1)
        source.traces = source.traces.map { trace in
            trace.changed { span in
                span.attributes = [
                    Attribute("spanlog.trace.assessment.a-1", .string(stored)),
                    Attribute(
                        "mlflow.chat.tokenUsage",
                        .string(#"{"input_tokens":3,"output_tokens":4,"total_tokens":7}"#)),
                ]
            }
        }
        return source
    }
}

private func * (array: [String], count: Int) -> [String] {
    (0..<count).flatMap { _ in array }
}
