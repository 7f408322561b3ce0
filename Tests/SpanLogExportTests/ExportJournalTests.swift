import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogExport

@Suite(.scratchDirectory) struct ExportJournalTests {
    private let path = Scratch.path("archive.export-journal")

    private func export(
        _ source: SampleSource, omitting omission: ExportJournal.Omission = .nothing,
        to server: FakeServer = FakeServer(), experiment: String = "e"
    ) async throws -> MLflowExportResult {
        var options = MLflowExporter.Options()
        options.connectionCount = 1
        options.spansPerRequestMax = 2
        let exporter = MLflowExporter(server.client, toExperiment: experiment, options: options)
        let journal = ExportJournal(path, omitting: omission)
        return try await exporter.export(source, journal: journal)
    }

    private func traces(_ server: FakeServer) -> [UInt64] {
        server.requests.flatMap(\.spans).map(\.trace.low)
    }

    @Test func `what was delivered before is left out, and what changed since is not`()
        async throws
    {
        var source = SampleSource(traceCount: 3, spanCount: 1)
        _ = try await export(source)
        let same = try await export(source, omitting: .deliveredBefore)
        #expect(same.traceCount == 0 && same.deliveredBeforeCount == 3)

        source.traces[1] = source.traces[1].changed { $0.name = "another" }
        source.traces += SampleSource(traceCount: 4, spanCount: 1).traces.suffix(1)
        let server = FakeServer()
        let result = try await export(source, omitting: .deliveredBefore, to: server)
        #expect(traces(server) == [2, 4])
        #expect(result.traceCount == 2 && result.deliveredBeforeCount == 2)
    }

    @Test func `an interrupted export goes on where it was, however often it is interrupted`()
        async throws
    {
        let source = SampleSource(traceCount: 9, spanCount: 1)
        for _ in 0..<2 {
            let failing = FakeServer { request, count in
                count > 6 ? FakeServer.error(403, "PERMISSION_DENIED", "no") : nil
            }
            await #expect(throws: ExportError.self) {
                try await export(source, omitting: .deliveredByInterruptedExport, to: failing)
            }
        }
        let server = FakeServer()
        let result = try await export(
            source, omitting: .deliveredByInterruptedExport, to: server)
        #expect(result.deliveredBeforeCount > 0 && result.traceCount > 0)
        #expect(result.deliveredBeforeCount + result.traceCount == 9)
        #expect(Set(traces(server)).count == result.traceCount)
        // That one came to its end: there is nothing to go on with.
        let again = try await export(source, omitting: .deliveredByInterruptedExport)
        #expect(again.traceCount == 9)
    }

    @Test func `what went elsewhere or was refused counts as not delivered`() async throws {
        let source = SampleSource(traceCount: 2, spanCount: 1)
        let refusing = FakeServer { request, _ in
            request.spans.contains { $0.trace.low == 1 }
                ? FakeServer.json(422, "{\"detail\":\"no\"}") : nil
        }
        _ = try await export(source, to: refusing)
        let server = FakeServer()
        _ = try await export(source, omitting: .deliveredBefore, to: server)
        #expect(traces(server) == [1])
        let elsewhere = FakeServer { request, _ in
            request.path.contains("get-by-name")
                ? FakeServer.json(200, "{\"experiment\":{\"experiment_id\":\"8\"}}") : nil
        }
        _ = try await export(source, omitting: .deliveredBefore, to: elsewhere)
        #expect(traces(elsewhere) == [1, 2])
    }

    @Test func `lines that are cut off or no lines of a journal count as not there`() async throws {
        let source = SampleSource(traceCount: 3, spanCount: 1)
        _ = try await export(source)
        var content = try Data(contentsOf: URL(fileURLWithPath: path))
        let isComplete = Data("{\"is_complete\":true}\n".utf8)
        content.removeLast(isComplete.count + 20)
        content.append(Data("\u{0}\u{FF}{}\n[]\n{\"trace\":7".utf8))
        try content.write(to: URL(fileURLWithPath: path))
        let result = try await export(source, omitting: .deliveredBefore)
        #expect(result.deliveredBeforeCount == 2 && result.traceCount == 1)
    }

    @Test func `without a place for it, the error names the journal and a remedy`() async throws {
        let exporter = MLflowExporter(FakeServer().client, toExperiment: "e")
        let nowhere = Scratch.path("missing/journal")
        let error = await #expect(throws: ExportError.self) {
            try await exporter.export(
                SampleSource(traceCount: 1, spanCount: 1), journal: ExportJournal(nowhere))
        }
        #expect(error?.code.description == "journalUnavailable")
        #expect(error?.message.contains(nowhere) == true)
        #expect(error?.message.contains("Name another file") == true)
    }
}
