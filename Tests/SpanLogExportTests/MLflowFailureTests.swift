import SpanLogFormat
import Synchronization
import Testing

@testable import SpanLogExport

@Suite struct MLflowFailureTests {
    @Test(arguments: [502, 503, 504, 429, 408])
    func `a busy server is asked again, more and more slowly`(status: Int) async throws {
        let server = FakeServer { request, count in
            request.path == "/v1/traces" && count < 5 ? ExportResponse(status: status) : nil
        }
        let result = try await Self.export(to: server)
        #expect(result.refusals.isEmpty)
        #expect(server.spanCounts == [2, 2, 2, 2])
        let pauses = server.pauses
        #expect(pauses.count == 3)
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `a server may say when to come back`() async throws {
        let server = FakeServer { request, count in
            guard request.path == "/v1/traces", count == 2 else { return nil }
            return ExportResponse(status: 503, headers: ["retry-after": "7"])
        }
        try await Self.export(to: server)
        #expect(server.pauses == [.seconds(7)])
    }

    @Test(arguments: [
        ExportTransportError.Kind.connectionLost, .cannotConnect, .timedOut, .unknownHost, .other,
        .proxyFailed,
    ])
    func `a lost connection is made again`(kind: ExportTransportError.Kind) async throws {
        let server = FakeServer { request, count in
            if request.path == "/v1/traces", count < 4 { throw ExportTransportError(kind, "gone") }
            return nil
        }
        let result = try await Self.export(to: server)
        #expect(result.traceCount == 1)
        #expect(server.spanCounts == [2, 2, 2])
    }

    @Test func `a server that stays away stops the export`() async {
        let server = FakeServer { request, _ in
            if request.path == "/v1/traces" {
                throw ExportTransportError(.cannotConnect, "refused")
            }
            return nil
        }
        await Self.expect(.noServer, saying: "(refused)", from: server)
        #expect(server.spanCounts.count == MLflowPatience.delivery.attemptMax)
    }

    @Test func `a server that fails now and then is asked again`() async throws {
        let server = FakeServer { request, count in
            request.path == "/v1/traces" && count == 2 ? ExportResponse(status: 500) : nil
        }
        let result = try await Self.export(to: server)
        #expect(result.refusals.isEmpty)
    }

    @Test func `a server that fails at everything stops the export`() async {
        let server = FakeServer { request, _ in
            request.path == "/v1/traces"
                ? FakeServer.error(500, "INTERNAL_ERROR", "disk full") : nil
        }
        await Self.expect(
            .serverFailed, saying: "disk full", from: server,
            SampleSource(traceCount: 100, spanCount: 2))
        #expect(server.requests.count < 60)
    }

    @Test(arguments: [
        (FakeServer.error(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment"), "No Experiment")
    ])
    func `an experiment that vanishes stops the export`(
        response: ExportResponse, words: String
    ) async {
        let server = FakeServer { request, _ in request.path == "/v1/traces" ? response : nil }
        await Self.expect(.experimentUnavailable, saying: words, from: server)
        #expect(server.spanCounts == [2])
    }

    @Test(arguments: [
        (404, "<html><head><title>x</title></head><body><p>Not here</p></body></html>", "Not here"),
        (200, "<html>welcome</html>", "welcome"), (405, "", "HTTP 405"), (302, "", "redirects"),
        (501, "{\"detail\":\"REST OTLP span logging is not supported\"}", "not supported"),
    ])
    func `another kind of server is recognized`(status: Int, body: String, words: String) async {
        let server = FakeServer { _, _ in FakeServer.json(status, body) }
        await Self.expect(.wrongServer, saying: words, from: server)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [401, 403, 407])
    func `a server that lets nobody in is understood`(status: Int) async {
        let server = FakeServer { _, _ in FakeServer.json(status, "who are you?") }
        await Self.expect(.authenticationRefused, saying: "who are you?", from: server)
        #expect(server.requests.count == 1)
    }

    @Test func `an unreachable address is reported soon`() async {
        let server = FakeServer { _, _ in throw ExportTransportError(.cannotConnect, "refused") }
        await Self.expect(.noServer, saying: "Check the tracking URI", from: server)
        #expect(server.requests.count == MLflowPatience.firstContact.attemptMax)
        #expect(server.pauses.reduce(.zero, +) < .seconds(1))
    }

    @Test func `a deleted experiment is not written to`() async {
        let server = FakeServer { request, _ in
            FakeServer.json(
                200, "{\"experiment\":{\"experiment_id\":\"9\",\"lifecycle_stage\":\"deleted\"}}")
        }
        await Self.expect(.experimentUnavailable, saying: "restore --experiment-id 9", from: server)
    }

    @Test func `an experiment is created if there is none`() async throws {
        let server = FakeServer { request, _ in
            switch request.path {
            case let path where path.contains("get-by-name"):
                FakeServer.error(404, "RESOURCE_DOES_NOT_EXIST", "none")
            case "/api/2.0/mlflow/experiments/create":
                FakeServer.json(200, "{\"experiment_id\":\"12\"}")
            default: nil
            }
        }
        #expect(try await Self.export(to: server).experimentID == "12")
        #expect(server.requests[1].body == "{\"name\":\"e\"}")
    }

    @Test func `an experiment that someone else creates meanwhile is taken`() async throws {
        let server = FakeServer { request, count in
            switch count {
            case 1: FakeServer.error(404, "RESOURCE_DOES_NOT_EXIST", "none")
            case 2: FakeServer.error(400, "RESOURCE_ALREADY_EXISTS", "taken")
            default: nil
            }
        }
        #expect(try await Self.export(to: server).experimentID == "7")
    }

    @Test func `an experiment's name may be refused`() async {
        let server = FakeServer { request, count in
            count == 1
                ? FakeServer.error(404, "RESOURCE_DOES_NOT_EXIST", "none")
                : FakeServer.error(400, "INVALID_PARAMETER_VALUE", "too long")
        }
        await Self.expect(.experimentUnavailable, saying: "too long", from: server)
    }

    @Test func `a span that a proxy finds too large is named`() async throws {
        let server = FakeServer { request, _ in
            let isTooLarge = request.spans.contains { $0.id == SpanID(2) }
            return isTooLarge ? ExportResponse(status: 413) : nil
        }
        let result = try await Self.export(to: server)
        #expect(result.refusals.map(\.spanID) == [SpanID(2)])
        #expect(result.refusals.map(\.reason) == ["HTTP 413"])
    }

    @discardableResult
    private static func export(
        to server: FakeServer, _ source: SampleSource = SampleSource(traceCount: 1, spanCount: 2)
    ) async throws -> MLflowExportResult {
        try await MLflowExporter(server.client, toExperiment: "e").export(source)
    }

    private static func expect(
        _ code: ExportError.Code, saying words: String, from server: FakeServer,
        _ source: SampleSource = SampleSource(traceCount: 1, spanCount: 2),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: ExportError.self, sourceLocation: sourceLocation) {
            try await export(to: server, source)
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        let message = error?.message ?? ""
        #expect(message.contains(words), "\(message)", sourceLocation: sourceLocation)
    }
}
