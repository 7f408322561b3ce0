import Foundation
import SpanLog
import SpanLogFormat
import SpanLogStore

/// What a recorder wrote, read back from its store.
struct Recording {
    let spans: [SpanRecord]
    let resource: Resource

    /// Records what `body` does into a store of its own, and reads it.
    init(
        _ configuration: Recorder.Configuration = .init(serviceName: "test", environment: [:]),
        _ body: (SpanLogTracer) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "spanlog-test-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = configuration
        configuration.directory = directory.path()
        let recorder = try Recorder(configuration)
        try await body(recorder.tracer)
        try await recorder.shutdown()
        self = try Self(directory.path())
    }

    /// Reads the store at `path`.
    init(_ path: String) throws {
        var spans: [SpanRecord] = []
        var resource = Resource()
        let damages = try Store(path).forEachBlock { block, _ in
            resource = try TracesData.firstResource(in: block.bytes, block.payload) ?? resource
            try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                spans.append(try SpanRecord(decoding: block.bytes, place.span))
            }
        }
        guard damages.isEmpty else { throw FormatError("\(damages)") }
        self.spans = spans
        self.resource = resource
    }

    /// The span with this name, if there is exactly one.
    subscript(name: String) -> SpanRecord? {
        let found = spans.filter { $0.name == name }
        return found.count == 1 ? found[0] : nil
    }
}

struct TestError: Error, CustomStringConvertible {
    let description: String
}
