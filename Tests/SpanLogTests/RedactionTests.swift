import Foundation
import SpanLog
import SpanLogFormat
import SpanLogStore
import Testing

@Suite struct RedactionTests {
    private static func redacting(
        _ hook: @escaping @Sendable (inout RedactableSpan) throws -> Void
    ) -> Recorder.Configuration {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        configuration.redact = hook
        return configuration
    }

    @Test func `the hook rewrites name, attributes, events and message before they are stored`()
        async throws
    {
        let configuration = Self.redacting { span in
            span.name += "!"
            span.attributes["secret"] = Int?.none
            span.attributes["kept"] = "new"
            span.events.removeAll { $0.name == "secret" }
            span.events[0].attributes["secret"] = Int?.none
            span.statusMessage = "hidden"
        }
        let recording = try await Recording(configuration) { tracer in
            let span = tracer.startSpan("span", context: .topLevel)
            span.setAttribute("secret", "s3cret")
            span.setAttribute("kept", "old")
            span.attributes["numbers"] = [Int64(1), 2]
            let instant = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 17)
            span.addEvent(SpanEvent(name: "secret"))
            span.addEvent(
                SpanEvent(name: "shown", at: instant, attributes: ["secret": 1, "open": 2]))
            span.setStatus(SpanStatus(code: .error, message: "s3cret"))
            span.end()
        }
        let span = try #require(recording["span!"])
        #expect(
            Set(span.attributes) == [
                Attribute("kept", .string("new")),
                Attribute("numbers", .array([.int(1), .int(2)])),
            ])
        #expect(span.events.map(\.name) == ["shown"])
        #expect(span.events[0].nanoseconds == 17)
        #expect(span.events[0].attributes == [Attribute("open", .int(2))])
        #expect(span.status == SpanRecord.Status(code: .error, message: "hidden"))
        #expect(span.endNanoseconds >= span.startNanoseconds)
    }

    @Test func `if the hook fails, the span is stored without its content, and counted`()
        async throws
    {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "spanlog-test-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var configuration = Self.redacting { _ in throw TestError(description: "no rule") }
        configuration.directory = directory
        let recorder = try Recorder(configuration)
        let span = recorder.tracer.startSpan("span", context: .topLevel)
        span.setAttribute("secret", "s3cret")
        span.addEvent(SpanEvent(name: "s3cret"))
        span.setStatus(SpanStatus(code: .error, message: "s3cret"))
        span.end()
        try await recorder.shutdown()

        let stored = try #require(try Recording(directory)["span"])
        #expect(stored.attributes.isEmpty && stored.droppedAttributesCount == 1)
        #expect(stored.events.isEmpty && stored.droppedEventsCount == 1)
        #expect(stored.status == SpanRecord.Status(code: .error))
        var failures: UInt64 = 0
        _ = try Store(directory).forEachBlock { block, _ in
            failures = max(failures, block.header.drops.redactionFailed)
        }
        #expect(failures == 1)
        #expect(recorder.droppedSpanCount == 0)
    }

    @Test func `what has not been redacted is in no file, neither of open nor of ended spans`()
        async throws
    {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "spanlog-test-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var configuration = Self.redacting { $0.attributes = [:] }
        configuration.directory = directory
        let recorder = try Recorder(configuration)
        let open = recorder.tracer.startSpan("open", context: .topLevel)
        open.setAttribute("key", "s3cret")
        open.attributes["other key"] = "s3cret"
        let ended = recorder.tracer.startSpan("ended", context: .topLevel)
        ended.setAttribute("key", "s3cret")
        ended.end()
        try await recorder.flush()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            let content = try Data(contentsOf: URL(filePath: directory + "/" + name))
            #expect(content.range(of: Data("s3cret".utf8)) == nil, "in \(name)")
        }
        open.end()
        try await recorder.shutdown()
        #expect(try Recording(directory).spans.allSatisfy { $0.attributes.isEmpty })
    }
}
