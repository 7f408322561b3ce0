import Foundation
import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowAttachmentTests {
    private static let id = "00000000-0000-8000-8000-0000000000ff"

    private func note(_ number: UInt64, id: String = id, bytes: [UInt8]) -> ArchivedSpan {
        Sample.span(number, parent: 1) {
            $0.name = "spanlog.note"
            $0.attributes = [
                Attribute("spanlog.attachment.id", .string(id)),
                Attribute("spanlog.attachment.content_type", .string("image/png")),
                Attribute("spanlog.attachment.base64", .string(bytes.base64)),
            ]
        }
    }

    /// Exports a trace to a server that keeps files at `location`.
    private func export(
        _ spans: ArchivedSpan..., location: String?, status: Int = 200
    ) async throws -> (FakeServer, MLflowExportResult) {
        let tags = location.map { "\"mlflow.artifactLocation\":\"\($0)\"" } ?? ""
        let server = FakeServer { request, _ in
            if request.path == "/api/3.0/mlflow/traces" {
                return FakeServer.json(200, "{\"trace\":{\"trace_info\":{\"tags\":{\(tags)}}}}")
            }
            return request.method == .put ? FakeServer.json(status, "{}") : nil
        }
        var source = SampleSource(traceCount: 0, spanCount: 0)
        source.traces = [ArchivedTrace(id: Sample.traceID, spans: [Sample.span(1)] + spans)]
        return (server, try await MLflowExporter(server.client, toExperiment: "e").export(source))
    }

    @Test(arguments: ["mlflow-artifacts:/1/tr a/x", "mlflow-artifacts://host:1/1/tr a/x"])
    func `an attachment goes where the server keeps the trace's files, once`(location: String)
        async throws
    {
        let (server, result) = try await export(
            note(8, bytes: Array("picture".utf8)), note(9, bytes: Array("picture".utf8)),
            location: location)
        let puts = server.requests.filter { $0.method == .put }
        let place = "/api/2.0/mlflow-artifacts/artifacts/1/tr%20a/x/attachments"
        #expect(puts.map(\.path) == ["\(place)/\(Self.id)"])
        #expect(puts.map(\.body) == ["picture"])
        #expect(result.refusals.isEmpty && result.traceCount == 1 && result.spanCount == 1)
    }

    @Test(arguments: ["file:///srv/x", "s3://bucket/x", "mlflow-artifacts:/../x", nil])
    func `where the server does not take files, the trace is there and its refusal says why`(
        location: String?
    ) async throws {
        let (server, result) = try await export(note(8, bytes: [1]), location: location)
        #expect(!server.requests.contains { $0.method == .put })
        let refusal = try #require(result.refusals.first)
        #expect(refusal.description.contains("--serve-artifacts"))
        #expect(location.map(refusal.description.contains) != false)
        #expect(result.spanCount == 1)
    }

    @Test func `an attachment that the server refuses is named`() async throws {
        let (_, result) = try await export(
            note(8, bytes: [1]), location: "mlflow-artifacts:/1", status: 413)
        #expect(result.refusals.first?.description.contains(Self.id) == true)
    }

    @Test(arguments: ["../../etc/passwd", "", "00000000-0000-8000-8000-0000000000FF", "x"])
    func `an id that is no UUID in MLflow's form is no attachment`(id: String) async throws {
        let (server, result) = try await export(
            note(8, id: id, bytes: [1]), location: "mlflow-artifacts:/1")
        #expect(!server.requests.contains { $0.method == .put })
        #expect(result.refusals.isEmpty)
    }
}
